//! Whose content a tree is: what a lock calls it is compared with what it calls itself.
//!
//! A digest says that bytes are those of an artifact, and not of which: a lock whose author put another package's digest in
//! a line is true to the digest.

use serde_json::Value;

use super::wheel::check_metadata;
use super::{Refusal, Staging, Trouble};
use crate::fs::{self, FsError};
use crate::model::{ArtifactKind, PackageKey, Version, parse_npm_version};
use crate::store::Tree;

/// Compares the content that was just unpacked with the package that it is to be, and notes that it is. A wheel's metadata
/// was compared before.
pub(in crate::fetch) fn check_unpacked(
    staging: &mut Staging<'_>,
    kind: ArtifactKind,
    package: &PackageKey,
) -> Result<Option<Refusal>, FsError> {
    if kind == ArtifactKind::Tarball
        && let Some(json) = staging.read(PACKAGE_JSON)?
        && let Err(trouble) = check_package_json(&json, package)
    {
        return Ok(Some(Refusal::entry(PACKAGE_JSON, trouble)));
    }
    staging.set_package(name_of(package));
    Ok(None)
}

/// Compares the content of a tree that the store had with the package that it is to be. Nothing is read where the tree was
/// unpacked as that package.
pub(in crate::fetch) fn check_tree(
    tree: &Tree,
    kind: ArtifactKind,
    package: &PackageKey,
) -> Result<Option<Refusal>, FsError> {
    if tree.is_known_as(&name_of(package)) {
        return Ok(None);
    }
    let (file, check): (&str, Check) = match kind {
        ArtifactKind::Tarball => (PACKAGE_JSON, check_package_json),
        ArtifactKind::Wheel => {
            let is_metadata = |path: &str| path.ends_with(".dist-info/METADATA") && path.matches('/').count() == 1;
            let mut paths = tree.entries.iter().map(|entry| &*entry.path);
            match paths.find(|path| is_metadata(path)) {
                Some(path) => (path, check_metadata),
                None => return Ok(Some(Refusal::Archive(Trouble::NoMetadata))),
            }
        }
        ArtifactKind::Sdist => return Ok(None),
    };
    let Some(bytes) = fs::read_record(&tree.folder.join(file))? else { return Ok(None) };
    Ok(check(&bytes, package).err().map(|trouble| Refusal::entry(file, trouble)))
}

type Check = fn(&[u8], &PackageKey) -> Result<(), Trouble>;

const PACKAGE_JSON: &str = "package.json";

/// Returns what an index calls a package.
fn name_of(package: &PackageKey) -> String {
    format!("{}:{}@{}", package.id.ecosystem, package.id.name, package.version)
}

/// Compares a package.json with the package that it should be of. One that does not say what it is, or cannot be read, is
/// nobody's: npm takes it too. Case does not count in names of old, nor what npm drops of a version as it is published.
fn check_package_json(bytes: &[u8], package: &PackageKey) -> Result<(), Trouble> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let Ok(json) = serde_json::from_slice::<Value>(text) else { return Ok(()) };
    let field = |name: &str| json.get(name).and_then(Value::as_str).map(str::trim);
    let (name, version) = (field("name"), field("version"));
    let is_named = name.is_none_or(|name| name.eq_ignore_ascii_case(package.id.name.as_str()));
    if is_named && version.is_none_or(|version| is_version(version, &package.version)) {
        return Ok(());
    }
    let (name, version) = (name.unwrap_or("nameless"), version.unwrap_or_default());
    Err(Trouble::OtherPackage(format!("`{}` {}", name.escape_debug(), version.escape_debug())))
}

fn is_version(text: &str, version: &Version) -> bool {
    let without_build = |version: &Version| version.to_string().split('+').next().unwrap_or_default().to_owned();
    match parse_npm_version(text.trim_start_matches(['=', 'v', ' '])) {
        Some(own) => without_build(&own.into()) == without_build(version),
        // npm would not publish it: what it made of it is not known.
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Ecosystem, PackageId, PackageName};

    #[test]
    fn a_package_json_of_another_package_or_version_is_noticed() {
        let id = PackageId::new(Ecosystem::Npm, PackageName::npm("@acme/Left").unwrap());
        let package = PackageKey { id, version: Version::parse(Ecosystem::Npm, "1.2.0-rc.1").unwrap() };
        for (json, is_of) in [
            (r#"{"name":"@acme/Left","version":"1.2.0-rc.1"}"#, true),
            ("\u{feff}{\"name\":\"@acme/left\",\"version\":\"v1.2.0-rc.1+build.7\"}", true),
            (r#"{"name":"@acme/Left","version":"=1.2.0-rc.1 "}"#, true),
            (r#"{"version":"1.2.0-rc.1"}"#, true),
            (r#"{"name":"@acme/Left","version":"nightly"}"#, true),
            (r"{}", true),
            (r"not json", true),
            (r#"{"name":"@acme/Left","version":"1.2.0"}"#, false),
            (r#"{"name":"Left","version":"1.2.0-rc.1"}"#, false),
            (r#"{"name":"evil"}"#, false),
            (r#"{"name":"@acme/Left","name":"evil","version":"1.2.0-rc.1"}"#, false),
        ] {
            assert_eq!(check_package_json(json.as_bytes(), &package).is_ok(), is_of, "{json}");
        }
    }
}

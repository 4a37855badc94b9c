//! Tarballs: unpacked as they arrive. Whose one is, its package.json says.

use std::io::Read;
use std::path::Path;

use serde_json::Value;

use super::{Arrival, Format, Unpacked};
use crate::fetch::Limits;
use crate::fetch::hashing::HashingReader;
use crate::fetch::unpack::{ArchiveFault, count_tarball, unpack_tarball};
use crate::fs::Demand;
use crate::model::{Algorithm, PackageKey, Version, parse_npm_version};
use crate::store::{Staging, StoreError, Tree, TreeEntry};

pub(super) struct TarballFormat;

const PACKAGE_JSON: &str = "package.json";

impl Format for TarballFormat {
    fn algorithm(&self) -> Algorithm {
        Algorithm::Sha512
    }

    fn arrive<'m>(
        &self,
        source: &mut HashingReader<'_>,
        arrival: &Arrival<'m>,
        staging: &mut Staging<'_>,
    ) -> Result<Unpacked<'m>, StoreError> {
        Unpacked::of(unpack_tarball(source, arrival.packed, arrival.memory, staging, arrival.limits))
    }

    /// Old packages may have none.
    fn identity<'t>(&self, _: &'t Tree) -> Result<Option<&'t str>, ArchiveFault> {
        Ok(Some(PACKAGE_JSON))
    }

    fn unpacked_identity<'e>(&self, _: &'e [TreeEntry]) -> Option<&'e str> {
        Some(PACKAGE_JSON)
    }

    fn check(&self, file: &[u8], package: &PackageKey) -> Result<(), ArchiveFault> {
        check_package_json(file, package)
    }

    fn measure(&self, body: &mut dyn Read, _: Option<u64>, place: &Path) -> Option<Demand> {
        Some(count_tarball(body, Demand::on(place), Limits::default()))
    }
}

/// Compares a package.json with the package that it should be of. One that does not say what it is, or cannot be read, is
/// nobody's: npm takes it too. Case does not count in names of old, nor what npm drops of a version as it is published.
fn check_package_json(bytes: &[u8], package: &PackageKey) -> Result<(), ArchiveFault> {
    let text = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    let Ok(json) = serde_json::from_slice::<Value>(text) else { return Ok(()) };
    let field = |name: &str| json.get(name).and_then(Value::as_str).map(str::trim);
    let (name, version) = (field("name"), field("version"));
    let is_named = name.is_none_or(|name| name.eq_ignore_ascii_case(package.id.name.as_str()));
    if is_named && version.is_none_or(|version| is_version(version, &package.version)) {
        return Ok(());
    }
    let (name, version) = (name.unwrap_or("nameless"), version.unwrap_or_default());
    Err(ArchiveFault::OtherPackage(format!("`{}` {}", name.escape_debug(), version.escape_debug())))
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

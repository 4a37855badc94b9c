//! npm packages that no registry describes: their package.json does.

use serde_json::Value;

use super::listing::manifest_release;
use super::pack::packed;
use crate::model::{Artifact, PackageName, Version, parse_npm_version};
use crate::registry::source_reader::{PackedSource, Reread, SourceContent, SourceFiles, SourceReader};
use crate::registry::tarball::file_in_tarball;
use crate::resolve::Release;

pub(in crate::registry) struct NpmSourceReader;

const PACKAGE_JSON: &str = "package.json";

impl SourceReader for NpmSourceReader {
    /// Any file is a tarball, whatever its name: many servers give none.
    fn artifact(&self, name: &PackageName, file: &str) -> Result<Artifact, String> {
        let bare = name.as_str().rsplit('/').next().unwrap_or_default();
        Ok(Artifact::tarball(if file.is_empty() { format!("{bare}.tgz") } else { file.to_owned() }))
    }

    fn version(&self, name: &PackageName, _: &Artifact, file: &mut dyn Reread) -> Result<Version, String> {
        let json = file_in_tarball(file, PACKAGE_JSON)
            .ok_or_else(|| "it is no gzipped tar with a package.json in its first folder".to_owned())?;
        identity(name, &json)
    }

    /// A `prepare` script makes what is published: the files are then only the source.
    fn pack(&self, name: &PackageName, files: &dyn SourceFiles) -> Result<PackedSource, String> {
        let json = files.read(PACKAGE_JSON).ok_or_else(|| "there is no package.json in it".to_owned())?;
        let version = identity(name, &json)?;
        let manifest: Value = serde_json::from_slice(without_mark(&json)).map_err(|error| error.to_string())?;
        let bare = name.as_str().rsplit('/').next().unwrap_or_default();
        let file = format!("{bare}-{version}.tgz");
        let is_prepared = manifest.get("scripts").and_then(|scripts| scripts.get("prepare")?.as_str());
        Ok(match is_prepared.filter(|script| !script.trim().is_empty()) {
            Some(_) => {
                let paths = files.paths().into_iter().map(str::to_owned).collect();
                PackedSource { version, artifact: Artifact::sdist(file), paths }
            }
            None => PackedSource { version, artifact: Artifact::tarball(file), paths: packed(files, &manifest) },
        })
    }

    fn release(&self, content: &SourceContent<'_>) -> Result<Option<Release>, String> {
        let json = content.files.read(PACKAGE_JSON).ok_or_else(|| "it has no package.json".to_owned())?;
        let release = manifest_release(&content.package.id.name, &json, content.artifact.clone());
        release.map(Some).ok_or_else(|| "its package.json cannot be read".to_owned())
    }
}

/// Compares the name in a package.json, and returns the version.
fn identity(name: &PackageName, json: &[u8]) -> Result<Version, String> {
    let json: Value = serde_json::from_slice(without_mark(json))
        .map_err(|error| format!("its package.json cannot be read: {error}"))?;
    let field = |field: &str| json.get(field).and_then(Value::as_str).map(str::trim);
    match field("name") {
        Some(own) if own.eq_ignore_ascii_case(name.as_str()) => {}
        Some(own) => return Err(format!("its package.json calls it `{}`", own.escape_debug())),
        None => {}
    }
    let version = field("version").unwrap_or("0.0.0");
    let parsed = parse_npm_version(version.trim_start_matches(['=', 'v', ' ']));
    parsed.map(Version::from).ok_or_else(|| format!("its version is `{}`", version.escape_debug()))
}

/// Returns a text without its byte order mark.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text)
}

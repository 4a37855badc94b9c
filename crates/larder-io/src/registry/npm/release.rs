//! A folder with a package.json, packed and described as npm's registries take it: a document with the tarball in it.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::pack;
use crate::fetch::{Endpoint, RequestTarget, Upload};
use crate::model::{Algorithm, Digest, PackageName};
use crate::package::{self, ArchiveFile};
use crate::registry::release::{PackedRelease, ReleaseFolder, ReleaseUpload};
use crate::registry::source_reader::SourceFiles;

/// The files of a folder, for `npm pack`'s rules.
struct FolderFiles<'a>(&'a [ArchiveFile]);

impl SourceFiles for FolderFiles<'_> {
    fn paths(&self) -> Vec<&str> {
        self.0.iter().map(|file| file.path.as_str()).collect()
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.0.iter().find(|file| file.path.as_str() == path).map(|file| file.content.clone())
    }
}

/// Returns the globs of the files that package.json names, and that git may ignore.
pub(super) fn includes(text: Option<&str>) -> Vec<String> {
    let manifest: Value = text.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let named = manifest.get("files").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
    let globs = named.filter(|glob| !glob.starts_with('!')).map(|glob| glob.trim_start_matches("./").trim_matches('/'));
    globs.filter(|glob| !glob.is_empty()).flat_map(|glob| [glob.to_owned(), format!("{glob}/**")]).collect()
}

/// Packs a folder. Returns `None` if it has no package.json, or a private one.
pub(super) fn pack_release(endpoint: &Endpoint, folder: &ReleaseFolder<'_>) -> Result<Option<PackedRelease>, String> {
    let Some(text) = folder.text("package.json") else { return Ok(None) };
    let manifest: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| format!("package.json cannot be read: {error}"))?;
    if manifest.get("private") == Some(&Value::Bool(true)) {
        return Ok(None);
    }
    let stated = |field: &str| {
        let value = manifest.get(field).and_then(Value::as_str).filter(|value| !value.is_empty());
        value.ok_or_else(|| format!("package.json has no {field}"))
    };
    let (name, version) = (stated("name")?, stated("version")?);
    let name = PackageName::npm(name).map_err(|error| error.to_string())?;
    version.parse::<semver::Version>().map_err(|error| format!("package.json has version `{version}`: {error}"))?;

    let packed = pack::packed(&FolderFiles(folder.files), &Value::Object(manifest.clone()));
    let files: Vec<ArchiveFile> =
        folder.files.iter().filter(|file| packed.iter().any(|path| path == file.path.as_str())).cloned().collect();
    let tarball = package::write("package", &files);
    let file = super::location::file(&name, version);
    let integrity = Digest::of(Algorithm::Sha512, &tarball).to_string();
    let base = endpoint.own_url(RequestTarget::Below("")).ok_or("there is no server to upload to")?;
    let mut described = manifest.clone();
    described.insert("_id".to_owned(), Value::String(format!("{name}@{version}")));
    described.insert("gitHead".to_owned(), Value::String(folder.commit.to_owned()));
    described.insert(
        "dist".to_owned(),
        json!({
            "integrity": integrity,
            "shasum": Digest::of(Algorithm::Sha1, &tarball).to_hex(),
            "tarball": format!("{base}{}", super::location::default_path(&name, &file)),
        }),
    );
    if let Some(readme) = folder.text("README.md") {
        described.entry("readme").or_insert_with(|| Value::String(readme.to_owned()));
    }
    let access = manifest.get("publishConfig").and_then(|config| config.get("access")).cloned();
    let tag = if folder.is_prerelease { "dev" } else { "latest" };
    let document = json!({
        "_id": name.to_string(),
        "name": name.to_string(),
        "description": manifest.get("description").cloned().unwrap_or_default(),
        "access": access,
        "dist-tags": { tag: version },
        "versions": { version: described },
        "_attachments": {
            file.as_str(): {
                "content_type": "application/octet-stream",
                "data": STANDARD.encode(&tarball),
                "length": tarball.len(),
            },
        },
    });
    let path = name.to_string().replace('/', "%2f");
    let upload = Upload::put(path.clone(), "application/json", document.to_string());
    let (name, version) = (name.to_string(), version.to_owned());
    let uploads = vec![ReleaseUpload { file, digest: integrity, document: path, upload }];
    Ok(Some(PackedRelease { name, version, uploads }))
}

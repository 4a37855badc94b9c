//! npm packages in a folder: each has a packument of the versions that are there, at `<name>/index.json`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::RawValue;

use super::location;
use super::record::PackumentForm;
use crate::diagnostic::Failure;
use crate::fetch::{Request, RequestTarget};
use crate::fs::{self, Durability};
use crate::model::{PackageName, Version, parse_npm_version};
use crate::registry::RegistryError;
use crate::registry::client::RegistryClient;
use crate::registry::mirror_folder::{MirrorFolder, MirroredPackage};

/// The largest packument that a mirror has.
const LARGEST: u64 = 256 << 20;

/// A packument of a mirror. What the registry says of a version stays as it is.
#[derive(Default, Serialize, Deserialize)]
struct MirroredPackument {
    name: String,
    #[serde(default, rename = "dist-tags")]
    tags: BTreeMap<String, Value>,
    #[serde(default)]
    versions: BTreeMap<String, Box<RawValue>>,
    /// When they were published. Empty if the registry was not asked for it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    time: BTreeMap<String, Value>,
}

/// Adds the mirrored versions of a package to its packument. Returns whether anything was new.
pub(super) fn describe(
    client: &RegistryClient,
    package: &MirroredPackage,
    (form, accept): (PackumentForm, &str),
    folder: &Path,
) -> Result<bool, Arc<dyn Failure>> {
    let failed = |error: fs::FsError| Arc::new(error) as Arc<dyn Failure>;
    let name = &package.name;
    let place = MirrorFolder::below(folder, &format!("{name}/index.json"))
        .map_err(|error| Arc::new(error) as Arc<dyn Failure>)?;
    let there = fs::read_up_to(&place, LARGEST).map_err(failed)?;
    let known = there.and_then(|bytes| serde_json::from_slice::<MirroredPackument>(&bytes).ok());
    let mut packument = known.filter(|known| known.name == name.as_str()).unwrap_or_default();
    let lacks = |version: &Version| {
        let found = packument.versions.keys().find(|text| is_version(text, version));
        found.is_none_or(|text| form >= PackumentForm::Full && !packument.time.contains_key(text))
    };
    if !package.files.iter().any(|(version, _)| lacks(version)) {
        return Ok(false);
    }
    let path = name.as_str().replace('/', "%2f");
    let request = Request { target: RequestTarget::Below(&path), accept: Some(accept), ..Request::default() };
    let document = client.http.read(&client.endpoint, &request).map_err(|error| Arc::new(error) as Arc<dyn Failure>)?;
    let text = String::from_utf8_lossy(&document.bytes);
    let found: MirroredPackument = serde_json::from_str(&text).map_err(|error| {
        let (registry, package) = (client.name().clone(), name.clone());
        Arc::new(RegistryError::NpmMetadata { registry, package, reason: error.to_string() }) as Arc<dyn Failure>
    })?;
    let is_new = |text: &str| package.files.iter().any(|(version, _)| is_version(text, version));
    let is_kept = |tarball: &str| {
        let file = tarball.rsplit('/').next().unwrap_or_default();
        location::hint(tarball, &location::default_path(name, file), &client.endpoint).is_some()
    };
    add(&mut packument, name, found, is_new, &is_kept);
    let json = serde_json::to_vec(&packument).unwrap_or_default();
    place.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
    fs::write_atomic(&place, &json, Durability::Lazy).map_err(failed)?;
    Ok(true)
}

/// Adds what a registry says now of the mirrored versions: of those that were there before, and of new ones.
///
/// `is_kept` tells which URLs of tarballs a lock keeps.
fn add(
    packument: &mut MirroredPackument,
    name: &PackageName,
    found: MirroredPackument,
    is_new: impl Fn(&str) -> bool,
    is_kept: &dyn Fn(&str) -> bool,
) {
    name.as_str().clone_into(&mut packument.name);
    for (text, manifest) in found.versions {
        if is_new(&text) || packument.versions.contains_key(&text) {
            let manifest = with_default_location(manifest, is_kept);
            if let Some(time) = found.time.get(&text) {
                packument.time.insert(text.clone(), time.clone());
            }
            packument.versions.insert(text, manifest);
        }
    }
    let is_there = |tagged: &Value| tagged.as_str().is_some_and(|text| packument.versions.contains_key(text));
    packument.tags = found.tags.into_iter().filter(|(_, tagged)| is_there(tagged)).collect();
}

/// Returns a version without the URL of its tarball, unless that is one that a lock keeps: in a mirror each tarball has the default
/// place, and nobody is to be sent elsewhere for one that is missing.
fn with_default_location(manifest: Box<RawValue>, is_kept: &dyn Fn(&str) -> bool) -> Box<RawValue> {
    let Ok(mut fields) = serde_json::from_str::<serde_json::Map<String, Value>>(manifest.get()) else {
        return manifest;
    };
    let Some(Value::Object(dist)) = fields.get_mut("dist") else { return manifest };
    if dist.get("tarball").and_then(Value::as_str).is_none_or(is_kept) {
        return manifest;
    }
    dist.remove("tarball");
    serde_json::value::to_raw_value(&fields).unwrap_or(manifest)
}

fn is_version(text: &str, version: &Version) -> bool {
    version.as_npm().is_some_and(|version| parse_npm_version(text).is_some_and(|parsed| parsed == *version))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_packument_grows_and_keeps_what_it_has() {
        let name = PackageName::npm("a").unwrap();
        let document = |tag: &str| -> MirroredPackument {
            serde_json::from_str(&format!(
                r#"{{"name":"a","dist-tags":{{"latest":"{tag}","next":"3.0.0"}},"time":{{"1.0.0":"t1","2.0.0":"t2","created":"t0"}},
                "versions":{{"1.0.0":{{"dist":{{"a":1,"tarball":"url"}}}},"2.0.0":{{"dist":{{"tarball":"kept"}}}},"3.0.0":{{}}}}}}"#
            ))
            .unwrap()
        };
        let mut packument = MirroredPackument::default();
        add(&mut packument, &name, document("2.0.0"), |text| text == "1.0.0", &|_| false);
        let text = serde_json::to_string(&packument).unwrap();
        assert_eq!(text, r#"{"name":"a","dist-tags":{},"versions":{"1.0.0":{"dist":{"a":1}}},"time":{"1.0.0":"t1"}}"#);
        add(&mut packument, &name, document("2.0.0"), |text| text == "2.0.0", &|url| url == "kept");
        assert_eq!(packument.versions.keys().collect::<Vec<_>>(), ["1.0.0", "2.0.0"]);
        assert_eq!(packument.tags.keys().collect::<Vec<_>>(), ["latest"]);
        assert!(
            packument.versions["2.0.0"].get().contains("kept") && !packument.versions["1.0.0"].get().contains("url")
        );
    }
}

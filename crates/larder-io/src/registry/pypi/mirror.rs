//! Python packages in a folder: pages of files at `simple/<name>/index.json`, and the files beside `simple`, or beside their page.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use super::page::{self, PageFile};
use crate::diagnostic::Failure;
use crate::fetch::{Request, RequestTarget};
use crate::fs::{self, Durability, FsError};
use crate::model::{Artifact, EntryPath, PackageName};
use crate::registry::client::RegistryClient;
use crate::registry::mirror_folder::{MirrorFolder, MirroredPackage};

/// The folder of pages.
pub(super) const PAGES: &str = "simple";

/// The largest page that a mirror has.
const LARGEST: u64 = 64 << 20;

/// What a URL's path writes as it is.
const PLAIN: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b'+').remove(b'/');

/// A page of a mirror (PEP 691).
#[derive(Serialize, Deserialize)]
struct MirroredPage {
    meta: PageMeta,
    name: String,
    files: Vec<MirroredFile>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct PageMeta {
    api_version: String,
}

#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
struct MirroredFile {
    filename: String,
    url: String,
    hashes: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    requires_python: Option<String>,
    #[serde(default)]
    yanked: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upload_time: Option<String>,
}

/// Returns where a file lies in a mirror: where the lock's hint says, so that a lock of the mirror has the same one; else beside its
/// page.
pub(super) fn file_path(name: &PackageName, artifact: &Artifact) -> String {
    let is_path = |hint: &&str| {
        let is_own = EntryPath::parse(hint).is_ok_and(|path| path.as_str() == *hint);
        is_own && !hint.contains(['%', ':', '?', '#']) && hint.split('/').next() != Some(PAGES)
    };
    let hint = artifact.location.as_deref().filter(is_path).filter(|hint| hint.ends_with(&artifact.file));
    hint.map_or_else(|| format!("{PAGES}/{name}/{}", artifact.file), str::to_owned)
}

/// Adds the mirrored files of a package to its page. Returns whether anything was new.
pub(super) fn describe(
    client: &RegistryClient,
    package: &MirroredPackage,
    accept: &str,
    folder: &Path,
) -> Result<bool, Arc<dyn Failure>> {
    let failed = |error: FsError| Arc::new(error) as Arc<dyn Failure>;
    let name = &package.name;
    let place = MirrorFolder::below(folder, &format!("{PAGES}/{name}/index.json"))
        .map_err(|error| Arc::new(error) as Arc<dyn Failure>)?;
    let there = fs::read_up_to(&place, LARGEST).map_err(failed)?;
    let known = there.and_then(|bytes| serde_json::from_slice::<MirroredPage>(&bytes).ok());
    let mut files: BTreeMap<String, MirroredFile> =
        known.map_or_else(Vec::new, |page| page.files).into_iter().map(|file| (file.filename.clone(), file)).collect();
    let missing: Vec<&Artifact> =
        package.files.iter().map(|(_, file)| file).filter(|file| !files.contains_key(&file.file)).collect();
    if missing.is_empty() {
        return Ok(false);
    }
    let path = format!("{name}/");
    let request = Request { target: RequestTarget::Below(&path), accept: Some(accept), ..Request::default() };
    let document = client.http.read(&client.endpoint, &request).map_err(|error| Arc::new(error) as Arc<dyn Failure>)?;
    let listed = page::read(name, &document.response.url, &document.bytes)
        .map_err(|bad| Arc::new(bad.of(client.name(), name)) as Arc<dyn Failure>)?;
    for artifact in missing {
        if let Some(file) = listed.iter().find(|file| file.name == artifact.file) {
            files.insert(artifact.file.clone(), mirrored(name, artifact, file));
        }
    }
    let meta = PageMeta { api_version: "1.1".to_owned() };
    let page = MirroredPage { meta, name: name.to_string(), files: files.into_values().collect() };
    place.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
    fs::write_atomic(&place, &serde_json::to_vec(&page).unwrap_or_default(), Durability::Lazy).map_err(failed)?;
    Ok(true)
}

/// Returns what a mirror's page says of a file: what the registry says, with the file's place in the mirror.
fn mirrored(name: &PackageName, artifact: &Artifact, listed: &PageFile) -> MirroredFile {
    let path = file_path(name, artifact);
    let url = match path.strip_prefix(&format!("{PAGES}/{name}/")) {
        Some(beside) => utf8_percent_encode(beside, PLAIN).to_string(),
        None => format!("../../{}", utf8_percent_encode(&path, PLAIN)),
    };
    let digest = artifact.digest.as_ref().or(listed.digest.as_ref());
    let uploaded = listed.uploaded.and_then(|time| jiff::Timestamp::from_millisecond(time).ok());
    MirroredFile {
        filename: artifact.file.clone(),
        url,
        hashes: digest.map(|digest| (digest.algorithm().as_str().to_owned(), digest.to_hex())).into_iter().collect(),
        requires_python: listed.requires_python.clone(),
        yanked: listed.yanked,
        upload_time: uploaded.map(|time| time.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_lists_the_file_where_it_lies() {
        let name = PackageName::pypi("a").unwrap();
        let hint = format!("packages/aa/bb/{}/a-1.0+x-py3-none-any.whl", "c".repeat(60));
        let hinted = Artifact { location: Some(hint.clone()), ..Artifact::wheel("a-1.0+x-py3-none-any.whl") };
        let beside = Artifact { location: Some("/root/a-1.0.tar.gz".to_owned()), ..Artifact::sdist("a-1.0.tar.gz") };
        let html = br#"<a href="https://f/a-1.0%2Bx-py3-none-any.whl#sha256=00" data-requires-python="&gt;=3.8">a</a>"#;
        let listed = &page::read(&name, "https://h/simple/a/", html).unwrap()[0];
        let file = mirrored(&name, &hinted, listed);
        assert_eq!((file.url.as_str(), file.requires_python.as_deref()), (&*format!("../../{hint}"), Some(">=3.8")));
        assert_eq!(mirrored(&name, &beside, listed).url, "a-1.0.tar.gz");
        assert_eq!(file_path(&name, &beside), "simple/a/a-1.0.tar.gz");
    }
}

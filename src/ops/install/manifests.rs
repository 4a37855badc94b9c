//! What a project asked for when a generation was built: its manifests and patches, kept with the generation, so that a restore of that
//! point in time has them.

use std::collections::BTreeMap;
use std::path::Path;

use crate::fs;
use crate::model::EntryPath;
use crate::ops::Project;
use crate::ops::session::MANIFEST;
use crate::profile;

/// The manifests that a folder may have.
pub(in crate::ops) const MANIFESTS: [&str; 3] = [MANIFEST, "package.json", "pyproject.toml"];

/// The largest file that is kept.
const LARGEST: u64 = 4 << 20;

/// Returns the texts of a project's manifests and patches, by their paths below its root. What is no text, or lies elsewhere, is left out.
pub(super) fn texts(project: &Project) -> BTreeMap<String, String> {
    let members = project.members.iter().chain(project.path_packages.keys());
    let folders = std::iter::once("").chain(members.map(|folder| &**folder));
    let manifests = folders.flat_map(|folder| {
        MANIFESTS.map(|file| if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") })
    });
    let patches = project.manifest.patches.iter().map(|line| line.file.to_string());
    let lists = project.manifest.provided_lists.iter().map(|list| list.value.as_str().to_owned());
    let mut texts = BTreeMap::new();
    for path in manifests.chain(patches).chain(lists) {
        let is_inside =
            EntryPath::parse(&path).is_ok() && profile::check_stays_inside(&project.root, Path::new(&path)).is_ok();
        if !is_inside {
            continue;
        }
        let text = fs::read_up_to(&project.root.join(&path), LARGEST).ok().flatten();
        if let Some(text) = text.and_then(|text| String::from_utf8(text).ok()) {
            texts.insert(path, text);
        }
    }
    texts
}

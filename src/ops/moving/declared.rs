//! What the package.json files of a checkout declare.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use super::folders::is_below;
use crate::fs;
use crate::import::{Imported, has_exports, package_peers, package_ranges};
use crate::model::PackageName;
use crate::ops::Result;
use crate::ops::project::inputs;

/// The largest file that is looked into, in bytes.
pub(super) const LARGEST: u64 = 1 << 20;

/// Names by the folders whose package.json files declare them.
pub(super) struct DeclaredNames {
    /// Names by folder: those of the root and of the members.
    names: BTreeMap<String, BTreeSet<String>>,
    /// The names of the members, by their folders.
    members: BTreeMap<String, String>,
    /// Folders of projects that are no part of this one.
    others: Vec<String>,
}

impl DeclaredNames {
    /// Reads the files of the root, whose lines are at hand already, and of the members.
    pub(super) fn read(root: &Path, members: &[Arc<str>], files: &[String], imported: &Imported) -> Result<Self> {
        let of_root = imported.lines.iter().map(|line| line.name.clone()).collect();
        let mut declared =
            Self { names: BTreeMap::from([(String::new(), of_root)]), members: BTreeMap::new(), others: Vec::new() };
        let files = files.iter().filter_map(|file| file.strip_suffix("package.json"));
        for folder in files.map(|folder| folder.trim_end_matches('/')) {
            let is_member = members.iter().any(|member| **member == *folder);
            if !is_member && !folder.is_empty() {
                let text = fs::read_text_below(root, &format!("{folder}/package.json"), &[root], LARGEST);
                let is_project = text.is_some_and(|text| package_ranges(&text).is_ok_and(|ranges| !ranges.is_empty()));
                declared.others.extend(is_project.then(|| folder.to_owned()));
                continue;
            }
            let Some(text) = inputs::text(&root.join(folder).join("package.json"))? else { continue };
            // A file that cannot be read is an error of the project itself.
            let (Ok(ranges), Ok((name, peers))) = (package_ranges(&text), package_peers(&text)) else { continue };
            let name = name.filter(|name| PackageName::npm(name).is_ok());
            let peers = peers.into_iter().map(|peer| peer.name);
            // Node lets a package with `exports` find itself by its name, and no other.
            let own = name.clone().filter(|_| folder.is_empty() || has_exports(&text));
            let all = ranges.into_iter().map(|(name, _)| name).chain(peers).chain(own);
            declared.names.entry(folder.to_owned()).or_default().extend(all);
            declared.members.extend(name.filter(|_| is_member).map(|name| (folder.to_owned(), name)));
        }
        Ok(declared)
    }

    /// Returns whether the manifest of a folder, or of one above it, has a name.
    pub(super) fn has(&self, folder: &str, name: &str) -> bool {
        self.names.iter().any(|(above, names)| is_below(folder, above) && names.contains(name))
    }

    /// Returns the folder of the member below another folder that has a name.
    pub(super) fn member_folder(&self, top: &str, name: &str) -> Option<&str> {
        let mut members = self.members.iter();
        members.find(|(folder, own)| *own == name && is_below(folder, top)).map(|(folder, _)| folder.as_str())
    }

    /// Returns the name of the nearest member that a file lies in.
    pub(super) fn member_of(&self, file: &str) -> Option<&str> {
        let above = self.members.iter().filter(|(folder, _)| is_below(file, folder));
        above.max_by_key(|(folder, _)| folder.len()).map(|(_, name)| name.as_str())
    }

    /// Returns whether a folder lies in a project that is no part of this one.
    pub(super) fn is_anothers(&self, folder: &str) -> bool {
        self.others.iter().any(|other| is_below(folder, other))
    }
}

//! Which executables a `bin` folder gets, and from which package.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs;
use crate::model::TreeDigest;
use crate::store::Tree;

use super::layout::{Layout, Links, Target};
use super::{ProfileError, npm};

/// Executables by name: what they run, and the dependency that brings them.
#[derive(Clone, Debug, Default)]
pub(super) struct Executables {
    /// Name → (file, dependency).
    pub(super) offered: BTreeMap<String, (PathBuf, Arc<str>)>,
    /// Two dependencies that offer the same, in plain words.
    pub(super) warnings: Vec<String>,
}

impl Executables {
    /// Adds one. Where two dependencies offer the same name, the one that is called like it is taken, else the first.
    pub(super) fn offer(&mut self, name: &str, file: PathBuf, by: &Arc<str>) {
        let Some((_, first)) = self.offered.get(name) else {
            self.offered.insert(name.to_owned(), (file, by.clone()));
            return;
        };
        if first == by {
            return;
        }
        let taken = npm::shadowing(name, first, by);
        self.warnings.push(format!("`{name}` is offered by {first} and {by}; it runs {taken}'s"));
        if taken == &**by {
            self.offered.insert(name.to_owned(), (file, by.clone()));
        }
    }
}

/// Returns the executables of what a `node_modules` links.
pub(super) fn of_links(
    root: &Path,
    packages: &Path,
    links: &Links,
    layout: &Layout,
    trees: &BTreeMap<TreeDigest, Arc<Tree>>,
) -> Result<Executables, ProfileError> {
    let mut executables = Executables::default();
    for (name, target) in links {
        let (json, folder, own_name) = match target {
            Target::Package(key, own) => {
                let Some(realised) = layout.packages.get(key).filter(|realised| realised.bin) else { continue };
                let Some(tree) = trees.get(&realised.tree) else { continue };
                let folder = packages.join(key.as_str()).join("node_modules").join(&**own);
                (tree.folder.join("package.json"), folder, own)
            }
            Target::Folder(folder) => (root.join(&**folder).join("package.json"), root.join(&**folder), name),
        };
        let Some(json) = fs::read_if_exists(&json)? else { continue };
        let files = match target {
            Target::Package(key, _) => layout.packages.get(key).and_then(|realised| trees.get(&realised.tree)),
            Target::Folder(_) => None,
        };
        let files = files.into_iter().flat_map(|tree| tree.entries.iter().map(|entry| &*entry.path));
        for bin in npm::declared(own_name, &json, files)? {
            let file = folder.join(&bin.path);
            // npm links what is not there too; here a link to nothing would be damage.
            if fs::stat(&file)?.is_some() {
                executables.offer(&bin.name, file, name);
            }
        }
    }
    Ok(executables)
}

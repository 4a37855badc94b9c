//! Which executables a `bin` folder gets, and from which package.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs;
use crate::model::TreeDigest;
use crate::store::Tree;

use super::layout::{Layout, Links, Target};
use super::{ProfileError, npm};

/// What an executable's name leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Program {
    /// A file that is there as long as the generation is: it is linked.
    File(PathBuf),
    /// A file of a local folder: a launcher runs whatever it is then.
    Live(PathBuf),
}

/// Executables by name: what they run, and the dependency that brings them.
#[derive(Clone, Debug, Default)]
pub(super) struct Executables {
    /// Name → (program, dependency).
    pub(super) offered: BTreeMap<String, (Program, Arc<str>)>,
    /// Two dependencies that offer the same, in plain words.
    pub(super) warnings: Vec<String>,
}

impl Executables {
    /// Adds one. Where two dependencies offer the same name, the one that is called like it is taken, else the first.
    pub(super) fn offer(&mut self, name: &str, program: Program, by: &Arc<str>) {
        let Some((_, first)) = self.offered.get(name) else {
            self.offered.insert(name.to_owned(), (program, by.clone()));
            return;
        };
        if first == by {
            return;
        }
        let taken = npm::shadowing(name, first, by);
        self.warnings.push(format!("`{name}` is offered by {first} and {by}; it runs {taken}'s"));
        if taken == &**by {
            self.offered.insert(name.to_owned(), (program, by.clone()));
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
        match target {
            Target::Folder(folder) => {
                let bins = layout.folders.values().filter(|known| known.folder == *folder).flat_map(|known| &known.bin);
                for (bin, path) in bins {
                    let file = root.join(&**folder).join(&**path);
                    executables.offer(bin, Program::Live(file), name);
                }
            }
            Target::Package(key, own) => {
                let Some(realised) = layout.packages.get(key).filter(|realised| realised.bin) else { continue };
                let Some(tree) = trees.get(&realised.tree) else { continue };
                let Some(json) = fs::read_if_exists(&tree.folder.join("package.json"))? else { continue };
                let folder = packages.join(key.as_str()).join("node_modules").join(&**own);
                let bins = npm::declared(own, &json, tree.entries.iter().map(|entry| &*entry.path))?;
                executables.warnings.extend(bins.odd);
                for bin in bins.found {
                    let file = folder.join(&bin.path);
                    // npm links what is not there too; here a link to nothing would be damage.
                    if fs::stat(&file)?.is_some() {
                        executables.offer(&bin.name, Program::File(file), name);
                    }
                }
            }
        }
    }
    Ok(executables)
}

//! A checkout that was moved or copied keeps its generations: what leads by its whole path to where they were built is
//! made anew, nothing else.
//!
//! These are links, the launchers of local packages, the scripts that activate Python, the paths of local Python packages,
//! and the records. Each is replaced
//! by a rename, and doing it twice is doing it once. The summary, which says where the checkout was, comes last: after a kill
//! the next command does it again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::fs::{self, Durability};
use crate::model::{Label, TreeDigest};

use super::as_text::Text;
use super::checkout_move::{CheckoutMove, rewrite_file};
use super::generation::{Contents, Generation};
use super::generation_summary::GenerationSummary;
use super::key::RealisedKey;
use super::layout::{LinkTarget, RealisedPackage};
use super::paths::{PACKAGES, ProfilePaths, SUMMARY, check_own_path};
use super::profiles::Profiles;
use super::project_lock::ProjectLock;
use super::shell::start_of;
use super::{ProfileError, node_modules, python, runtime};

impl Profiles {
    /// Brings a generation to where the checkout lies now; tells whether it was built elsewhere.
    pub fn relocate(&self, _lock: &ProjectLock, environment: &Label, number: u64) -> Result<bool, ProfileError> {
        let summary = self.summary(environment, number)?;
        if summary.root == self.root() {
            return Ok(false);
        }
        relocate(self.paths(&self.profile(environment)?), number)
    }

    /// Makes a generation lead to where the checkout will lie: for an image, whose files are put together elsewhere. The checkout
    /// itself is not moved.
    pub fn relocate_for(
        &self,
        _lock: &ProjectLock,
        environment: &Label,
        number: u64,
        root: &Path,
    ) -> Result<bool, ProfileError> {
        relocate_to(self.paths(&self.profile(environment)?), number, root)
    }

    /// Returns the folders of the runtimes of a generation, relative to the checkout.
    pub fn runtime_folders(&self, environment: &Label, number: u64) -> Result<Vec<PathBuf>, ProfileError> {
        let contents = Contents::read(&self.generation_folder(environment, number)?)?;
        let keys = contents.layout.runtimes.values().map(|realised| Path::new(PACKAGES).join(realised.key.as_str()));
        Ok(keys.collect())
    }
}

/// Brings a generation to where its checkout lies now; tells whether it was built elsewhere.
pub(super) fn relocate(paths: ProfilePaths<'_>, number: u64) -> Result<bool, ProfileError> {
    relocate_to(paths, number, paths.root)
}

/// Makes a generation lead to where its checkout will lie; tells whether it led elsewhere.
fn relocate_to(paths: ProfilePaths<'_>, number: u64, root: &Path) -> Result<bool, ProfileError> {
    let folder = paths.generation(number);
    let mut summary = GenerationSummary::read(&folder)?;
    if summary.root == root {
        return Ok(false);
    }
    let mut generation = Generation::read(&folder)?;
    let mut contents = Contents::read(&folder)?;
    let from = if contents.root.as_os_str().is_empty() { summary.root.clone() } else { contents.root.clone() };
    let moved = CheckoutMove { from: &from, to: root };

    for (path, target) in &mut contents.links {
        *target = moved.path(target);
        check_parent(paths, &folder, path)?;
        point_link(paths, &folder.join(path), target)?;
    }
    for path in contents.generated.keys() {
        check_parent(paths, &folder, path)?;
    }
    for (key, realised) in &contents.layout.packages {
        update_folder_links(paths, key, realised)?;
    }
    for (path, digest) in &mut contents.generated {
        if is_launcher(path) {
            let change =
                |moved: &CheckoutMove<'_>, text: &str| text.replace(&start_of(moved.from), &start_of(moved.to));
            if let Some(pair) = rewrite_file(&folder.join(path), &digest.0, &moved, &change)? {
                *digest = Text(TreeDigest::of(&pair.new));
            }
        }
    }
    let environment = folder.join("python");
    for rewritten in python::rewritten(&moved, &environment, &below("python/", &contents.generated))? {
        contents.generated.insert(format!("python/{}", rewritten.path), Text(rewritten.digest));
    }

    let packages = |root: &Path| root.join(paths.packages.strip_prefix(paths.root).unwrap_or(paths.packages));
    let (packages_before, packages_after) = (packages(moved.from), packages(moved.to));
    for realised in contents.layout.runtimes.values() {
        runtime::relocate(paths.packages, &realised.key, (&packages_before, &packages_after))?;
    }
    generation.python = generation.python.map(|interpreter| interpreter.in_place(moved.from, moved.to));

    root.clone_into(&mut summary.root);
    root.clone_into(&mut contents.root);
    let text = summary.text(&folder)?;
    contents.generated.insert(SUMMARY.to_owned(), Text(TreeDigest::of(&text)));
    generation.replace(&contents, &folder)?;
    fs::write_atomic(&folder.join(SUMMARY), &text, Durability::Lazy)?;
    Ok(true)
}

/// Lets the links of a realised package to local folders lead to where those are.
pub(super) fn update_folder_links(
    paths: ProfilePaths<'_>,
    key: &RealisedKey,
    realised: &RealisedPackage,
) -> Result<(), ProfileError> {
    for (name, target) in realised.dependencies.iter().filter(|(_, target)| matches!(target, LinkTarget::Folder(_))) {
        let path = node_modules::link_path(realised, name);
        check_parent(paths, &paths.packages.join(key.as_str()), &path)?;
        let link = paths.packages.join(key.as_str()).join(&path);
        point_link(paths, &link, &node_modules::relative_target(paths.root, &path, target))?;
    }
    Ok(())
}

/// Makes sure that the folder of a file or link which is about to be replaced is reached through no link.
fn check_parent(paths: ProfilePaths<'_>, folder: &Path, path: &str) -> Result<(), ProfileError> {
    let way = folder.strip_prefix(paths.root).unwrap_or(folder).join(path);
    way.parent().map_or(Ok(()), |way| check_own_path(paths.root, way))
}

/// Lets a link lead somewhere, if it does not yet. It is made where nobody looks for packages, and then renamed.
fn point_link(paths: ProfilePaths<'_>, link: &Path, target: &Path) -> Result<(), ProfileError> {
    match fs::read_link(link) {
        Ok(found) if found == target => return Ok(()),
        // What somebody made of it is no link: `verify` names it.
        Err(error) if !error.is_not_found() => return Ok(()),
        _ => {}
    }
    let aside = paths.profile.join(UNPLACED_LINK);
    fs::remove_file(&aside)?;
    fs::symlink(target, &aside)?;
    match fs::rename(&aside, link) {
        // The folder is gone that it was in, and so are others: `verify` names them.
        Err(error) if error.is_not_found() => Ok(fs::remove_file(&aside)?),
        renamed => Ok(renamed?),
    }
}

/// A link that is not in its place yet.
const UNPLACED_LINK: &str = ".leading";

/// Returns whether a file that larder wrote runs an executable of a local folder.
fn is_launcher(path: &str) -> bool {
    path.contains("node_modules/.bin/") && !path.starts_with("python/")
}

fn below(folder: &str, files: &BTreeMap<String, Text<TreeDigest>>) -> BTreeMap<String, TreeDigest> {
    files.iter().filter_map(|(path, digest)| Some((path.strip_prefix(folder)?.to_owned(), digest.0))).collect()
}

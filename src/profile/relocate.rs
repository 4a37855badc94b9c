//! A checkout that was moved or copied keeps its generations: what leads by its whole path to where they were built is
//! made anew, nothing else.
//!
//! That are links, the launchers of local packages, the scripts that activate Python, the paths of local Python packages,
//! and the records. Each is replaced
//! by a rename, and doing it twice is doing it once. The head, which says where the checkout was, comes last: after a kill
//! the next command does it again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::fs::{self, Durability};
use crate::model::{Label, TreeDigest};

use super::as_text::Text;
use super::build::Site;
use super::generation::{Contents, Generation};
use super::head::{HEAD, Head};
use super::layout::{Realised, Target};
use super::project::check_way;
use super::{Key, ProfileError, Project, ProjectLock, npm, python};

impl Project {
    /// Brings a generation to where the checkout lies now; tells whether it was built elsewhere.
    pub fn relocate(&self, _lock: &ProjectLock, environment: &Label, number: u64) -> Result<bool, ProfileError> {
        let head = self.head(environment, number)?;
        if head.root == self.root() {
            return Ok(false);
        }
        relocate(self.site(&self.profile(environment)?), number)
    }

    /// Makes sure that a generation was built, or was brought, to where the checkout lies now.
    pub(super) fn check_place(&self, environment: &Label, number: u64, head: &Head) -> Result<(), ProfileError> {
        if head.root == self.root() {
            return Ok(());
        }
        Err(ProfileError::BuiltElsewhere { environment: environment.clone(), number, root: head.root.clone() })
    }
}

/// Brings a generation to where its checkout lies now; tells whether it was built elsewhere.
pub(super) fn relocate(site: Site<'_>, number: u64) -> Result<bool, ProfileError> {
    let folder = site.profile.join(number.to_string());
    let mut head = Head::read(&folder)?;
    if head.root == site.root {
        return Ok(false);
    }
    let generation = Generation::read(&folder)?;
    let mut contents = Contents::read(&folder)?;
    let from = if contents.root.as_os_str().is_empty() { head.root.clone() } else { contents.root.clone() };
    let moved = Move { from: &from, to: site.root };

    for (path, target) in &mut contents.links {
        *target = moved.path(target);
        inside(site, &folder, path)?;
        lead(site, &folder.join(path), target)?;
    }
    for path in contents.generated.keys() {
        inside(site, &folder, path)?;
    }
    for (key, realised) in &contents.layout.packages {
        folder_links(site, key, realised)?;
    }
    for (path, digest) in &mut contents.generated {
        if is_launcher(path) {
            let change = |moved: &Move<'_>, text: &str| text.replace(&start_of(moved.from), &start_of(moved.to));
            if let Some(pair) = rewrite_file(&folder.join(path), &digest.0, &moved, &change)? {
                *digest = Text(TreeDigest::of(&pair.new));
            }
        }
    }
    let environment = folder.join("python");
    for rewritten in python::rewritten(&moved, &environment, &below("python/", &contents.generated))? {
        contents.generated.insert(format!("python/{}", rewritten.path), Text(rewritten.digest));
    }

    site.root.clone_into(&mut head.root);
    site.root.clone_into(&mut contents.root);
    let text = head.text(&folder)?;
    contents.generated.insert(HEAD.to_owned(), Text(TreeDigest::of(&text)));
    generation.replace(&contents, &folder)?;
    fs::write_atomic(&folder.join(HEAD), &text, Durability::Lazy)?;
    Ok(true)
}

/// Lets the links of a realised package to local folders lead to where those are.
pub(super) fn folder_links(site: Site<'_>, key: &Key, realised: &Realised) -> Result<(), ProfileError> {
    for (name, target) in realised.dependencies.iter().filter(|(_, target)| matches!(target, Target::Folder(_))) {
        let path = npm::link_path(realised, name);
        inside(site, &site.packages.join(key.as_str()), &path)?;
        let link = site.packages.join(key.as_str()).join(&path);
        lead(site, &link, &npm::relative_target(site.root, &path, target))?;
    }
    Ok(())
}

/// Makes sure that the folder of a file or link which is about to be replaced is reached through no link.
fn inside(site: Site<'_>, folder: &Path, path: &str) -> Result<(), ProfileError> {
    let way = folder.strip_prefix(site.root).unwrap_or(folder).join(path);
    way.parent().map_or(Ok(()), |way| check_way(site.root, way))
}

/// Lets a link lead somewhere, if it does not yet. It is made where nobody looks for packages, and then renamed.
fn lead(site: Site<'_>, link: &Path, target: &Path) -> Result<(), ProfileError> {
    match fs::read_link(link) {
        Ok(found) if found == target => return Ok(()),
        // What somebody made of it is no link: `verify` names it.
        Err(error) if !error.is_not_found() => return Ok(()),
        _ => {}
    }
    let aside = site.profile.join(LEADING);
    fs::remove_file(&aside)?;
    fs::symlink(target, &aside)?;
    match fs::rename(&aside, link) {
        // The folder is gone that it was in, and so are others: `verify` names them.
        Err(error) if error.is_not_found() => Ok(fs::remove_file(&aside)?),
        renamed => Ok(renamed?),
    }
}

/// A link that is not in its place yet.
const LEADING: &str = ".leading";

/// Tells whether a file that larder wrote runs an executable of a local folder.
fn is_launcher(path: &str) -> bool {
    path.contains("node_modules/.bin/") && !path.starts_with("python/")
}

fn below(folder: &str, files: &BTreeMap<String, Text<TreeDigest>>) -> BTreeMap<String, TreeDigest> {
    files.iter().filter_map(|(path, digest)| Some((path.strip_prefix(folder)?.to_owned(), digest.0))).collect()
}

/// From where to where a checkout was moved.
#[derive(Clone, Copy, Debug)]
pub(super) struct Move<'a> {
    /// Where it was.
    pub(super) from: &'a Path,
    /// Where it is.
    pub(super) to: &'a Path,
}

impl Move<'_> {
    /// Returns where a path leads after the move.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        path.strip_prefix(self.from).map_or_else(|_| path.to_owned(), |below| self.to.join(below))
    }

    /// Returns the way back.
    pub(super) fn back(&self) -> Self {
        Self { from: self.to, to: self.from }
    }
}

/// What a text becomes when it is moved.
pub(super) type Change<'a> = dyn Fn(&Move<'_>, &str) -> String + 'a;

/// A file's content before and after.
pub(super) struct Pair {
    pub(super) old: Vec<u8>,
    pub(super) new: Vec<u8>,
}

/// Replaces a file that is what was written, and accepts one that was replaced already.
pub(super) fn rewrite_file(
    file: &Path,
    written: &TreeDigest,
    moved: &Move<'_>,
    change: &Change<'_>,
) -> Result<Option<Pair>, ProfileError> {
    let Some(Ok(text)) = fs::read_record(file)?.map(String::from_utf8) else { return Ok(None) };
    if TreeDigest::of(text.as_bytes()) == *written {
        let new = change(moved, &text);
        if new != text {
            fs::write_atomic(file, new.as_bytes(), Durability::Lazy)?;
        }
        return Ok(Some(Pair { old: text.into_bytes(), new: new.into_bytes() }));
    }
    let old = change(&moved.back(), &text);
    let is_done = TreeDigest::of(old.as_bytes()) == *written;
    Ok(is_done.then(|| Pair { old: old.into_bytes(), new: text.into_bytes() }))
}

/// Returns a path as it stands in a shell script.
pub(super) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Returns how a path below a folder begins in a shell script.
pub(super) fn start_of(folder: &Path) -> String {
    let quoted = quoted(folder);
    format!("{}/", quoted.strip_suffix('\'').unwrap_or(&quoted))
}

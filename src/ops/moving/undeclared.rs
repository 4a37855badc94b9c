//! Packages that a repository's own files use and none of its manifests declares. They are found where a tool puts all packages into
//! one folder, and so that moving in changes nothing they are hoisted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::declared::{DeclaredNames, LARGEST};
use super::flat::FlatFolders;
use super::folders::{file_name, folder_of};
use super::implied::{ImpliedUse, implied_uses};
use crate::fs;
use crate::import::locks::LockedVersions;
use crate::import::{Imported, UsedBy};
use crate::model::Version;
use crate::ops::Result;
use crate::ops::packages::checkout_files;
use crate::ops::uses::{Use, is_generated, may_use, uses};

/// A package that is used and that no manifest declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UndeclaredUse {
    /// The package's name.
    pub name: String,
    /// A file that uses it, relative to the root.
    pub file: String,
}

/// Lets the project find the locked packages that files of the checkout use and that no manifest above them declares, and those that tools
/// look for unasked. Only folders count whose tool has all packages in one folder.
pub(in crate::ops) fn hoist(
    root: &Path,
    members: &[Arc<str>],
    (flat, locked): (&FlatFolders<'_>, &[(String, LockedVersions)]),
    imported: &mut Imported,
) -> Result<Vec<UndeclaredUse>> {
    if flat.all().is_empty() {
        return Ok(Vec::new());
    }
    let mut files = checkout_files(root, may_use)?;
    files.sort();
    let declared = DeclaredNames::read(root, members, &files, imported)?;
    let implied = implied_uses(root, (&files, members), flat, &declared)?;
    hoist_implied(&implied, locked, &declared, imported);
    let is_hoisted = imported.hoisting.matcher();
    let mut undeclared = Vec::new();
    for (name, users) in find(root, &files, (flat, locked), &declared) {
        if is_hoisted(&name) {
            continue;
        }
        let has_several = has_several(locked, &name);
        let mut all_find_it = false;
        for (user, file) in users {
            let remedy = Remedy::of(&name, user, (locked, has_several), &declared);
            if remedy.is_for_all() && std::mem::replace(&mut all_find_it, true) {
                continue;
            }
            remedy.apply(&name, UsedBy::Code, imported);
            undeclared.push(UndeclaredUse { name: name.clone(), file: file.to_owned() });
        }
    }
    Ok(undeclared)
}

/// Lets tools find the packages that they look for. One lockfile has no other names than those that were found, and the glob says it
/// all; of several, each folder gets the names of its own, in the versions that lay there.
fn hoist_implied(
    implied: &[ImpliedUse<'_>],
    locked: &[(String, LockedVersions)],
    declared: &DeclaredNames,
    imported: &mut Imported,
) {
    let is_only_one = locked.iter().all(|(folder, _)| *folder == locked[0].0);
    for used in implied {
        if is_only_one {
            imported.hoist(used.glob);
        }
        let of_root = implied.iter().any(|other| other.top.is_empty() && other.glob == used.glob);
        let names: BTreeSet<&str> = of_folder(locked, used.top).flat_map(LockedVersions::npm_names).collect();
        for name in names.into_iter().filter(|name| used.matches(name) && !declared.has(used.top, name)) {
            let on_top = |folder| of_folder(locked, folder).find_map(|versions| versions.found_on_top(name));
            let Some(version) = on_top(used.top) else { continue };
            let has_several = has_several(locked, name);
            if is_only_one && !has_several {
                continue;
            }
            let remedy = match declared.member_of(&format!("{}/", used.top)) {
                _ if used.top.is_empty() && has_several => Remedy::line_of_root(name, version, locked),
                _ if used.top.is_empty() => Remedy::Hoisted,
                // The root's own is found from below too.
                Some(_) if of_root && on_top("") == Some(version) => continue,
                Some(member) => Remedy::LineOfMember(member, version),
                None => continue,
            };
            remedy.apply(name, UsedBy::Tools, imported);
        }
    }
}

/// Returns whether several versions of a package are locked.
fn has_several(locked: &[(String, LockedVersions)], name: &str) -> bool {
    let versions = locked.iter().filter_map(|(_, versions)| versions.npm_versions(name)).flatten();
    versions.collect::<BTreeSet<_>>().len() > 1
}

/// How a package is found that is used undeclared. All but the line of a member let every user find it.
enum Remedy<'a> {
    /// By a line for the folder of a member. Nobody may depend on it, and what nobody depends on is not there to be hoisted.
    Folder(&'a str),
    /// By a line of the root, in the version that was found: several are locked. An optional one where all who have the package go without
    /// on systems that it is not for.
    LineOfRoot { version: &'a Version, optional: bool },
    /// By `extend` for a member, which has a lockfile above it that is not the root's, in the version that was found.
    LineOfMember(&'a str, &'a Version),
    /// By `hoist`.
    Hoisted,
}

impl<'a> Remedy<'a> {
    fn of(
        name: &str,
        user: User<'a>,
        (locked, has_several): (&'a [(String, LockedVersions)], bool),
        declared: &'a DeclaredNames,
    ) -> Self {
        if let Some(folder) = declared.member_folder(user.top, name) {
            return Self::Folder(folder);
        }
        let on_top = || of_folder(locked, user.top).find_map(|versions| versions.found_on_top(name));
        match (has_several.then(on_top).flatten(), user.member) {
            (Some(version), _) if user.top.is_empty() => Self::line_of_root(name, version, locked),
            (Some(version), Some(member)) => Self::LineOfMember(member, version),
            _ => Self::Hoisted,
        }
    }

    fn line_of_root(name: &str, version: &'a Version, locked: &[(String, LockedVersions)]) -> Self {
        Self::LineOfRoot { version, optional: of_folder(locked, "").all(|versions| versions.is_optional(name)) }
    }

    fn is_for_all(&self) -> bool {
        !matches!(self, Self::LineOfMember(..))
    }

    /// Lets a package be found so.
    fn apply(&self, name: &str, by: UsedBy, imported: &mut Imported) {
        match self {
            Self::Folder(folder) => imported.add_folder(folder),
            Self::LineOfRoot { version, optional } => {
                imported.take_use_of_root(name, &version.to_string(), by, *optional);
            }
            Self::LineOfMember(member, version) => imported.take_use_of_member(member, name, &version.to_string()),
            Self::Hoisted => imported.hoist(name),
        }
    }
}

/// Who uses a package: files of one member, or of none, below one folder where all packages lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct User<'a> {
    top: &'a str,
    /// The member's name.
    member: Option<&'a str>,
}

/// The users of each undeclared package, by its name, each with its first file.
type Users<'a> = BTreeMap<String, BTreeMap<User<'a>, &'a str>>;

/// Returns the undeclared packages that files use, of those that the lockfiles of their folders have and of the members.
fn find<'a>(
    root: &Path,
    files: &'a [String],
    (flat, locked): (&FlatFolders<'a>, &[(String, LockedVersions)]),
    declared: &'a DeclaredNames,
) -> Users<'a> {
    let mut found = Users::new();
    for file in files {
        let folder = folder_of(file);
        let Some(top) = flat.nearest(folder).filter(|_| !declared.is_anothers(folder)) else { continue };
        let text = fs::read_text_below(root, file, &[root], LARGEST).filter(|text| !is_generated(file, text));
        let Some(text) = text else { continue };
        for used in uses(file_name(file), &text) {
            // Of several packages with one executable, one that is declared is enough.
            let (packages, is_loaded) = match used {
                Use::Package(name) => (vec![name], true),
                // A path, if something of that name lies beside it.
                Use::Named(name) if is_beside(root, folder, &name) => continue,
                Use::Named(name) => (vec![name], false),
                Use::Program(name) => (owners(locked, top, &name), false),
            };
            let Some(package) = packages.first().filter(|_| !packages.iter().any(|name| declared.has(folder, name)))
            else {
                continue;
            };
            let is_locked = of_folder(locked, top).any(|versions| versions.npm_versions(package).is_some());
            // A word of a configuration may be called like a member by chance; with a scope it is not.
            let is_meant = is_loaded || package.starts_with('@');
            if is_locked || is_meant && declared.member_folder(top, package).is_some() {
                let user = User { top, member: declared.member_of(file) };
                found.entry(package.clone()).or_default().entry(user).or_insert(file);
            }
        }
    }
    found
}

/// Returns whether a word of a configuration in a folder leads to something there.
fn is_beside(root: &Path, folder: &str, word: &str) -> bool {
    !word.starts_with('@') && fs::lstat(&root.join(folder).join(word)).is_ok_and(|found| found.is_some())
}

/// Returns what the lockfiles of a folder chose.
fn of_folder<'l>(locked: &'l [(String, LockedVersions)], folder: &str) -> impl Iterator<Item = &'l LockedVersions> {
    locked.iter().filter(move |(of, _)| *of == *folder).map(|(_, versions)| versions)
}

/// Returns the packages that bring an executable: one of its name, where no lockfile tells.
fn owners(locked: &[(String, LockedVersions)], folder: &str, executable: &str) -> Vec<String> {
    let owners: Vec<_> = of_folder(locked, folder)
        .flat_map(|versions| versions.owners_of_executable(executable))
        .map(ToString::to_string)
        .collect();
    if owners.is_empty() { vec![executable.to_owned()] } else { owners }
}

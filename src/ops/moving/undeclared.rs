//! Packages that a repository's own files use and none of its manifests declares. They are found where a tool puts all packages into
//! one folder, and so that moving in changes nothing they are hoisted.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::flat::{FlatFolders, folder_of, is_below};
use crate::fs;
use crate::import::locks::LockedVersions;
use crate::import::{Imported, package_peers, package_ranges};
use crate::model::{PackageName, Version};
use crate::ops::Result;
use crate::ops::packages::checkout_files;
use crate::ops::project::inputs;
use crate::ops::uses::{Use, is_eslintrc, is_generated, may_use, uses};

/// The largest file that is looked into, in bytes.
const LARGEST: u64 = 1 << 20;

/// A package that is used and that no manifest declares.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct UndeclaredUse {
    /// The package's name.
    pub name: String,
    /// A file that uses it, relative to the root.
    pub file: String,
}

/// Lets the project find the locked packages that files of the checkout use and that no manifest above them declares; where there
/// is a configuration of the `ESLint` of old, the plugins of shared configurations too. Only folders count whose tool has all
/// packages in one folder.
pub(in crate::ops) fn hoist(
    root: &Path,
    members: &[Arc<str>],
    (flat, locked): (&FlatFolders<'_>, &[(String, LockedVersions)]),
    imported: &mut Imported,
) -> Result<Vec<UndeclaredUse>> {
    if flat.is_empty() {
        return Ok(Vec::new());
    }
    let mut files = checkout_files(root, may_use)?;
    files.sort();
    let declared = Declared::read(root, members, &files, imported)?;
    if files.iter().any(|file| is_eslintrc(file_name(file)) && flat.nearest(folder_of(file)).is_some()) {
        imported.hoist_eslint_plugins();
    }
    let is_hoisted = imported.hoisting.matcher();
    let mut undeclared = Vec::new();
    for (name, users) in find(root, &files, (flat, locked), &declared) {
        if is_hoisted(&name) {
            continue;
        }
        let versions = locked.iter().filter_map(|(_, versions)| versions.npm_versions(&name)).flatten();
        let has_several = versions.collect::<BTreeSet<_>>().len() > 1;
        let mut all_find_it = false;
        for (user, file) in users {
            let remedy = Remedy::of(&name, user, (locked, has_several), &declared);
            if !matches!(remedy, Remedy::LineOfMember(..)) && std::mem::replace(&mut all_find_it, true) {
                continue;
            }
            match remedy {
                Remedy::Folder(folder) => imported.add_folder(folder),
                Remedy::LineOfRoot(version) => imported.take_use_of_root(&name, &version.to_string()),
                Remedy::LineOfMember(member, version) => {
                    imported.take_use_of_member(member, &name, &version.to_string());
                }
                Remedy::Hoisted => imported.hoist(&name),
            }
            undeclared.push(UndeclaredUse { name: name.clone(), file: file.to_owned() });
        }
    }
    Ok(undeclared)
}

/// How a package is found that is used undeclared. All but the line of a member let every user find it.
enum Remedy<'a> {
    /// By a line for the folder of a member. Nobody may depend on it, and what nobody depends on is not there to be hoisted.
    Folder(&'a str),
    /// By a line of the root, in the version that was found: several are locked.
    LineOfRoot(&'a Version),
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
        declared: &'a Declared,
    ) -> Self {
        if let Some(folder) = declared.member_folder(user.top, name) {
            return Self::Folder(folder);
        }
        let on_top = || of_folder(locked, user.top).find_map(|versions| versions.found_on_top(name));
        match (has_several.then(on_top).flatten(), user.member) {
            (Some(version), _) if user.top.is_empty() => Self::LineOfRoot(version),
            (Some(version), Some(member)) => Self::LineOfMember(member, version),
            _ => Self::Hoisted,
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
    declared: &'a Declared,
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
                Use::Named(name) => (vec![name], false),
                Use::Program(name) => (owners(locked, top, &name), false),
            };
            let Some(package) = packages.first().filter(|_| !packages.iter().any(|name| declared.has(folder, name)))
            else {
                continue;
            };
            let is_locked = of_folder(locked, top).any(|versions| versions.npm_versions(package).is_some());
            if is_locked || is_loaded && declared.member_folder(top, package).is_some() {
                let user = User { top, member: declared.member_of(file) };
                found.entry(package.clone()).or_default().entry(user).or_insert(file);
            }
        }
    }
    found
}

fn file_name(file: &str) -> &str {
    file.rsplit('/').next().unwrap_or(file)
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

/// What the package.json files of a checkout declare.
struct Declared {
    /// Names by folder: those of the root and of the members.
    names: BTreeMap<String, BTreeSet<String>>,
    /// The names of the members, by their folders.
    members: BTreeMap<String, String>,
    /// Folders of projects that are no part of this one.
    others: Vec<String>,
}

impl Declared {
    fn read(root: &Path, members: &[Arc<str>], files: &[String], imported: &Imported) -> Result<Self> {
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
            let all = ranges.into_iter().map(|(name, _)| name).chain(peers).chain(name.clone());
            declared.names.entry(folder.to_owned()).or_default().extend(all);
            declared.members.extend(name.filter(|_| is_member).map(|name| (folder.to_owned(), name)));
        }
        Ok(declared)
    }

    /// Returns whether the manifest of a folder, or of one above it, has a name.
    fn has(&self, folder: &str, name: &str) -> bool {
        self.names.iter().any(|(above, names)| is_below(folder, above) && names.contains(name))
    }

    /// Returns the folder of the member below another folder that has a name.
    fn member_folder(&self, top: &str, name: &str) -> Option<&str> {
        let mut members = self.members.iter();
        members.find(|(folder, own)| *own == name && is_below(folder, top)).map(|(folder, _)| folder.as_str())
    }

    /// Returns the name of the nearest member that a file lies in.
    fn member_of(&self, file: &str) -> Option<&str> {
        let above = self.members.iter().filter(|(folder, _)| is_below(file, folder));
        above.max_by_key(|(folder, _)| folder.len()).map(|(_, name)| name.as_str())
    }

    /// Returns whether a folder lies in a project that is no part of this one.
    fn is_anothers(&self, folder: &str) -> bool {
        self.others.iter().any(|other| is_below(folder, other))
    }
}

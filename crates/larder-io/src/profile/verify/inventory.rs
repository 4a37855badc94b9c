//! A folder and what should be in it, compared file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::{self, Action, DirEntry, FsError, Kind};
use crate::model::TreeDigest;

use super::damage::{Checked, Damage, ProfileDamageKind, link_harm};
use crate::profile::ProfileError;
use crate::profile::key::RealisedKey;

/// The file or link that should lie at a path.
pub(super) enum ExpectedEntry {
    File {
        digest: TreeDigest,
        package: Option<Arc<str>>,
        tree: Option<TreeDigest>,
    },
    Link(PathBuf),
    /// A file whose content its package may change.
    Anything,
}

/// A folder and what should be in it.
pub(super) struct Inventory<'a> {
    pub(super) root: &'a Path,
    pub(super) folder: &'a Path,
    pub(super) key: Option<&'a RealisedKey>,
    /// The tree of the store that the folder as a whole is made of, if it is made of one.
    pub(super) tree: Option<TreeDigest>,
    pub(super) files: BTreeMap<String, ExpectedEntry>,
    /// The folder below which a package may write what it likes.
    pub(super) writable_folder: Option<String>,
}

impl Inventory<'_> {
    pub(super) fn check(&self) -> Result<Checked, ProfileError> {
        // What a link in its place leads to is not looked into.
        if fs::lstat(self.folder)?.is_some_and(|stat| stat.kind != Kind::Folder) {
            return Ok(vec![self.damage("", None, None, ProfileDamageKind::Foreign)].into());
        }
        let folders: BTreeSet<&str> = self.files.keys().flat_map(|path| parents(path)).collect();
        let is_looked_into = |path: &Path| {
            let is_known = || path.to_str().is_some_and(|path| folders.contains(path));
            !self.may_be_added_by_tools(path) || path.ends_with("__pycache__") || is_known()
        };
        let found = match fs::walk(self.folder, is_looked_into) {
            Ok(found) => found,
            Err(error) if error.is_not_found() => {
                return Ok(vec![self.damage("", None, None, ProfileDamageKind::Missing)].into());
            }
            Err(error) => return Err(error.into()),
        };
        let mut damage = Vec::new();
        let mut unknown_bytecode = Vec::new();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for found in &found {
            let path = found.path.to_str();
            match path.and_then(|path| self.files.get_key_value(path)) {
                Some((path, expected)) => {
                    seen.insert(path);
                    damage.extend(self.compare(path, expected, found.kind)?);
                }
                None if self.may_be_added_by_tools(&found.path) => {
                    if self.runs_unchecked(found)? {
                        damage.push(self.damage(&found.path.to_string_lossy(), None, None, ProfileDamageKind::Foreign));
                    } else if is_bytecode(found) {
                        unknown_bytecode.push(self.folder.join(&found.path));
                    }
                }
                None if found.kind == Kind::Folder && path.is_some_and(|path| is_known(&folders, path)) => {}
                None => damage.push(self.damage(&found.path.to_string_lossy(), None, None, ProfileDamageKind::Foreign)),
            }
        }
        for (path, expected) in self.files.iter().filter(|(path, _)| !seen.contains(path.as_str())) {
            let (package, tree) = expected.owner();
            damage.push(self.damage(path, package, tree, ProfileDamageKind::Missing));
        }
        Ok(Checked { damage, unknown_bytecode })
    }

    fn compare(&self, path: &str, expected: &ExpectedEntry, kind: Kind) -> Result<Option<Damage>, ProfileError> {
        let full = self.folder.join(path);
        let (package, tree) = expected.owner();
        let harm = match expected {
            ExpectedEntry::Link(target) => link_harm(&full, target)?,
            ExpectedEntry::File { digest, .. } if kind == Kind::File => {
                let found = hash(&full)?;
                (found != *digest).then_some(ProfileDamageKind::Changed { expected: *digest, found })
            }
            ExpectedEntry::Anything if kind == Kind::File => None,
            ExpectedEntry::File { .. } | ExpectedEntry::Anything => Some(ProfileDamageKind::Foreign),
        };
        Ok(harm.map(|harm| self.damage(path, package, tree, harm)))
    }

    /// Returns whether tools may put something at this path: caches, byte-code, and files of a writable package.
    fn may_be_added_by_tools(&self, path: &Path) -> bool {
        let mut parts = path.iter().peekable();
        while let Some(part) = parts.next() {
            let below = parts.peek().and_then(|next| next.to_str());
            if part == "__pycache__"
                || (part == "node_modules" && matches!(below, Some(".cache" | ".vite" | ".vite-temp")))
            {
                return true;
            }
        }
        self.writable_folder.as_ref().is_some_and(|folder| path.starts_with(folder) && path != Path::new(folder))
            && !self.files.contains_key(path.to_str().unwrap_or_default())
    }

    /// Returns whether something below `__pycache__` could run instead of its source: a link, or byte-code that asks Python
    /// not to look at the source (PEP 552, "unchecked"). Python itself writes none of these; what it writes it compares.
    fn runs_unchecked(&self, found: &DirEntry) -> Result<bool, ProfileError> {
        const HASH_BASED: u8 = 1;
        const CHECKED: u8 = 2;

        if !found.path.iter().any(|part| part == "__pycache__") {
            return Ok(false);
        }
        match found.kind {
            Kind::Symlink | Kind::Other => Ok(true),
            Kind::File if is_bytecode(found) => {
                let start = fs::read_start(&self.folder.join(&found.path), 8)?;
                // The magic number of the Python, then the flags.
                Ok(start.get(4).is_some_and(|flags| flags & HASH_BASED != 0 && flags & CHECKED == 0))
            }
            Kind::File | Kind::Folder => Ok(false),
        }
    }

    pub(super) fn damage(
        &self,
        path: &str,
        package: Option<&Arc<str>>,
        tree: Option<TreeDigest>,
        harm: ProfileDamageKind,
    ) -> Damage {
        let full = if path.is_empty() { self.folder.to_owned() } else { self.folder.join(path) };
        Damage {
            path: full.strip_prefix(self.root).map(Path::to_owned).unwrap_or(full),
            package: package.map(ToString::to_string),
            key: self.key.cloned(),
            tree: tree.or(self.tree),
            kind: harm,
        }
    }
}

fn is_bytecode(found: &DirEntry) -> bool {
    found.kind == Kind::File && found.path.extension().is_some_and(|extension| extension == "pyc")
}

impl ExpectedEntry {
    fn owner(&self) -> (Option<&Arc<str>>, Option<TreeDigest>) {
        match self {
            Self::File { package, tree, .. } => (package.as_ref(), *tree),
            Self::Link(_) | Self::Anything => (None, None),
        }
    }
}

/// Returns whether a folder is one above known files, or one of those that an environment has although they may be empty.
fn is_known(folders: &BTreeSet<&str>, path: &str) -> bool {
    let library = path.strip_prefix("python/lib/");
    let leads_to_packages = || library.is_some_and(|below| !below.contains('/') || below.ends_with("/site-packages"));
    folders.contains(path) || matches!(path, "bin" | "python/bin" | "python/lib") || leads_to_packages()
}

fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

fn hash(path: &Path) -> Result<TreeDigest, ProfileError> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs::open(path)?).map_err(|error| FsError::new(Action::Read, path, error))?;
    Ok(TreeDigest(*hasher.finalize().as_bytes()))
}

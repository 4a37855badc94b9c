//! Comparing a profile with what it should be, file by file.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::{self, Action, DirEntry, FsError, Kind};
use crate::model::TreeDigest;
use crate::store::Tree;

use super::files::Files;
use super::generation::{Contents, KEYS, LOCK, RECORD};
use super::head::HEAD;
use super::layout::{Layout, Realised};
use super::linking::Source;
use super::roots::RootLinks;
use super::{Generation, Key, ProfileError, npm, python};

/// Something that is not as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    /// Relative to the checkout.
    pub path: PathBuf,
    /// The package that it belongs to, where there is one.
    pub package: Option<String>,
    /// The realised package that it lies in, where it lies in one.
    pub key: Option<Key>,
    /// The tree of the store that the file is linked from: it may be harmed with it.
    pub tree: Option<TreeDigest>,
    /// What is wrong.
    pub harm: Harm,
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Harm {
    /// It is not there.
    Missing,
    /// Its content is not what was installed.
    Changed {
        /// The digest it should have.
        expected: TreeDigest,
        /// The digest it has.
        found: TreeDigest,
    },
    /// A link leads elsewhere, or is no link.
    Redirected {
        /// Where it should lead.
        expected: PathBuf,
    },
    /// A link leads to what is not there any more.
    Dangling {
        /// What is gone.
        target: PathBuf,
    },
    /// Nobody installed it.
    Foreign,
    /// The store has nothing to compare it with any more.
    Unknown,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` ", self.path.display())?;
        if let Some(package) = &self.package {
            write!(f, "({package}) ")?;
        }
        match &self.harm {
            Harm::Missing => f.write_str("is missing"),
            Harm::Changed { expected, found } => write!(f, "was changed: expected {expected:.16}…, found {found:.16}…"),
            Harm::Redirected { expected } => write!(f, "does not lead to `{}`", expected.display()),
            Harm::Dangling { target } => write!(f, "leads to `{}`, which is gone", target.display()),
            Harm::Foreign => f.write_str("was not installed by larder"),
            Harm::Unknown => f.write_str("cannot be checked: the store has no such package any more"),
        }
    }
}

/// Finds a tree of the store.
pub(super) type Lookup<'a> = dyn Fn(&TreeDigest) -> Option<Arc<Tree>> + Sync + 'a;

/// Checks a generation: its realised packages, and its own folder.
pub(super) fn verify(
    root: &Path,
    packages: &Path,
    folder: &Path,
    generation: &Generation,
    trees: &Lookup<'_>,
) -> Result<Vec<Damage>, ProfileError> {
    let contents = Contents::read(folder)?;
    let digest =
        Generation::digest(generation.platform, generation.python.as_ref(), &generation.closure, &contents.layout);
    if digest != generation.digest {
        return Err(ProfileError::BadRecord {
            file: folder.join(RECORD),
            problem: "it was changed: what it lists does not have the digest that it names".to_owned(),
        });
    }
    let mut damage = realised(root, packages, &contents.layout, trees)?;
    damage.extend(own_folder(root, folder, generation, &contents, trees)?);
    Ok(damage)
}

/// Checks the realised packages of a layout.
pub(super) fn realised(
    root: &Path,
    packages: &Path,
    layout: &Layout,
    trees: &Lookup<'_>,
) -> Result<Vec<Damage>, ProfileError> {
    let realised: Vec<_> = layout.packages.iter().collect();
    let found = fs::map_parallel(&realised, |(key, realised)| package(root, packages, key, realised, trees))?;
    Ok(found.into_iter().flatten().collect())
}

/// Checks the links in the checkout.
pub(super) fn root_links(root: &Path, links: &RootLinks) -> Result<Vec<Damage>, ProfileError> {
    let mut damage = Vec::new();
    for (path, target) in links {
        if let Some(harm) = link_harm(&root.join(path), target)? {
            damage.push(Damage { path: path.clone(), package: None, key: None, tree: None, harm });
        }
    }
    Ok(damage)
}

/// What should lie at a path.
enum Expected {
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
struct Inventory<'a> {
    root: &'a Path,
    folder: &'a Path,
    key: Option<&'a Key>,
    files: BTreeMap<String, Expected>,
    /// The folder below which a package may write what it likes.
    free: Option<String>,
}

fn package(
    root: &Path,
    packages: &Path,
    key: &Key,
    realised: &Realised,
    trees: &Lookup<'_>,
) -> Result<Vec<Damage>, ProfileError> {
    let folder = packages.join(key.as_str());
    let own = format!("node_modules/{}", realised.name);
    let mut inventory = Inventory { root, folder: &folder, key: Some(key), files: BTreeMap::new(), free: None };
    let Some(tree) = trees(&realised.tree) else {
        return Ok(vec![inventory.damage("", Some(&realised.name), Some(realised.tree), Harm::Unknown)]);
    };
    if realised.files == Files::Writable {
        inventory.free = Some(own.clone());
    }
    let repaired = repaired(realised, &tree);
    for entry in &tree.entries {
        let expected = match realised.files {
            Files::Writable => Expected::Anything,
            Files::Shared | Files::Private => {
                let digest = repaired.get(&*entry.path).copied().unwrap_or(entry.digest);
                Expected::File { digest, package: Some(realised.name.clone()), tree: Some(realised.tree) }
            }
        };
        inventory.files.insert(format!("{own}/{}", entry.path), expected);
    }
    for (name, target) in &realised.dependencies {
        if **name == *realised.name && matches!(target, super::Target::Package(other, _) if other == key) {
            continue;
        }
        let path = npm::link_path(realised, name);
        let target = npm::relative_target(root, &path, target);
        inventory.files.insert(path, Expected::Link(target));
    }
    inventory.check()
}

/// Returns the digests of the executables whose first line was repaired as they were copied.
fn repaired(realised: &Realised, tree: &Tree) -> BTreeMap<String, TreeDigest> {
    // A harmed tree is named where the store is checked.
    let executables = Source::open(tree, realised.files).and_then(|source| npm::executables(&source, realised, tree));
    let repaired = executables.unwrap_or_default().into_iter();
    repaired.filter_map(|(path, content)| Some((path, TreeDigest::of(&content?)))).collect()
}

/// Checks a generation's own folder.
pub(super) fn own_folder(
    root: &Path,
    folder: &Path,
    generation: &Generation,
    contents: &Contents,
    trees: &Lookup<'_>,
) -> Result<Vec<Damage>, ProfileError> {
    let mut inventory = Inventory { root, folder, key: None, files: BTreeMap::new(), free: None };
    let mut damage = Vec::new();
    for record in [RECORD, HEAD, KEYS, LOCK] {
        inventory.files.insert(record.to_owned(), Expected::Anything);
    }
    if let Some(interpreter) = &generation.python {
        let library = interpreter.library();
        if fs::stat(&interpreter.path)?.is_none() {
            let harm = Harm::Dangling { target: interpreter.path.clone() };
            damage.push(inventory.damage("python/bin/python", None, None, harm));
        }
        damage.extend(inventory.wheels(contents, &library, trees)?);
        damage.extend(inventory.bytecode(generation, contents, &library, trees)?);
    }
    // Some files of wheels were rewritten: what larder wrote counts.
    for (path, digest) in &contents.generated {
        inventory.files.insert(path.clone(), Expected::File { digest: digest.0, package: None, tree: None });
    }
    let links = contents.links.iter().map(|(path, target)| (path.clone(), Expected::Link(target.clone())));
    inventory.files.extend(links);
    damage.extend(inventory.check()?);
    Ok(damage)
}

impl Inventory<'_> {
    fn wheels(&mut self, contents: &Contents, library: &str, trees: &Lookup<'_>) -> Result<Vec<Damage>, ProfileError> {
        let mut damage = Vec::new();
        for distribution in &contents.layout.python {
            let Some(tree) = trees(&distribution.tree) else {
                damage.push(self.damage("python", Some(&distribution.name), Some(distribution.tree), Harm::Unknown));
                continue;
            };
            for (place, entry) in python::linked_files(distribution, &tree, library)? {
                let expected = match distribution.files {
                    Files::Writable => Expected::Anything,
                    Files::Shared | Files::Private => Expected::File {
                        digest: entry.digest,
                        package: Some(distribution.name.clone()),
                        tree: Some(distribution.tree),
                    },
                };
                let place = format!("python/{place}");
                if contents.has_file_of(&distribution.name, &place) {
                    self.files.insert(place, expected);
                }
            }
        }
        Ok(damage)
    }

    fn bytecode(
        &mut self,
        generation: &Generation,
        contents: &Contents,
        library: &str,
        trees: &Lookup<'_>,
    ) -> Result<Vec<Damage>, ProfileError> {
        let mut damage = Vec::new();
        for distribution in &contents.layout.python {
            let compiled = generation.bytecode.as_ref().and_then(|bytecode| bytecode.get(&distribution.name));
            let (Some(compiled), Some(tree)) = (compiled, trees(&distribution.tree)) else { continue };
            let Some(bytecode) = trees(&compiled.0) else {
                damage.push(self.damage("python", Some(&distribution.name), Some(compiled.0), Harm::Unknown));
                continue;
            };
            for (place, entry) in python::compiled_files(distribution, &tree, &bytecode, library)? {
                let place = format!("python/{place}");
                if !contents.has_file_of(&distribution.name, &place) {
                    continue;
                }
                // What two wheels share comes from the first.
                self.files.entry(place).or_insert_with(|| Expected::File {
                    digest: entry.digest,
                    package: Some(distribution.name.clone()),
                    tree: Some(bytecode.digest),
                });
            }
        }
        Ok(damage)
    }

    fn check(&self) -> Result<Vec<Damage>, ProfileError> {
        // What a link in its place leads to is not looked into.
        if fs::lstat(self.folder)?.is_some_and(|stat| stat.kind != Kind::Folder) {
            return Ok(vec![self.damage("", None, None, Harm::Foreign)]);
        }
        let folders: BTreeSet<&str> = self.files.keys().flat_map(|path| parents(path)).collect();
        let is_looked_into = |path: &Path| {
            let is_known = || path.to_str().is_some_and(|path| folders.contains(path));
            !self.may_be_added(path) || path.ends_with("__pycache__") || is_known()
        };
        let found = match fs::walk(self.folder, is_looked_into) {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(vec![self.damage("", None, None, Harm::Missing)]),
            Err(error) => return Err(error.into()),
        };
        let mut damage = Vec::new();
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        for found in &found {
            let path = found.path.to_str();
            match path.and_then(|path| self.files.get_key_value(path)) {
                Some((path, expected)) => {
                    seen.insert(path);
                    damage.extend(self.compare(path, expected, found.kind)?);
                }
                None if self.may_be_added(&found.path) => {
                    if self.runs_unchecked(found)? {
                        damage.push(self.damage(&found.path.to_string_lossy(), None, None, Harm::Foreign));
                    }
                }
                None if found.kind == Kind::Folder && path.is_some_and(|path| is_known(&folders, path)) => {}
                None => damage.push(self.damage(&found.path.to_string_lossy(), None, None, Harm::Foreign)),
            }
        }
        for (path, expected) in self.files.iter().filter(|(path, _)| !seen.contains(path.as_str())) {
            let (package, tree) = expected.owner();
            damage.push(self.damage(path, package, tree, Harm::Missing));
        }
        Ok(damage)
    }

    fn compare(&self, path: &str, expected: &Expected, kind: Kind) -> Result<Option<Damage>, ProfileError> {
        let full = self.folder.join(path);
        let (package, tree) = expected.owner();
        let harm = match expected {
            Expected::Link(target) => link_harm(&full, target)?,
            Expected::File { digest, .. } if kind == Kind::File => {
                let found = hash(&full)?;
                (found != *digest).then_some(Harm::Changed { expected: *digest, found })
            }
            Expected::Anything if kind == Kind::File => None,
            Expected::File { .. } | Expected::Anything => Some(Harm::Foreign),
        };
        Ok(harm.map(|harm| self.damage(path, package, tree, harm)))
    }

    /// What tools may put into a profile.
    fn may_be_added(&self, path: &Path) -> bool {
        let mut parts = path.iter().peekable();
        while let Some(part) = parts.next() {
            let below = parts.peek().and_then(|next| next.to_str());
            if part == "__pycache__"
                || (part == "node_modules" && matches!(below, Some(".cache" | ".vite" | ".vite-temp")))
            {
                return true;
            }
        }
        self.free.as_ref().is_some_and(|free| path.starts_with(free) && path != Path::new(free))
            && !self.files.contains_key(path.to_str().unwrap_or_default())
    }

    /// Tells whether something below `__pycache__` could run instead of its source: a link, or byte-code that asks Python
    /// not to look at the source (PEP 552, "unchecked"). Python itself writes none of these; what it writes it compares.
    fn runs_unchecked(&self, found: &DirEntry) -> Result<bool, ProfileError> {
        const HASH_BASED: u8 = 1;
        const CHECKED: u8 = 2;

        if !found.path.iter().any(|part| part == "__pycache__") {
            return Ok(false);
        }
        match found.kind {
            Kind::Symlink | Kind::Other => Ok(true),
            Kind::File if found.path.extension().is_some_and(|extension| extension == "pyc") => {
                let start = fs::read_start(&self.folder.join(&found.path), 8)?;
                // The magic number of the Python, then the flags.
                Ok(start.get(4).is_some_and(|flags| flags & HASH_BASED != 0 && flags & CHECKED == 0))
            }
            Kind::File | Kind::Folder => Ok(false),
        }
    }

    fn damage(&self, path: &str, package: Option<&Arc<str>>, tree: Option<TreeDigest>, harm: Harm) -> Damage {
        let full = if path.is_empty() { self.folder.to_owned() } else { self.folder.join(path) };
        Damage {
            path: full.strip_prefix(self.root).map(Path::to_owned).unwrap_or(full),
            package: package.map(ToString::to_string),
            key: self.key.cloned(),
            tree,
            harm,
        }
    }
}

impl Expected {
    fn owner(&self) -> (Option<&Arc<str>>, Option<TreeDigest>) {
        match self {
            Self::File { package, tree, .. } => (package.as_ref(), *tree),
            Self::Link(_) | Self::Anything => (None, None),
        }
    }
}

/// Empty folders of an environment, and those above known files.
fn is_known(folders: &BTreeSet<&str>, path: &str) -> bool {
    folders.contains(path) || path == "bin" || path == "python/bin" || path.ends_with("/site-packages")
}

fn parents(path: &str) -> impl Iterator<Item = &str> {
    path.match_indices('/').map(|(at, _)| &path[..at])
}

fn link_harm(path: &Path, expected: &Path) -> Result<Option<Harm>, ProfileError> {
    let redirected = || Some(Harm::Redirected { expected: expected.to_owned() });
    match fs::lstat(path)? {
        None => Ok(Some(Harm::Missing)),
        Some(stat) if stat.kind != Kind::Symlink => Ok(redirected()),
        Some(_) => Ok(if fs::read_link(path)? == expected { None } else { redirected() }),
    }
}

fn hash(path: &Path) -> Result<TreeDigest, ProfileError> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs::open(path)?).map_err(|error| FsError::new(Action::Read, path, error))?;
    Ok(TreeDigest(*hasher.finalize().as_bytes()))
}

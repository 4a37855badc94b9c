//! Patching a package: an editable copy of it, and the patch that is made of what was changed there.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure, nearest};
use crate::fs::{self, Durability, Kind};
use crate::lock::Lockfile;
use crate::manifest::edit;
use crate::model::{Package, PackageKey, PatchedPackage};
use crate::patch::{self, FileState, PatchError, PatchedFile};
use crate::profile;
use crate::store::Tree;

use super::install::gather;
use super::lock::{self, Changes, Locked, Replacement, Wish};
use super::project;
use super::project::snapshot::{self, InputSnapshot};
use super::project::spec::Known;
use super::project::target::{EditTarget, Edited};
use super::registries::LazyRegistries;
use super::update::NotLocked;
use super::{Project, Result, Session, sync};

/// Where packages lie while they are edited, below larder's own folder: `npm/@acme/money@1.2.0`.
const EDITED: &str = "edit";

/// The folder of the patches that larder writes, relative to the root.
const PATCHES: &str = "patches";

/// `larder patch NAME --json`: see `schema/patch.json`.
#[derive(Debug, Serialize)]
pub struct Opened {
    /// The package, as `npm:left-pad@1.3.0`.
    pub package: String,
    /// The folder with its files, to be edited.
    pub folder: PathBuf,
}

/// Copies a locked package, with the patch that it has, to a folder of its own, where it can be edited.
pub fn open(session: &Session<'_>, name: &str) -> Result<Opened> {
    let project = Project::open(session.context)?;
    let lockfile = lock::existing(&project)?;
    let (key, package) = find(&lockfile, name)?;
    let patched = PatchedPackage::find(&lockfile.settings.patches, key);
    let tree = tree(session, &project, (key, package), patched)?;
    let folder = edit_folder(&project.root, key);
    if fs::lstat(&folder)?.is_some() {
        return Err(PatchFailure::Open { package: key.clone(), folder }.into());
    }
    // The copy appears whole: one that was interrupted is not mistaken for an edited one.
    fs::create_dir_all(folder.parent().unwrap_or(&folder))?;
    let draft = profile::own_folder(&project.root).join(format!("{EDITED}-{}", fs::random_name()));
    let copied = profile::copy_tree(&tree, &draft).and_then(|()| Ok(fs::rename(&draft, &folder)?));
    if copied.is_err() {
        // The first error is the one to report.
        let _ = fs::remove_tree(&draft);
    }
    copied?;
    Ok(Opened { package: key.to_string(), folder })
}

/// Makes a patch of what was changed in a folder that [`open`] made, names it in the manifest, and locks. The folder goes.
pub fn commit(session: &Session<'_>, folder: &Path, syncs: bool) -> Result<Changes> {
    let root = project::find_root(session.context)?;
    let folder = session.context.folder.join(folder);
    if fs::stat(&folder)?.is_none() {
        return Err(PatchFailure::NotOpen(folder).into());
    }
    let folder = fs::canonicalize(&folder)?;
    let changes = snapshot::undisturbed(&root, |snapshot| {
        let project = Project::read(root.clone())?;
        let lockfile = lock::existing(&project)?;
        let base = profile::own_folder(&fs::canonicalize(&root)?).join(EDITED);
        let edited = |key: &&PackageKey| base.join(relative(key)) == folder;
        let Some(key) = lockfile.graph.packages.keys().find(edited) else {
            return Err(PatchFailure::NotOpen(folder.clone()).into());
        };
        let original = tree(session, &project, (key, &lockfile.graph.packages[key]), None)?;
        let text = patch::create(&original_state(&original)?, &edited_state(&folder)?)
            .map_err(|error| PatchFailure::Unpatchable { package: key.clone(), error })?;
        if text.is_empty() {
            return Err(PatchFailure::Unchanged { package: key.clone(), folder: folder.clone() }.into());
        }
        let package = key;
        Commit { session, project: &project, package, before: &lockfile, syncs, snapshot }.write(&text)
    })?;
    fs::remove_tree(&folder)?;
    Ok(changes)
}

/// A patch that is about to be written.
struct Commit<'a> {
    session: &'a Session<'a>,
    project: &'a Project,
    package: &'a PackageKey,
    /// The lock as it is.
    before: &'a Lockfile,
    /// Whether a sync follows: what it would refuse is refused before anything is written.
    syncs: bool,
    snapshot: &'a InputSnapshot,
}

impl Commit<'_> {
    /// Writes patch, manifest and lock. Returns `None` if another process wrote the manifest or the lock meanwhile.
    fn write(&self, text: &[u8]) -> Result<Option<Changes>> {
        let (root, key) = (&self.project.root, self.package);
        let target = EditTarget::root(self.project);
        let (file, manifest) = if let Some(line) = self.project.manifest.patch_of(&key.id, &key.version) {
            (Arc::clone(&line.file), target.text().to_owned())
        } else {
            let file = free_name(root, key)?;
            let words = [key.id.name.as_str(), &key.version.to_string(), &file].map(edit::quoted).join(" ");
            let line = format!("patch {} {words}", key.id.ecosystem);
            (file, edit::add_line(&target.file, target.text(), &edit::Block::Top, &line)?)
        };
        let path = root.join(&*file);
        let replaced = fs::read_if_exists(&path)?;
        fs::create_dir_all(path.parent().unwrap_or(root))?;
        fs::write_atomic(&path, text, Durability::Whole)?;
        let locked = self.lock(&target, &manifest);
        if !matches!(locked, Ok(Some(_))) {
            match replaced {
                Some(bytes) => fs::write_atomic(&path, &bytes, Durability::Whole)?,
                None => fs::remove_file(&path)?,
            }
        }
        let lines = vec![format!("Patched {key}: {file}")];
        Ok(locked?.map(|locked| Changes { lines, locked }))
    }

    fn lock(&self, target: &EditTarget, text: &str) -> Result<Option<Locked>> {
        let (session, before) = (self.session, self.before);
        let project = target.tried(self.project, text)?;
        let (lockfile, solved) = lock::solve(session, &project, &Wish::keeping(before))?;
        if self.syncs {
            sync::check(session, &project, &lockfile)?;
        }
        let edited = Edited { target, text };
        Replacement { project: &project, edited: Some(&edited), old: before, snapshot: self.snapshot }
            .write(session.context, (lockfile, &solved))
    }
}

/// Returns the locked package that a name means: `left-pad`, `npm:left-pad`, or either with `@1.3.0`.
fn find<'l>(lockfile: &'l Lockfile, name: &str) -> Result<(&'l PackageKey, &'l Package)> {
    let (bare, version) = match name.rsplit_once('@') {
        Some((bare, version)) if !bare.is_empty() && !bare.ends_with(':') => (bare, Some(version)),
        _ => (name, None),
    };
    let known = Known::parse(bare);
    let served = || lockfile.graph.packages.iter().filter(|(key, _)| !key.id.ecosystem.is_local());
    let fits =
        |key: &PackageKey| known.names(&key.id) && version.is_none_or(|version| key.version.to_string() == version);
    let found: Vec<_> = served().filter(|(key, _)| fits(key)).collect();
    match found[..] {
        [one] => Ok(one),
        [] => {
            let meant = nearest(bare, served().map(|(key, _)| key.id.name.as_str())).map(str::to_owned);
            Err(NotLocked { name: name.to_owned(), meant }.into())
        }
        _ => {
            let all = found.iter().map(|(key, _)| format!("`larder patch {key}`")).collect::<Vec<_>>().join(" or ");
            Err(PatchFailure::Several { name: name.to_owned(), all }.into())
        }
    }
}

/// Returns a package's files, fetched if the store does not have them.
fn tree(
    session: &Session<'_>,
    project: &Project,
    (key, package): (&PackageKey, &Package),
    patched: Option<&PatchedPackage>,
) -> Result<Arc<Tree>> {
    gather::package_tree(&LazyRegistries::new(session, project), key, package, patched)
}

fn edit_folder(root: &Path, key: &PackageKey) -> PathBuf {
    profile::own_folder(root).join(EDITED).join(relative(key))
}

fn relative(key: &PackageKey) -> PathBuf {
    Path::new(key.id.ecosystem.as_str()).join(format!("{}@{}", key.id.name, key.version))
}

/// Returns the files of a tree.
fn original_state(tree: &Tree) -> Result<FileState> {
    let mut state = FileState::new();
    for entry in &tree.entries {
        let content = fs::read(&tree.folder.join(&*entry.path))?;
        state.insert(entry.path.to_string(), PatchedFile { content, executable: entry.executable });
    }
    Ok(state)
}

/// Returns the files of an edited copy. What package managers and editors leave there is none of the package.
fn edited_state(folder: &Path) -> Result<FileState> {
    const LEFT_THERE: [&str; 4] = ["node_modules", "__pycache__", ".git", ".DS_Store"];
    let is_left = |path: &Path| {
        path.components()
            .any(|part| matches!(part, Component::Normal(name) if LEFT_THERE.iter().any(|left| *left == name)))
    };
    let mut state = FileState::new();
    for found in fs::walk(folder, |path| !is_left(path))?.into_iter().filter(|found| !is_left(&found.path)) {
        let path = folder.join(&found.path);
        let name = || found.path.to_string_lossy().into_owned();
        match found.kind {
            Kind::Folder => {}
            Kind::File => {
                let executable = fs::lstat(&path)?.is_some_and(|stat| stat.is_executable());
                state.insert(name(), PatchedFile { content: fs::read(&path)?, executable });
            }
            _ => return Err(PatchFailure::NoFile { path: name() }.into()),
        }
    }
    Ok(state)
}

/// Returns the name of a new patch: `patches/@acme+money@1.2.0.patch`.
fn free_name(root: &Path, key: &PackageKey) -> Result<Arc<str>> {
    let plain = format!("{PATCHES}/{}@{}.patch", key.id.name.as_str().replace('/', "+"), key.version);
    if fs::lstat(&root.join(&plain))?.is_none() {
        return Ok(plain.into());
    }
    let full =
        format!("{PATCHES}/{}+{}@{}.patch", key.id.ecosystem, key.id.name.as_str().replace('/', "+"), key.version);
    match fs::lstat(&root.join(&full))? {
        None => Ok(full.into()),
        Some(_) => Err(PatchFailure::Occupied { file: full }.into()),
    }
}

/// Why a package cannot be patched.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum PatchFailure {
    /// Several versions are locked.
    #[error("`{name}` is locked in more than one version")]
    #[diagnostic(code(larder::patch::several), help("say which one: {all}"))]
    Several { name: String, all: String },
    /// It is being edited already.
    #[error("{package} is being edited in `{}`", folder.display())]
    #[diagnostic(
        code(larder::patch::open),
        help("go on there, and `larder patch --commit {0}`; or remove the folder to begin anew", folder.display())
    )]
    Open { package: PackageKey, folder: PathBuf },
    /// The folder is none that was opened.
    #[error("`{}` is no copy of a locked package", .0.display())]
    #[diagnostic(code(larder::patch::not_open), help("`larder patch NAME` makes one, and prints its path"))]
    NotOpen(PathBuf),
    /// Nothing was changed.
    #[error("`{}` has the files of {package} as they were published", folder.display())]
    #[diagnostic(
        code(larder::patch::unchanged),
        help("edit them first; a patch that is no longer needed goes with its `patch` line")
    )]
    Unchanged { package: PackageKey, folder: PathBuf },
    /// The changes cannot be written as a patch.
    #[error("the changes of {package} cannot be made a patch: {error}")]
    #[diagnostic(code(larder::patch::unpatchable), help("a patch changes text files"))]
    Unpatchable { package: PackageKey, error: PatchError },
    /// Something is neither file nor folder.
    #[error("`{path}` is neither a file nor a folder")]
    #[diagnostic(code(larder::patch::no_file), help("packages have no links: put a file in its place"))]
    NoFile { path: String },
    /// Something else has the patch's name.
    #[error("`{file}` is there already, and no `patch` line names it")]
    #[diagnostic(code(larder::patch::occupied), help("give it another name, or remove it"))]
    Occupied { file: String },
}

impl Failure for PatchFailure {
    fn exit(&self) -> Exit {
        match self {
            Self::Several { .. } | Self::NotOpen(_) => Exit::Manifest,
            _ => Exit::Refused,
        }
    }
}

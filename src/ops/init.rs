//! A manifest and a lock for a folder that has none, out of what the folder has from other tools.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure, list};
use crate::fs::{self, Durability};
use crate::import::locks::LockedVersions;
use crate::import::{self, ImportError, Imported, ImportedRegistry, PYTHON_MANIFESTS, Template};
use crate::manifest::{self, ManifestKind};
use crate::model::{Ecosystem, Platform, RuntimeName, Settings};
use crate::patch::{MAX_PATCH_SIZE, PackagePatch};
use crate::profile::{self, ProfileError, python};

use super::lock::{self, Locked, UnusedPatches};
use super::moving::flat::FlatFolders;
use super::moving::locked::{self, Kept};
use super::moving::undeclared::{self, UndeclaredUse};
use super::moving::{
    membership, own_packages, own_registries, path_patterns, peers, pending, published, requirements, workspace,
};
use super::programs::interpreter;
use super::project::snapshot;
use super::project::{host, inputs, members};
use super::session::MANIFEST;
use super::{Context, Error, Project, Result, Session};

pub use crate::import::NotTaken;

/// `larder init --json`: see `schema/init.json`.
#[derive(Debug, Serialize)]
pub struct Initialised {
    /// The file that was written.
    pub manifest: PathBuf,
    /// The files whose dependencies were taken over.
    pub taken_from: Vec<String>,
    /// The packages that files here use and no manifest declares: they are hoisted.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub undeclared: Vec<UndeclaredUse>,
    /// The groups that no environment includes: their tool installs them only when asked to.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub groups_on_demand: Vec<String>,
    /// What could not be.
    pub not_taken: Vec<NotTaken>,
    /// The folders that are members.
    pub members: Vec<String>,
    /// The lockfiles whose versions the lock is to keep.
    pub locked_by: Vec<String>,
    /// What became of the versions that those have, once there is a lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kept: Option<Kept>,
    /// The declared runtimes that are not on this machine.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_runtimes: Vec<&'static str>,
    /// Why the project cannot be read as it is now.
    #[serde(skip)]
    pub problem: Option<Error>,
}

/// What `init` does about parts that keep something out and have no counterpart in a manifest: an index, a cutoff.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guards {
    /// Nothing is written, and they are named.
    Required,
    /// They are left out, like others.
    LeftOut,
}

/// What is asked of `init`.
#[derive(Clone, Debug)]
pub struct InitOptions<'a> {
    /// The project's name, instead of the folder's.
    pub name: Option<&'a str>,
    /// What becomes of parts that keep something out.
    pub guards: Guards,
    /// Further registries of the manifest.
    pub registries: Vec<ImportedRegistry>,
}

/// Writes `larder.kdl` and the lines of `.gitignore` that are missing.
pub fn init(context: &Context<'_>, options: InitOptions<'_>) -> Result<Initialised> {
    let InitOptions { name, guards, registries } = options;
    let path = context.folder.join(MANIFEST);
    if fs::stat(&path)?.is_some() {
        return Err(Exists(path).into());
    }
    // A link in the place of larder's own folder would lead what is noted there out of the checkout.
    profile::Profiles::open(&context.folder)?;
    let FolderEntries { mut imported, taken_from, undeclared } = import(&context.folder)?;
    index_variables(context, &mut imported);
    check_patches(&context.folder, &mut imported)?;
    leave_out_unserved(&mut imported, registries.iter().map(|registry| registry.ecosystem));
    check_guards(&imported, guards)?;
    workspace::take_from_members(&context.folder, &mut imported)?;
    imported.registries.extend(registries);
    let folder_name = context.folder.file_name().and_then(|name| name.to_str());
    let text = import::template(&Template {
        name: name.or(imported.name.as_deref()).or(folder_name).unwrap_or("project"),
        host: host::platform().unwrap_or(Platform::LinuxX64),
        node: interpreter::node(context)?.as_deref(),
        python: interpreter::python(context)?.as_deref(),
        imported: &imported,
    });
    let written = match manifest::parse(MANIFEST, &text, ManifestKind::Root) {
        Ok(written) => written,
        Err(failure) => {
            let reason = failure.errors.first().map(ToString::to_string).unwrap_or_default();
            return Err(NoManifest { files: taken_from.join(", "), reason }.into());
        }
    };
    // The manifest comes last: without it, whatever was done is done again.
    profile::add_ignore_lines(&context.folder.join(".gitignore"))?;
    fs::write_atomic(&path, text.as_bytes(), Durability::Whole)?;
    let root = &context.folder;
    let members = members::find(root, written.members.iter().map(|glob| &*glob.value))?.folders;
    workspace::tell_extras_of_members(root, &members, &mut imported);
    let mut locked_by = locked::of_project((root, &members), &taken_from)?;
    // What several say of one package, the first says.
    for file in
        std::mem::take(&mut imported.pin_files).into_iter().chain(workspace::compiled_requirements(root, &members)?)
    {
        if !locked_by.contains(&file) {
            locked_by.push(file);
        }
    }
    let (locked_by, of_others) = locked::for_python(root, &written.settings, locked_by);
    for file in of_others {
        imported.refuse(file, "it has the versions for another Python than the project's");
    }
    remember_locks((root, &members), &written.settings, (&locked_by, guards))?;
    let read = Project::read(root.clone());
    let missing_runtimes = read.as_ref().map(|project| missing_runtimes(context, project)).unwrap_or_default();
    Ok(Initialised {
        manifest: path,
        taken_from,
        undeclared,
        groups_on_demand: imported.dependency_groups_on_demand().iter().map(ToString::to_string).collect(),
        not_taken: imported.not_taken,
        members: members.iter().map(ToString::to_string).collect(),
        locked_by,
        kept: None,
        missing_runtimes,
        problem: read.err(),
    })
}

/// Notes the lockfiles whose versions the first lock is to keep. One that cannot be read is no help to it.
fn remember_locks(
    (root, members): (&Path, &[Arc<str>]),
    settings: &Settings,
    (locked_by, guards): (&[String], Guards),
) -> Result<()> {
    let reads = |file: &String| locked::read(root, std::slice::from_ref(file), members, settings).is_ok();
    let files: Vec<String> = locked_by.iter().filter(|file| reads(file)).cloned().collect();
    if files.is_empty() { pending::forget(root) } else { pending::remember(root, &files, guards == Guards::LeftOut) }
}

/// Returns the runtimes that packages of the project need and this machine lacks, or has in an older version.
fn missing_runtimes(context: &Context<'_>, project: &Project) -> Vec<&'static str> {
    let has = |is_of: fn(Ecosystem) -> bool| project.lines.iter().any(|line| is_of(line.requirement.ecosystem()));
    let settings = &project.manifest.settings;
    let mut missing = Vec::new();
    let lacks_node = |found: Option<String>| found.is_none_or(|node| interpreter::is_older(&node, settings));
    if has(Ecosystem::has_scopes) && interpreter::node(context).is_ok_and(lacks_node) {
        missing.push(RuntimeName::Node.as_str());
    }
    let search = interpreter::search(context, host::platform());
    // One that somebody ended before it answered may be there.
    let is_missing = |error: ProfileError| !matches!(error, ProfileError::Ended { .. });
    let lacks_python = |wanted| python::find(wanted, &search).is_err_and(is_missing);
    if has(Ecosystem::has_markers) && settings.python.as_ref().is_some_and(lacks_python) {
        missing.push(RuntimeName::Python.as_str());
    }
    missing
}

/// Reads the versions that other tools chose for a project that was just initialised. Where guards are left out, packages may come from
/// elsewhere than lockfiles say.
pub fn chosen_before(session: &Session<'_>, initialised: &Initialised, guards: Guards) -> Result<LockedVersions> {
    let project = Project::read(session.context.folder.clone())?;
    let versions = locked::read(&project.root, &initialised.locked_by, &project.members, &project.manifest.settings)?;
    Ok(versions.from_anywhere(guards == Guards::LeftOut))
}

/// Writes the lock of a project that was just initialised, with the versions that other tools chose.
pub fn lock(session: &Session<'_>, before: &LockedVersions) -> Result<(Locked, Kept)> {
    let root = &session.context.folder;
    let unused = UnusedPatches::LeftOut;
    snapshot::undisturbed(root, |snapshot| {
        lock::take_over(session, &Project::read(root.clone())?, (before, unused), snapshot)
    })
}

/// A reader of a file that declares something.
pub(super) type ManifestReader = fn(&str) -> std::result::Result<Imported, ImportError>;

/// The files of the root that are read, in this order.
const FILES: [(&str, ManifestReader); 10] = [
    ("package.json", import::package_json),
    ("pnpm-workspace.yaml", import::pnpm_workspace),
    (".npmrc", |text| Ok(import::npmrc(text))),
    (".yarnrc", |text| Ok(import::yarnrc_classic(text))),
    (".yarnrc.yml", import::yarnrc),
    ("bunfig.toml", import::bunfig),
    ("pip.conf", |text| Ok(import::pip_conf(text))),
    ("Pipfile", import::pipfile),
    (import::WORKSPACE_SETTINGS, import::workspace_settings),
    (import::PACKAGE_REGISTRY, import::package_registry),
];

/// The files of other tools that declare dependencies and are not read, each with the way on.
const UNREAD: [(&str, &str); 3] = [("environment.yml", CONDA), ("environment.yaml", CONDA), ("pixi.toml", CONDA)];

const CONDA: &str = "packages of conda channels are not read: `larder add` takes those that PyPI and npm have";

/// Returns the reader of a file of this name.
pub(super) fn reader(name: &str) -> Option<ManifestReader> {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    match FILES.iter().find(|(file, _)| file.rsplit('/').next() == Some(name)) {
        Some((_, read)) => Some(*read),
        None if name == "pyproject.toml" => Some(import::pyproject),
        None if name == "lerna.json" => Some(import::lerna),
        None if matches!(extension, Some("txt" | "in")) => Some(|text| Ok(import::requirements(text, &|_| None))),
        None if name == "pip.ini" => Some(|text| Ok(import::pip_conf(text))),
        None => None,
    }
}

/// Fails where parts would be left out that keep something out.
pub(super) fn check_guards(imported: &Imported, guards: Guards) -> Result<()> {
    let lost: Vec<_> = imported.not_taken.iter().filter(|left| left.guards).collect();
    if guards == Guards::LeftOut || lost.is_empty() {
        return Ok(());
    }
    Err(Unguarded { parts: lost.iter().map(|left| format!("{}: {}", left.what, left.why)).collect() }.into())
}

/// Lists the variables that tell pip and uv where packages come from, where there is something for them.
fn index_variables(context: &Context<'_>, all: &mut Imported) {
    if !all.lines.iter().any(|line| line.ecosystem.has_markers()) {
        return;
    }
    for variable in import::INDEX_VARIABLES.into_iter().filter(|variable| context.variables.is_set(variable)) {
        all.refuse(variable, "a variable of pip's or uv's, which larder does not read: name the index in `registries`");
    }
}

/// Takes the lines out whose packages no registry would serve: a manifest with one would be refused.
pub(super) fn leave_out_unserved(all: &mut Imported, further: impl IntoIterator<Item = Ecosystem>) {
    let declared: Vec<Ecosystem> = all.registries.iter().map(|one| one.ecosystem).chain(further).collect();
    all.leave_out_lines(|line| {
        let is_served = line.ecosystem.is_local()
            || line.source.is_some()
            || declared.contains(&line.ecosystem)
            || manifest::has_built_in_registry(line.ecosystem);
        let add = format!("then `larder add {}:{}`", line.ecosystem, line.name);
        let why = || format!("no registry is known that has it: name one in `registries`, {add}");
        (!is_served).then(|| NotTaken::new(line.what(), why()))
    });
}

/// Takes the patches out that cannot be used: a manifest with one would be refused.
fn check_patches(folder: &Path, all: &mut Imported) -> Result<()> {
    for patch in std::mem::take(&mut all.patches) {
        let named = format!("the patch `{}`", patch.file);
        match inputs::read(&folder.join(&patch.file), MAX_PATCH_SIZE)? {
            None => all.refuse(named, "there is no such file"),
            Some(bytes) => match PackagePatch::parse(&bytes) {
                Ok(_) => all.patches.push(patch),
                Err(error) => all.refuse(named, error.to_string()),
            },
        }
    }
    Ok(())
}

/// What the files of a folder declare, and what they use without declaring it.
struct FolderEntries {
    imported: Imported,
    taken_from: Vec<String>,
    undeclared: Vec<UndeclaredUse>,
}

fn import(folder: &Path) -> Result<FolderEntries> {
    let mut all = Imported::default();
    let mut from = Vec::new();
    for (file, read) in FILES {
        if let Some(text) = text(folder, file)? {
            all.merge(read(&text)?);
            from.push(file.to_owned());
        }
    }
    if let Some(file) = python_manifest(folder)? {
        all.merge(import::python(&inputs::reader(folder, folder))?);
        from.push(file.to_owned());
    }
    tell_unread_settings(folder, "", &mut all)?;
    if all.members.is_empty()
        && let Some(text) = text(folder, "lerna.json")?
    {
        all.merge(import::lerna(&text)?);
        from.push("lerna.json".to_owned());
    }
    let with_locks = workspace::members_with_locks(folder, &all)?;
    for member in &with_locks {
        settings_beside(folder, (member, &with_locks), &mut all)?;
    }
    membership::settle_computed(folder, &mut all)?;
    membership::take_overriding_folders(folder, &mut all)?;
    let mut beside = workspace::projects_beside(folder, &mut all)?;
    published::leave_out(folder, &mut all, &mut beside)?;
    for one in &beside {
        settings_beside(folder, (one, &beside), &mut all)?;
        if members::has_manifest(&folder.join(one))? {
            all.members.push(globset::escape(one));
        } else {
            all.add_folder(one);
        }
    }
    published::leave_out_linked(folder, &mut all, &beside)?;
    membership::settle_computed(folder, &mut all)?;
    workspace::tell_set_aside(folder, &mut all)?;
    workspace::tell_unnamed(folder, &mut all)?;
    for (file, why) in UNREAD {
        if fs::stat(&folder.join(file))?.is_some() {
            all.refuse(file, why);
        }
    }
    let members = members::find(folder, all.members.iter().map(String::as_str))?.folders;
    for lock in locked::unused(folder, &members)? {
        all.refuse(lock, "the lockfile of its workspace, above it, speaks for this member");
    }
    for (lock, decides) in locked::passed_over(folder, &members)? {
        let why = format!(
            "{decides} beside it decides: remove the one that is not kept up, or take its versions with `larder lock --prefer`"
        );
        all.refuse(lock, why);
    }
    for lock in locked::binary(folder, &members)? {
        all.refuse(lock, "it is not text: `bun install --save-text-lockfile --lockfile-only` makes bun.lock of it");
    }
    let locked = locked::of_npm(folder, &members)?;
    all.settle_overrides(&locked);
    all.settle_patches(&locked);
    peers::take_installed(folder, &members, &locked, &mut all)?;
    all.settle_catalogs();
    all.settle_sources();
    let names = workspace::names_of_members(folder, &all)?;
    workspace::override_with_members(folder, &names, &locked, &mut all);
    own_packages::check(folder, &names, &mut all)?;
    requirements::take_all(folder, &mut all, &mut from)?;
    own_packages::leave_out_other_versions(&names, &mut all);
    workspace::leave_out_unknown_extras(folder, &mut all);
    own_packages::leave_out_missing_files(folder, &mut all);
    if all.hoisting.names.is_empty()
        && let Some(text) = text(folder, "package.json")?
    {
        for glob in import::hoisted_by_default(&text) {
            all.hoist(glob);
        }
    }
    let flat = FlatFolders::of(folder, &members)?;
    let undeclared = undeclared::hoist(folder, &members, (&flat, &locked), &mut all)?;
    if fs::stat(&folder.join("package.json"))?.is_some() || !members.is_empty() {
        path_patterns::tell(folder, &mut all)?;
    }
    Ok(FolderEntries { imported: all, taken_from: from, undeclared })
}

/// Takes over what the files of a project beside set: it is the root of its own tools. Its lines stay in its own manifests, and what
/// they cannot have is told where those are read.
fn settings_beside(root: &Path, (beside, others): (&str, &[String]), all: &mut Imported) -> Result<()> {
    let folder = root.join(beside);
    for (file, read) in FILES {
        let Some(text) = text(&folder, file)? else { continue };
        match read(&text) {
            Ok(found) if file == "package.json" => all.take_settings(beside, found.with_guards_only()),
            Ok(mut found) => {
                own_registries::claim(root, (beside, others), all, &mut found)?;
                all.take_settings(beside, found);
            }
            // It is an error of the project itself.
            Err(_) if file == "package.json" => {}
            Err(error) => return Err(error.into()),
        }
    }
    tell_unread_settings(root, beside, all)?;
    if python_manifest(&folder)?.is_some()
        && let Ok(found) = import::python(&inputs::reader(root, &folder))
    {
        let mut found = found.with_guards_only();
        own_registries::claim(root, (beside, others), all, &mut found)?;
        all.take_settings(beside, found);
    }
    Ok(())
}

/// The files of Python's tools that have their settings alone.
const PYTHON_SETTINGS: [&str; 2] = ["uv.toml", "pdm.toml"];

/// Stops for settings that lie elsewhere, or are no text: they may name an index.
fn tell_unread_settings(root: &Path, below: &str, all: &mut Imported) -> Result<()> {
    let folder = root.join(below);
    let read = inputs::reader(root, &folder);
    for file in PYTHON_SETTINGS {
        if fs::lstat(&folder.join(file))?.is_some() && read(file).is_none() {
            let what = if below.is_empty() { file.to_owned() } else { format!("{below}/{file}") };
            all.refuse_guard(what, "it is no text file of this checkout: declare its indexes in `registries`");
        }
    }
    Ok(())
}

/// Returns the file that describes the root's Python project, or has the settings of its tools.
fn python_manifest(folder: &Path) -> Result<Option<&'static str>> {
    for file in PYTHON_MANIFESTS.into_iter().chain(PYTHON_SETTINGS) {
        if text(folder, file)?.is_some() {
            return Ok(Some(file));
        }
    }
    Ok(None)
}

fn text(folder: &Path, file: &str) -> Result<Option<String>> {
    let bytes = inputs::read(&folder.join(file), inputs::MANIFEST_SIZE)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// A manifest that is there already.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` is there already", .0.display())]
#[diagnostic(code(larder::init::exists), help("`larder add` adds to it"))]
pub struct Exists(PathBuf);

impl Failure for Exists {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Parts that keep something out, and that a manifest would not have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("what these keep out would be let in:{}", list(parts))]
#[diagnostic(
    code(larder::init::unguarded),
    help(
        "`larder init --leave-out` goes on without them, and lists them; put their counterparts into larder.kdl then"
    )
)]
pub struct Unguarded {
    parts: Vec<String>,
}

impl Failure for Unguarded {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Files that declare what no manifest can hold: more than a person wrote.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("no manifest can hold what is declared in {files}: {reason}")]
#[diagnostic(
    code(larder::init::no_manifest),
    help("move that aside, run `larder init` again, and add what is needed with `larder add`")
)]
pub struct NoManifest {
    files: String,
    reason: String,
}

impl Failure for NoManifest {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

//! Which folders of a repository are members: what its tools say of it, and folders that stand for themselves beside.

use std::collections::BTreeSet;
use std::path::{Component, Path};
use std::sync::Arc;

use super::folders::{folder_of, leave_out_placeholders};
use super::visit::{Below, Dots, OF_TOOLS, visit, visit_but};
use crate::diagnostic::in_sentence;
use crate::fs;
use crate::import::locks::{self, LockedVersions};
use crate::import::{self, ExtraOf, FolderContents, Imported, NodeVersionFile, NotTaken, Runtimes};
use crate::model::{Ecosystem, ExtraName, PackageName};
use crate::ops::Result;
use crate::ops::packages;
use crate::ops::project::{inputs, members};
use crate::profile::check_stays_inside;
use crate::registry::path::{self, LocalMatch, LocalPackageIndex};

/// How far below the root a project of its own is looked for.
const DEPTH: usize = 2;

/// How far below the root one is looked for that has a lockfile.
const DEPTH_WITH_LOCK: usize = 4;

pub(super) const PACKAGE_JSON: &str = "package.json";
pub(super) const PYPROJECT: &str = "pyproject.toml";

/// A reader of a file that names runtimes.
type RuntimesReader = fn(&str) -> Runtimes;

/// The files that name the versions of all tools, behind those that are for one.
const TOOL_VERSIONS: [(&str, RuntimesReader); 3] =
    [(".tool-versions", import::tool_versions), ("mise.toml", import::mise), (".mise.toml", import::mise)];

const PNPM_LOCK: &str = "pnpm-lock.yaml";

/// Adds what concerns the whole project: the runtimes that version files of the root name and those that the members' files admit,
/// and the members' groups.
pub(in crate::ops) fn take_from_members(root: &Path, imported: &mut Imported) -> Result<()> {
    let text = |file: &str| -> Result<Option<String>> {
        let bytes = inputs::read(&root.join(file), inputs::MANIFEST_SIZE)?;
        Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    };
    let mut node_file = None;
    for file in [".nvmrc", ".node-version"] {
        match text(file)?.and_then(|text| import::node_version_file(&text)) {
            Some(NodeVersionFile::Version(version)) => node_file = node_file.or(Some(version)),
            Some(NodeVersionFile::Moving(name)) => {
                let why = "which version that is changes with time: name one as `node` in `runtimes`";
                imported.refuse(format!("{file}: {name}"), why);
            }
            None => {}
        }
    }
    let python_file = text(".python-version")?.and_then(|text| Some(text.split_whitespace().next()?.to_owned()));
    imported.runtimes.merge(Runtimes { node_file, python_file, ..Runtimes::default() });
    for (file, read) in TOOL_VERSIONS {
        imported.runtimes.merge(text(file)?.map_or_else(Runtimes::default, |text| read(&text)));
    }
    for folder in members::find(root, imported.members.iter().map(String::as_str))?.folders {
        // A file that cannot be read is an error of the project itself.
        if let Some(Ok(package)) =
            inputs::text(&root.join(&*folder).join("package.json"))?.map(|text| import::package_json(&text))
        {
            imported.take_from_member(package);
        }
        if let Some(Ok(project)) =
            inputs::text(&root.join(&*folder).join("pyproject.toml"))?.map(|text| import::pyproject(&text))
        {
            imported.take_from_member(project);
        }
    }
    Ok(())
}

/// Returns the members that have a lockfile of their own, as pnpm's `shared-workspace-lockfile=false` has it: their tools install
/// each by itself, with what it sets.
pub(in crate::ops) fn members_with_locks(root: &Path, imported: &Imported) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for folder in members::find(root, imported.members.iter().map(String::as_str))?.folders {
        let speaks = |manifest| -> Result<bool> {
            Ok(has_lock(root, &folder, manifest)? && shared_lock(root, &folder, manifest)?.is_none())
        };
        if speaks(PACKAGE_JSON)? || speaks(PYPROJECT)? {
            found.push(folder.to_string());
        }
    }
    Ok(found)
}

/// Returns the folders below the root, relative to it, that no workspace names and that are projects of their own: they
/// have a lockfile, or the root has no project of the kind. A folder whose package has the name of another one is left out.
pub(in crate::ops) fn projects_beside(root: &Path, imported: &mut Imported) -> Result<Vec<String>> {
    let (mut found, mut computed) = (Vec::new(), Vec::new());
    let of_root = DeclaredEcosystems::of(root, "")?;
    visit(root, DEPTH_WITH_LOCK, &mut |folder| {
        if imported.is_member(folder) || imported.is_excluded(folder) {
            return Ok(Below::Skipped);
        }
        let is_near = folder.split('/').count() <= DEPTH;
        if !is_near && !imported.members.is_empty() {
            // A workspace says what belongs to it: a project far below it is an example.
            return Ok(Below::Skipped);
        }
        let here = DeclaredEcosystems::of(root, folder)?;
        let lacks_python = of_root.python == DeclaredPython::Nothing;
        let npm = here.npm && (is_near && !of_root.npm || has_lock(root, folder, PACKAGE_JSON)?);
        let python =
            here.python == DeclaredPython::Project && (is_near && lacks_python || has_lock(root, folder, PYPROJECT)?);
        let is_project = npm || python;
        if !is_project && is_near && lacks_python && here.python == DeclaredPython::Computed {
            computed.push(folder.to_owned());
        }
        if !is_project {
            return Ok(Below::Visited);
        }
        found.push(folder.to_owned());
        Ok(Below::Skipped)
    })?;
    for folder in computed {
        let why =
            format!("a build computes them: write them into a pyproject.toml, and `path \"{folder}\"` into larder.kdl");
        imported.refuse(format!("dependencies of {folder}"), why);
    }
    found.sort();
    leave_out_placeholders(&mut found, imported);
    let mut names = names_of_members(root, imported)?;
    found.retain(|folder| match names.add(root, &Arc::from(folder.as_str())) {
        Some((name, first)) => {
            imported.refuse(format!("the folder {folder}"), format!("its package has the name of {first}, {name}"));
            false
        }
        None => true,
    });
    leave_out_other_versions(root, (imported, &names), &mut found)?;
    Ok(found)
}

/// Lists, in one line, the projects with a lockfile of their own that are no part of the project: they lie in folders that are set aside, or
/// far below a workspace.
pub(in crate::ops) fn tell_set_aside(root: &Path, imported: &mut Imported) -> Result<()> {
    let mut found = Vec::new();
    visit_but((&OF_TOOLS, Dots::Visited), root, DEPTH_WITH_LOCK + 1, &mut |folder| {
        if folder.starts_with('.') && packages::is_ignored(root, folder)? {
            return Ok(Below::Skipped);
        }
        let is_known = imported.is_member(folder)
            || imported.is_excluded(folder)
            || imported.folders.iter().any(|(known, _)| known == folder);
        if is_known {
            return Ok(Below::Visited);
        }
        let (npm, python) = (has_lock(root, folder, PACKAGE_JSON)?, has_lock(root, folder, PYPROJECT)?);
        if !npm && !python {
            return Ok(Below::Visited);
        }
        let here = DeclaredEcosystems::of(root, folder)?;
        if npm && here.npm || python && here.python == DeclaredPython::Project {
            found.push(folder.to_owned());
            return Ok(Below::Skipped);
        }
        Ok(Below::Visited)
    })?;
    found.retain(|folder| !is_told(folder, imported));
    found.sort();
    leave_out_placeholders(&mut found, imported);
    let count = found.len();
    let Some(folders) = in_sentence(found) else { return Ok(()) };
    let (projects, why) = if count == 1 {
        (
            "project",
            "it has a lockfile of its own, and is taken for an example or a test: `members \"FOLDER\"` takes it in",
        )
    } else {
        (
            "projects",
            "they have lockfiles of their own, and are taken for examples or tests: `members \"FOLDER\"` takes one in",
        )
    };
    imported.refuse(format!("the {projects} in {folders}"), why);
    Ok(())
}

/// Returns whether a folder, or what lies in it, is listed already.
fn is_told(folder: &str, imported: &Imported) -> bool {
    let is_it =
        |left: &NotTaken| left.what == format!("the folder {folder}") || left.what.starts_with(&format!("{folder}/"));
    imported.not_taken.iter().any(is_it)
}

/// Lists, in one line, the projects near the root that have no lockfile and that no workspace names: the root has one of their kind, and its
/// tools do not look at them.
pub(in crate::ops) fn tell_unnamed(root: &Path, imported: &mut Imported) -> Result<()> {
    let mut known: BTreeSet<Arc<str>> = imported.folders.iter().map(|(folder, _)| path::join("", folder)).collect();
    known.extend(imported.not_taken.iter().flat_map(import::NotTaken::folders).map(Arc::from));
    let mut found = Vec::new();
    visit(root, DEPTH, &mut |folder| {
        if known.contains(folder) || imported.is_member(folder) || imported.is_excluded(folder) {
            return Ok(Below::Skipped);
        }
        let asks = |package: Imported| package.name.is_some() && !package.lines.is_empty();
        let package = inputs::text(&root.join(folder).join(PACKAGE_JSON))?;
        let is_npm = package.is_some_and(|text| import::package_json(&text).is_ok_and(asks));
        if is_npm || DeclaredPython::of(root, folder)? != DeclaredPython::Nothing {
            found.push(folder.to_owned());
            return Ok(Below::Skipped);
        }
        Ok(Below::Visited)
    })?;
    found.sort();
    leave_out_placeholders(&mut found, imported);
    let what = if found.len() == 1 { "the project in" } else { "the projects in" };
    if let Some(folders) = in_sentence(found) {
        imported.refuse(format!("{what} {folders}"), "no workspace names it: `members \"FOLDER\"` takes one in");
    }
    Ok(())
}

/// Lists, in one line, the extras of members that nothing in the project asks for: they are installed where something does.
pub(in crate::ops) fn tell_extras_of_members(root: &Path, members: &[Arc<str>], imported: &mut Imported) {
    let mut asked = imported.asked_extras();
    for folder in members {
        // One that cannot be read is an error of the project itself.
        let at = root.join(&**folder);
        let read = inputs::reader(root, &at);
        let lines = import::python(&read).unwrap_or_default();
        let here = lines.asked_extras().into_iter();
        asked.extend(here.map(|(of, extra)| match of {
            ExtraOf::Folder(below) => (ExtraOf::Folder(path::join(folder, &below).to_string()), extra),
            name @ ExtraOf::Name(_) => (name, extra),
        }));
        // A package that is taken as a whole has no lines.
        let project = import::python_project(&read).ok().flatten().unwrap_or_default();
        let requirements = project.dependencies.iter().chain(project.optional_dependencies.values().flatten());
        asked.extend(requirements.flat_map(|requirement| extras_asked_by(requirement)));
    }
    let extras = members.iter().filter_map(|folder| {
        let project = import::python_project(&inputs::reader(root, &root.join(&**folder))).ok()??;
        let of = [Some(ExtraOf::Folder(folder.to_string())), project.name.as_deref().and_then(ExtraOf::name)];
        let is_asked = |extra: &&String| {
            let extra = extra.parse::<ExtraName>().ok();
            of.iter()
                .flatten()
                .any(|of| extra.as_ref().is_some_and(|extra| asked.contains(&(of.clone(), extra.clone()))))
        };
        let names: Vec<&str> =
            project.optional_dependencies.keys().filter(|extra| !is_asked(extra)).map(String::as_str).collect();
        (!names.is_empty()).then(|| format!("{folder} ({})", names.join(", ")))
    });
    if let Some(folders) = in_sentence(extras.collect()) {
        let why =
            "they are installed where something asks for them: `group \"NAME\" { path \"FOLDER[EXTRA]\"; }` takes one";
        imported.refuse(format!("extras of {folders}"), why);
    }
}

/// Returns the extras that a requirement asks for: `core[fast]>=1`.
fn extras_asked_by(requirement: &str) -> Vec<(ExtraOf, ExtraName)> {
    let parts = requirement.split_once('[').and_then(|(name, rest)| Some((name, rest.split_once(']')?.0)));
    let Some((of, extras)) = parts.and_then(|(name, extras)| Some((ExtraOf::name(name.trim())?, extras))) else {
        return Vec::new();
    };
    let extras = extras.split(',').filter_map(|extra| extra.trim().parse::<ExtraName>().ok());
    extras.map(|extra| (of.clone(), extra)).collect()
}

/// Takes the folders out whose Python packages others of the project ask for in versions that they do not have: those are a registry's,
/// and an environment has one package of a name.
fn leave_out_other_versions(
    root: &Path,
    (imported, names): (&mut Imported, &LocalPackageIndex),
    found: &mut Vec<String>,
) -> Result<()> {
    let members = members::find(root, imported.members.iter().map(String::as_str))?.folders;
    let all: Vec<String> = std::iter::once(String::new())
        .chain(members.iter().map(ToString::to_string))
        .chain(found.iter().cloned())
        .collect();
    for folder in all {
        let Some(Ok(project)) = inputs::text(&root.join(&folder).join(PYPROJECT))?.map(|text| import::pyproject(&text))
        else {
            continue;
        };
        for line in project.lines.iter().filter(|line| line.ecosystem.has_markers() && line.source.is_none()) {
            let Some(LocalMatch::OtherVersion(local)) = line.requirement().map(|asked| names.find_match(&asked)) else {
                continue;
            };
            if *local.folder != *folder && found.iter().any(|other| *other == *local.folder) {
                let by = if folder.is_empty() { "the project" } else { &folder };
                let asked = line.range.as_deref().unwrap_or_default();
                let why = format!("{by} asks for {} {asked}, and the one in it is {local}", line.name);
                imported.refuse(format!("the folder {}", local.folder), why);
                found.retain(|other| *other != *local.folder);
            }
        }
    }
    Ok(())
}

/// Returns the folders below the root that have a requirements.txt, and no pyproject.toml with dependencies.
pub(in crate::ops) fn requirements_beside(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    visit(root, DEPTH, &mut |folder| {
        if has(root, folder, "requirements.txt")? && !declares_dependencies(&root.join(folder))? {
            found.push(folder.to_owned());
        }
        Ok(Below::Visited)
    })?;
    found.sort();
    Ok(found)
}

/// Returns the folders that are near below the root, and are part of what a repository ships.
pub(super) fn folders_below(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    visit(root, DEPTH, &mut |folder| {
        found.push(folder.to_owned());
        Ok(Below::Visited)
    })?;
    Ok(found)
}

/// Returns the requirements files below the root that a tool compiled from what a project declares, shortest first: those of production
/// have less than those for development. Those of a project that is no member are its own.
pub(in crate::ops) fn compiled_requirements(root: &Path, members: &[Arc<str>]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    visit(root, DEPTH_WITH_LOCK, &mut |folder| {
        if DeclaredPython::of(root, folder)? != DeclaredPython::Nothing
            && members.iter().all(|member| **member != *folder)
        {
            return Ok(Below::Skipped);
        }
        for entry in fs::read_dir(&root.join(folder))? {
            let Some(name) = entry.path.file_name().and_then(|name| name.to_str()) else { continue };
            let is_named =
                ["requirements", "constraints"].iter().any(|word| folder.ends_with(word) || name.contains(word));
            let is_text = entry.path.extension().is_some_and(|extension| extension == "txt");
            if !is_named || !is_text || entry.kind != fs::Kind::File {
                continue;
            }
            let file = format!("{folder}/{name}");
            // One that cannot be read is no lockfile.
            let text = inputs::text(&root.join(&file)).ok().flatten();
            if let Some(text) = text.filter(|text| import::is_compiled_from_project(text)) {
                found.push((text.len(), file));
            }
        }
        Ok(Below::Visited)
    })?;
    found.sort();
    Ok(found.into_iter().map(|(_, file)| file).collect())
}

/// Returns the requirements.txt files of folders that are no part of what a repository ships, but for examples.
pub(in crate::ops) fn requirements_aside(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for folder in ["docs", "test", "tests"] {
        if has(root, folder, "requirements.txt")? {
            found.push(format!("{folder}/requirements.txt"));
        }
    }
    Ok(found)
}

/// Returns the names of the members' packages.
pub(in crate::ops) fn names_of_members(root: &Path, imported: &Imported) -> Result<LocalPackageIndex> {
    let mut names = LocalPackageIndex::default();
    for folder in members::find(root, imported.members.iter().map(String::as_str))?.folders {
        names.add(root, &folder);
    }
    Ok(names)
}

/// Lets members stand in for what packages of registries ask for, where a lockfile has it so or an override says so.
pub(in crate::ops) fn override_with_members(
    root: &Path,
    names: &LocalPackageIndex,
    locked: &[(String, LockedVersions)],
    imported: &mut Imported,
) {
    let version = |ecosystem: Ecosystem, name: &PackageName| {
        let member = names.get(ecosystem, name).cloned();
        let package = member.or_else(|| path::root_package(root, name).filter(|_| ecosystem.has_scopes()))?;
        Some(package.version)
    };
    imported.settle_folder_overrides(|folder, ecosystem, name| {
        let of_name = names.of_name(ecosystem, name);
        let is_inside = is_inside(folder);
        let folder = path::join("", folder);
        let is_of_root = || of_name.is_empty() && folder.is_empty() && path::root_package(root, name).is_some();
        let is_gone = || fs::lstat(&root.join(&*folder)).is_ok_and(|found| found.is_none());
        if of_name.iter().any(|package| package.folder == folder) || is_of_root() {
            FolderContents::OwnPackage
        } else if is_inside && members::stay_inside(root, &folder).is_ok() && is_gone() {
            FolderContents::Nothing
        } else {
            FolderContents::Another
        }
    });
    let linked = locked.iter().flat_map(|(_, versions)| versions.linked());
    imported.override_with_members(linked, version);
}

/// Returns whether a path, as it was written, is one below the root: others lead to the rest of the machine.
fn is_inside(path: &str) -> bool {
    let mut depth = 0_usize;
    let stays = |part| match part {
        Component::Normal(_) => {
            depth += 1;
            true
        }
        Component::CurDir => true,
        Component::ParentDir => depth.checked_sub(1).map(|above| depth = above).is_some(),
        Component::RootDir | Component::Prefix(_) => false,
    };
    !path.starts_with('~') && Path::new(path).components().all(stays)
}

/// Takes the extras out that lines ask of a folder's Python package and that it does not have: pip passes over them.
pub(in crate::ops) fn leave_out_unknown_extras(root: &Path, imported: &mut Imported) {
    imported.leave_out_extras(|folder, extra| {
        let project = import::python_project(&inputs::reader(root, &root.join(folder)));
        let Ok(Some(project)) = project else { return false };
        let is_known = |name: &String| name.parse::<ExtraName>().is_ok_and(|known| known == *extra);
        project.computed.is_empty() && !project.optional_dependencies.keys().any(is_known)
    });
}

/// What the files of a folder declare.
#[derive(Clone, Copy, Debug)]
struct DeclaredEcosystems {
    npm: bool,
    python: DeclaredPython,
}

/// Whether the files of a folder declare a Python project. A pyproject.toml may be there for the settings of tools alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum DeclaredPython {
    Nothing,
    Project,
    /// One whose dependencies its setup.py computes: only a build knows them.
    Computed,
}

impl DeclaredEcosystems {
    fn of(root: &Path, folder: &str) -> Result<Self> {
        Ok(Self { npm: has(root, folder, PACKAGE_JSON)?, python: DeclaredPython::of(root, folder)? })
    }
}

impl DeclaredPython {
    fn of(root: &Path, folder: &str) -> Result<Self> {
        let folder = root.join(folder);
        if let Some(text) = inputs::text(&folder.join(PYPROJECT))? {
            let declares =
                |project: Imported| project.name.is_some() || !project.lines.is_empty() || !project.members.is_empty();
            if import::pyproject(&text).map_or(true, declares) {
                return Ok(Self::Project);
            }
        }
        Ok(match import::python_project(&inputs::reader(root, &folder)) {
            Ok(Some(project)) if project.computed.is_empty() => Self::Project,
            Ok(Some(_)) => Self::Computed,
            Ok(None) | Err(_) => Self::Nothing,
        })
    }
}

/// Returns whether a lockfile of the root has what its pyproject.toml or Pipfile asks for.
pub(in crate::ops) fn has_python_lock(root: &Path) -> Result<bool> {
    Ok(has_lock(root, "", PYPROJECT)? || has_lock(root, "", "Pipfile")?)
}

/// Returns whether a lockfile lies beside a manifest.
fn has_lock(root: &Path, folder: &str, manifest: &str) -> Result<bool> {
    for (lock, _) in locks::FILES.into_iter().filter(|(_, declares)| *declares == manifest) {
        if has(root, folder, lock)? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Returns the folder above another one whose lockfile speaks for the manifest in it: it belongs to the workspace there. What lies beside
/// the manifest itself is of no use then: its tools do not look at it.
pub(super) fn shared_lock<'f>(root: &Path, folder: &'f str, manifest: &str) -> Result<Option<&'f str>> {
    let mut above = folder;
    while !above.is_empty() {
        above = folder_of(above);
        let below = folder.strip_prefix(above).unwrap_or(folder).trim_start_matches('/');
        if has_lock(root, above, manifest)? {
            let workspace = DeclaredWorkspace::of(root, above, manifest)?;
            if workspace.members.is_member(below) {
                return Ok(workspace.has_one_lock.then_some(above));
            }
        }
    }
    Ok(None)
}

/// Returns the folders of the npm packages for which the lockfile in a folder speaks too: the members of its workspace.
pub(super) fn members_of(root: &Path, folder: &str) -> Result<Vec<Arc<str>>> {
    let workspace = DeclaredWorkspace::of(root, folder, PACKAGE_JSON)?;
    let mut globs = workspace.members.members;
    // Where several tools' lockfiles lie beside it, any of them may be the one that is kept up.
    let of_npm = inputs::text(&root.join(folder).join(PACKAGE_JSON))?.and_then(|text| import::package_json(&text).ok());
    globs.extend(of_npm.into_iter().flat_map(|found| found.members));
    if !workspace.has_one_lock || globs.is_empty() {
        return Ok(Vec::new());
    }
    let found = members::find(&root.join(folder), globs.iter().map(String::as_str))?.folders;
    Ok(found.iter().map(|member| path::join(folder, member)).collect())
}

/// What the files of a folder say of the workspace whose root it is.
struct DeclaredWorkspace {
    members: Imported,
    /// Whether one lockfile speaks for all members. pnpm writes one for each where it is told to.
    has_one_lock: bool,
}

impl DeclaredWorkspace {
    fn of(root: &Path, folder: &str, manifest: &str) -> Result<Self> {
        let folder = root.join(folder);
        let text = |file: &str| inputs::text(&folder.join(file));
        let mut workspace = Self { members: Imported::default(), has_one_lock: true };
        // A file that cannot be read is told of where it is taken over.
        let mut take = |read: std::result::Result<Imported, import::ImportError>| {
            workspace.members.members.extend(read.map(|found| found.members).unwrap_or_default());
        };
        if manifest == PYPROJECT {
            if let Some(text) = text(PYPROJECT)? {
                take(import::pyproject(&text));
            }
            return Ok(workspace);
        }
        // pnpm looks at its own file alone, and all others at package.json.
        if text(PNPM_LOCK)?.is_none() {
            if let Some(text) = text(PACKAGE_JSON)? {
                take(import::package_json(&text));
            }
        } else if let Some(pnpm) = text("pnpm-workspace.yaml")? {
            take(import::pnpm_workspace(&pnpm));
            workspace.has_one_lock = !says(&pnpm, "sharedWorkspaceLockfile:false")
                && !text(".npmrc")?.is_some_and(|text| says(&text, "shared-workspace-lockfile=false"));
        }
        Ok(workspace)
    }
}

/// Returns whether a line of a file of settings says this, written without spaces and quotes.
pub(in crate::ops) fn says(text: &str, setting: &str) -> bool {
    let bare = |line: &str| line.split(['#', ';']).next().unwrap_or_default().replace([' ', '"', '\''], "");
    text.lines().any(|line| bare(line) == setting)
}

/// Returns whether a folder has a file.
pub(super) fn has(root: &Path, folder: &str, file: &str) -> Result<bool> {
    Ok(fs::stat(&root.join(folder).join(file))?.is_some())
}

/// Returns whether a folder of the checkout has a Python project.
pub(in crate::ops) fn is_python_project(root: &Path, folder: &str) -> bool {
    !folder.starts_with("..") && DeclaredPython::of(root, folder).is_ok_and(|found| found == DeclaredPython::Project)
}

/// Returns whether a path leads to a file of the checkout.
pub(in crate::ops) fn is_local_file(root: &Path, path: &str) -> bool {
    let is_file = || fs::stat(&root.join(path)).is_ok_and(|stat| stat.is_some_and(|stat| stat.kind == fs::Kind::File));
    !path.starts_with("..") && check_stays_inside(root, Path::new(path)).is_ok() && is_file()
}

/// Returns whether a folder's pyproject.toml names dependencies of its own, and not only a project or settings of tools.
fn declares_dependencies(folder: &Path) -> Result<bool> {
    let text = inputs::text(&folder.join("pyproject.toml"))?;
    Ok(text.is_some_and(|text| import::pyproject(&text).is_ok_and(|project| !project.lines.is_empty())))
}

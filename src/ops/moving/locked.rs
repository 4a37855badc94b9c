//! The versions that other tools' lockfiles chose, and what became of them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::deciding;
use super::folders::{dependent_in, folder_of, with_root};
use super::misfit::misfit;
use super::workspace::{PACKAGE_JSON, PYPROJECT, has_python_lock, shared_lock};
use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::import::locks::{self, DeclaredRanges, LockedVersions};
use crate::import::{compiled_for, package_ranges};
use crate::lock::Lockfile;
use crate::model::{Edge, EdgeKind, PackageId, PackageKey, Settings, Version};
use crate::resolve::Index;

use crate::ops::Result;
use crate::ops::project::{inputs, manifest_of};

/// Returns the lockfiles of other tools in a project, relative to its root: those beside its manifests, and of `requirements` files those
/// that a tool wrote.
pub(in crate::ops) fn of_project(
    (root, members): (&Path, &[Arc<str>]),
    requirements: &[impl AsRef<str>],
) -> Result<Vec<String>> {
    let mut found = beside(root, "")?;
    // Rye's are called so, and those of `uv pip compile` often.
    if !has_python_lock(root)? {
        for file in ["requirements.lock", "requirements-dev.lock"] {
            found.extend(is_written_by_a_tool(root, file)?.then(|| file.to_owned()));
        }
    }
    for file in requirements {
        found.extend(pinned(root, file.as_ref())?.filter(|made| !found.contains(made)));
    }
    for member in members {
        found.extend(beside(root, member)?);
    }
    Ok(found)
}

/// Returns the requirements file with every version that a tool wrote, if `file` is it, or is what it was made of.
fn pinned(root: &Path, file: &str) -> Result<Option<String>> {
    let Some((stem, "in" | "txt")) = file.rsplit_once('.') else { return Ok(None) };
    for ending in [".txt", ".lock", "_lock.txt", "-lock.txt"] {
        let made = format!("{stem}{ending}");
        if is_written_by_a_tool(root, &made)? {
            return Ok(Some(made));
        }
    }
    Ok(None)
}

fn is_written_by_a_tool(root: &Path, file: &str) -> Result<bool> {
    let is_file =
        locks::is_requirements(file) && fs::stat(&root.join(file))?.is_some_and(|stat| stat.kind == fs::Kind::File);
    let text = if is_file { inputs::text(&root.join(file))? } else { None };
    Ok(text.is_some_and(|text| locks::is_written_by_a_tool(&text)))
}

/// Divides lockfiles into those that hold and the others: of requirements that were compiled for several Pythons, those for the Python next
/// to the project's hold.
pub(in crate::ops) fn for_python(root: &Path, settings: &Settings, files: Vec<String>) -> (Vec<String>, Vec<String>) {
    let mut told = Vec::with_capacity(files.len());
    for file in files {
        let text = || inputs::text(&root.join(&file)).ok().flatten();
        let python = locks::is_requirements(&file).then(text).flatten().and_then(|text| compiled_for(&text));
        told.push((file, python));
    }
    let Some(own) = &settings.python else { return (told.into_iter().map(|(file, _)| file).collect(), Vec::new()) };
    let distance = |(major, minor): (u32, u32)| (major.abs_diff(own.major), minor.abs_diff(own.minor));
    let nearest = told.iter().filter_map(|(_, python)| *python).min_by_key(|python| distance(*python));
    let (taken, left): (Vec<_>, Vec<_>) =
        told.into_iter().partition(|(_, python)| python.is_none() || *python == nearest);
    let names = |list: Vec<(String, _)>| list.into_iter().map(|(file, _)| file).collect();
    (names(taken), names(left))
}

/// Returns the lockfiles of other tools in a folder, relative to the root.
pub(super) fn beside(root: &Path, folder: &str) -> Result<Vec<String>> {
    of_files(root, folder, locks::FILES.into_iter())
}

/// Returns the lockfiles in a folder that belong to its package.json, relative to the root.
fn of_packages(root: &Path, folder: &str) -> Result<Vec<String>> {
    of_files(root, folder, locks::FILES.into_iter().filter(|(_, manifest)| *manifest == PACKAGE_JSON))
}

/// Returns those files of a folder that are there and speak for the manifest beside them.
fn of_files(
    root: &Path,
    folder: &str,
    files: impl Iterator<Item = (&'static str, &'static str)>,
) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for (path, manifest) in there(root, folder, files)? {
        if shared_lock(root, folder, manifest)?.is_none() {
            found.push((path, manifest));
        }
    }
    let passed_over = deciding::passed_over(root, folder, &found)?;
    let holds = |(path, _): (String, _)| (!passed_over.contains_key(&path)).then_some(path);
    Ok(found.into_iter().filter_map(holds).collect())
}

/// Returns the lockfiles beside which another one decides, each with that.
pub(in crate::ops) fn passed_over(root: &Path, members: &[Arc<str>]) -> Result<BTreeMap<String, String>> {
    let mut all = BTreeMap::new();
    for folder in with_root(members) {
        let mut found = there(root, folder, locks::FILES.into_iter())?;
        let shared = [PACKAGE_JSON, PYPROJECT]
            .into_iter()
            .filter(|one| shared_lock(root, folder, one).is_ok_and(|it| it.is_some()));
        let shared: Vec<&str> = shared.collect();
        found.retain(|(_, manifest)| !shared.contains(manifest));
        all.extend(deciding::passed_over(root, folder, &found)?);
    }
    Ok(all)
}

/// Returns the lockfiles beside members that their tools do not look at: the one of the workspace above speaks for them.
pub(in crate::ops) fn unused(root: &Path, members: &[Arc<str>]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for folder in members {
        for (path, manifest) in there(root, folder, locks::FILES.into_iter())? {
            if shared_lock(root, folder, manifest)?.is_some() {
                found.push(path);
            }
        }
    }
    Ok(found)
}

/// Returns the lockfiles of Bun before 1.2 that no newer one stands beside: they are not text.
pub(in crate::ops) fn binary(root: &Path, members: &[Arc<str>]) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for folder in std::iter::once("").chain(members.iter().map(AsRef::as_ref)) {
        let files = [("bun.lock", "package.json"), ("bun.lockb", "package.json")];
        if let [(path, _)] = there(root, folder, files.into_iter())?.as_slice()
            && path.ends_with('b')
        {
            found.push(path.clone());
        }
    }
    Ok(found)
}

/// Returns those files of a folder that are there, by their paths relative to the root, with the manifests that they speak for.
fn there(
    root: &Path,
    folder: &str,
    files: impl Iterator<Item = (&'static str, &'static str)>,
) -> Result<Vec<(String, &'static str)>> {
    let mut found = Vec::new();
    for (file, manifest) in files {
        let path = if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
        if fs::stat(&root.join(&path))?.is_some_and(|stat| stat.kind == fs::Kind::File) {
            found.push((path, manifest));
        }
    }
    Ok(found)
}

/// Reads lockfiles, given by their paths relative to the root. What several say of one place, the first says.
pub(in crate::ops) fn read(
    root: &Path,
    files: &[String],
    members: &[impl AsRef<str>],
    settings: &Settings,
) -> Result<LockedVersions> {
    let mut all: Option<LockedVersions> = None;
    for file in files {
        let bytes = inputs::read(&root.join(file), inputs::LOCK_SIZE)?;
        let text = match bytes.map(String::from_utf8) {
            Some(Ok(text)) => text,
            Some(Err(_)) => return Err(NotPreferred { file: file.clone(), reason: "it is not UTF-8 text" }.into()),
            None => return Err(NotPreferred { file: file.clone(), reason: "there is no such file" }.into()),
        };
        let folder = folder_of(file);
        let declared = if file.ends_with("yarn.lock") { declared(root, folder, members)? } else { Vec::new() };
        let versions = locks::read(file, &text, folder, &declared, settings)?;
        match &mut all {
            Some(all) => all.merge(versions),
            None => all = Some(versions),
        }
    }
    Ok(all.unwrap_or_default())
}

/// Returns which ranges the package.json of the lockfile's folder and those of its members declare.
fn declared(root: &Path, folder: &str, members: &[impl AsRef<str>]) -> Result<Vec<DeclaredRanges>> {
    let mut folders = vec![folder];
    for member in members.iter().map(AsRef::as_ref).filter(|member| *member != folder) {
        if lock_folder(root, member)?.as_deref() == Some(folder) {
            folders.push(member);
        }
    }
    let mut declared = Vec::new();
    for folder in folders {
        let file: PathBuf = root.join(folder).join("package.json");
        let Some(text) = inputs::text(&file)? else { continue };
        declared.push(DeclaredRanges { dependent: dependent_in(folder), ranges: package_ranges(&text)? });
    }
    Ok(declared)
}

/// Reads the lockfiles beside package.json files, by the folders of these. One that cannot be read is told of when the versions are
/// taken over.
pub(in crate::ops) fn of_npm(root: &Path, members: &[Arc<str>]) -> Result<Vec<(String, LockedVersions)>> {
    let mut all = Vec::new();
    for folder in with_root(members) {
        for file in of_packages(root, folder)? {
            if let Ok(versions) = read(root, &[file], members, &Settings::default()) {
                all.push((folder.to_owned(), versions));
            }
        }
    }
    Ok(all)
}

/// Returns the nearest folder, a member's or one above it, that has a lockfile for package.json files.
fn lock_folder(root: &Path, member: &str) -> Result<Option<String>> {
    let mut folder = member;
    loop {
        if !of_packages(root, folder)?.is_empty() {
            return Ok(Some(folder.to_owned()));
        }
        if folder.is_empty() {
            return Ok(None);
        }
        folder = folder_of(folder);
    }
}

/// What became of the versions that other tools chose.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Kept {
    /// How many packages of the new lock have the versions that they had.
    pub kept: usize,
    /// Packages that have other versions now, or that are new.
    pub moved: Vec<MovedVersions>,
    /// Packages with what their tool let them have beyond what they declare: `extend` lines now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub extended: Vec<String>,
    /// Versions with what their tool let them have beyond what they declare and no `extend` line says: they go without.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unsaid: Vec<String>,
    /// Packages that were locked and are only there as source, with nothing that lets them be built, where others moved for want of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unbuilt: Vec<String>,
}

/// A package that has other versions than before.
#[derive(Clone, Debug, Serialize)]
pub struct MovedVersions {
    /// The package: `npm:react`.
    pub package: String,
    /// Its versions before; none where it is new.
    pub before: Vec<String>,
    /// Its versions now.
    pub now: Vec<String>,
    /// Why.
    pub why: String,
}

/// Why a package has another version, where the one that it had cannot be had.
const GONE: &str = "its registry has the version no more";

/// Why a package moved. The order is that of the report: a cause comes before its consequences.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum MoveCause {
    /// Its registry has a version no more.
    Gone,
    /// The version that it had does not fit.
    Misfit,
    /// It is there in another version beside.
    AnotherBeside,
    /// It was not there.
    New,
}

/// Compares a lock with the versions that other tools chose, in the ecosystems that they chose any of. `index` tells which of those are there still.
pub(in crate::ops) fn compare(before: &LockedVersions, lockfile: &Lockfile, index: &dyn Index) -> Kept {
    let mut kept = Kept::default();
    let served = lockfile.graph.packages.keys().filter(|key| before.covers(&key.id));
    let ids: BTreeSet<_> = served.clone().map(|key| &key.id).collect();
    let lines = moved_lines(before, lockfile);
    let mut moved: Vec<(MoveCause, MovedVersions)> = Vec::new();
    for id in ids {
        let now: BTreeSet<_> = served.clone().filter(|key| key.id == *id).map(|key| &key.version).collect();
        let had = before.packages().get(id);
        let new: Vec<_> = now.iter().filter(|version| !had.is_some_and(|had| had.contains(**version))).collect();
        let is_there = |version: &Version| {
            index.versions(id).is_ok_and(|known| known.candidates.iter().any(|candidate| candidate.version == *version))
        };
        if new.is_empty() {
            let lost: BTreeSet<&Version> = had.into_iter().flatten().filter(|version| !now.contains(version)).collect();
            let edge = || (!lost.is_empty()).then(|| lost_edge(before, lockfile, (id, &now))).flatten();
            let edge = lines.get(id).cloned().or_else(edge);
            if edge.is_none() && (lost.is_empty() || !before.is_disputed(id)) {
                kept.kept += 1;
                continue;
            }
            // Of those that several lockfiles had, all that are gone are named.
            let versions: BTreeSet<&Version> = lost.into_iter().chain(edge.as_ref().map(|edge| edge.before)).collect();
            let (cause, why) = match &edge {
                _ if !versions.iter().all(|version| is_there(version)) => (MoveCause::Gone, GONE.to_owned()),
                Some(edge) => (MoveCause::AnotherBeside, format!("{} has it so now", edge.dependent)),
                None => (MoveCause::AnotherBeside, "lockfiles differ, and there is one version for all".to_owned()),
            };
            let before = versions.into_iter().map(ToString::to_string).collect();
            let now = match edge {
                Some(edge) => vec![edge.now.to_string()],
                None => now.iter().map(ToString::to_string).collect(),
            };
            moved.push((cause, MovedVersions { package: id.to_string(), before, now, why }));
            continue;
        }
        let by = || asked_by(lockfile, id, &new);
        let (cause, why) = match had {
            Some(had) if !had.iter().all(is_there) => (MoveCause::Gone, GONE.to_owned()),
            Some(had) if had.iter().all(|version| now.contains(version)) => {
                (MoveCause::AnotherBeside, format!("another version is asked for beside it, by {}", by()))
            }
            Some(had) => (MoveCause::Misfit, misfit(before, lockfile, (id, had), index)),
            None => (MoveCause::New, format!("{} asks for it", by())),
        };
        let one = MovedVersions {
            package: id.to_string(),
            before: had.into_iter().flatten().map(ToString::to_string).collect(),
            now: now.iter().map(ToString::to_string).collect(),
            why,
        };
        moved.push((cause, one));
    }
    moved.sort_by_key(|(cause, _)| *cause);
    kept.moved = moved.into_iter().map(|(_, one)| one).collect();
    kept.unbuilt = unbuilt(before, lockfile, &kept.moved);
    kept
}

/// What a manifest or a package has in another version than before.
#[derive(Clone)]
struct MovedEdge<'l> {
    /// Who has it, as a message names it.
    dependent: String,
    before: &'l Version,
    now: &'l Version,
}

/// Returns the packages that a line has in another version than before, each with the first such line.
fn moved_lines<'l>(before: &'l LockedVersions, lockfile: &'l Lockfile) -> BTreeMap<&'l PackageId, MovedEdge<'l>> {
    let mut moved = BTreeMap::new();
    for root in &lockfile.graph.roots {
        for edge in &root.to {
            let PackageKey { id, version: now } = &edge.to.package;
            let is_of_package = |was: &&Version| before.packages().get(id).is_some_and(|all| all.contains(*was));
            let was = before.line(&root.dependent, &edge.name).filter(|was| *was != now).filter(is_of_package);
            if let Some(before) = was {
                moved.entry(id).or_insert_with(|| MovedEdge { dependent: manifest_of(&root.dependent), before, now });
            }
        }
    }
    moved
}

/// Returns the first package of a registry of which a copy had a version that is locked no more.
fn lost_edge<'l>(
    before: &'l LockedVersions,
    lockfile: &'l Lockfile,
    (id, now): (&PackageId, &BTreeSet<&Version>),
) -> Option<MovedEdge<'l>> {
    lockfile.graph.instances.iter().find_map(|(from, instance)| {
        let edge = instance.edges.iter().find(|edge| edge.to.package.id == *id)?;
        let lost = before.versions_of_edge(&from.package, &edge.name).find(|version| !now.contains(version))?;
        // What the name stands for may have been another package.
        let is_of_package = before.packages().get(id).is_some_and(|all| all.contains(lost));
        let dependent = from.package.to_string();
        is_of_package.then_some(MovedEdge { dependent, before: lost, now: &edge.to.package.version })
    })
}

/// Returns the packages, by name, that were locked before, are only there as source, and had to give way: nothing lets them be built.
fn unbuilt(before: &LockedVersions, lockfile: &Lockfile, moved: &[MovedVersions]) -> Vec<String> {
    let has = |id: &PackageId, version: &Version| {
        lockfile.graph.packages.keys().any(|key| key.id == *id && key.version == *version)
    };
    let builds = &lockfile.settings.builds;
    let is_lost = |id: &&PackageId| {
        let is_moved = moved.iter().any(|one| one.package.split(':').next() == Some(id.ecosystem.as_str()));
        let versions = before.packages().get(*id);
        is_moved && versions.is_some_and(|all| all.iter().all(|one| !has(id, one) && !builds.approves(id, one)))
    };
    before.source_only().filter(is_lost).map(ToString::to_string).collect()
}

/// Returns who asks for one of these versions of a package: the first of its dependents, or the project.
fn asked_by(lockfile: &Lockfile, id: &PackageId, versions: &[&&Version]) -> String {
    let is_asked = |edge: &&Edge| {
        edge.to.package.id == *id && versions.iter().any(|version| ***version == edge.to.package.version)
    };
    let mut instances = lockfile.graph.instances.iter();
    let found = instances.find_map(|(key, instance)| Some((key, instance.edges.iter().find(is_asked)?.kind)));
    match found {
        Some((key, EdgeKind::Peer)) => format!("{} as a peer", key.package),
        Some((key, _)) => key.package.to_string(),
        None => "the project".to_owned(),
    }
}

/// Fails where a registry serves another file under a name than the one that another tool locked.
pub(in crate::ops) fn check_digests(before: &LockedVersions, lockfile: &Lockfile) -> Result<()> {
    for (key, package) in &lockfile.graph.packages {
        for artifact in &package.artifacts {
            let Some(digest) = &artifact.digest else { continue };
            let of_file = before.digests(key).filter(|known| {
                known.file.as_ref().is_none_or(|file| *file == artifact.file)
                    && known.digest.algorithm() == digest.algorithm()
            });
            let known: Vec<_> = of_file.map(|known| &known.digest).collect();
            if !known.is_empty() && !known.contains(&digest) {
                let package = key.to_string();
                return Err(OtherFile { package, file: artifact.file.clone(), digest: digest.to_string() }.into());
            }
        }
    }
    Ok(())
}

/// A file whose versions were to be preferred.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{file}` cannot be preferred: {reason}")]
#[diagnostic(
    code(larder::lock::prefer),
    help("name the lockfile of another tool: package-lock.json, pnpm-lock.yaml, uv.lock")
)]
struct NotPreferred {
    file: String,
    reason: &'static str,
}

impl Failure for NotPreferred {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// A file that is another one than before.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{package} is not what was locked before: its registry serves `{file}` with the digest {digest}")]
#[diagnostic(
    code(larder::lock::other_file),
    help("find out who changed it; `larder lock` without the old lockfile takes what the registry serves now")
)]
struct OtherFile {
    package: String,
    file: String,
    digest: String,
}

impl Failure for OtherFile {
    fn exit(&self) -> Exit {
        Exit::Integrity
    }
}

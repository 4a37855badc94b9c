//! The requirements files of a repository: those of the root, each for what its name says, and the requirements.txt of folders beside.

use std::collections::BTreeSet;
use std::path::Path;

use crate::fs;
use crate::import::locks::{self, LockedVersions};
use crate::import::{self, Imported, ImportedLine, LocalPlace, NotTaken, PYTHON_MANIFESTS, Purpose, RequirementsFile};
use crate::model::{Label, LocalFile, Settings};
use crate::ops::Result;
use crate::ops::project::inputs;
use crate::registry::path;

use super::folders::{OF_TEMPLATE, file_name, has_placeholder};
use super::workspace::PACKAGE_JSON;
use super::{locked, workspace};

/// The folder of the root that may have nothing but requirements files.
const FOLDER: &str = "requirements";

const MAIN: &str = "requirements.txt";

/// Takes over what the requirements files ask for, and lists those that are not taken; `from` gets the files that were read.
pub(in crate::ops) fn take_all(root: &Path, all: &mut Imported, from: &mut Vec<String>) -> Result<()> {
    let found = import::requirement_files(files(root)?.iter().map(String::as_str));
    let of_project: BTreeSet<String> =
        found.iter().filter(|file| file.purpose == Purpose::Project).map(|file| stem(&file.path).to_owned()).collect();
    // Where another tool has a lock, the files were written for those who do not use it.
    let has_lock = workspace::has_python_lock(root)?;
    let locked = if has_lock { locked_for_python(root)? } else { LockedVersions::default() };
    for RequirementsFile { path, purpose } in found {
        match purpose {
            Purpose::Project if !has_lock || stem(&path) == stem(MAIN) => {
                take_project(root, &path, (all, &locked), from)?;
            }
            Purpose::Development(group) if !has_lock => {
                all.merge_requirements(read_group(root, &path, &of_project, from)?.into_group(&group), &path);
            }
            Purpose::OnDemand(group) if !has_lock => {
                let mut imported = read_group(root, &path, &of_project, from)?.into_group(&group);
                imported.optional_groups.insert(group);
                all.merge_requirements(imported, &path);
            }
            Purpose::Pins if is_pinned(root, &path)? => all.pin_files.push(path),
            _ if from.contains(&path) => {}
            _ => refuse(all, path),
        }
    }
    for beside in workspace::requirements_beside(root)? {
        if is_template(&beside) {
            all.refuse(path::join(&beside, MAIN).to_string(), OF_TEMPLATE);
        } else if beside != FOLDER {
            tell_indexes(root, &beside, all);
            let file = source_of(root, &path::join(&beside, MAIN))?;
            match group_of(&beside, all).filter(|_| has_lock) {
                Some(group) => take_beside(root, &file, (&group, &of_project), all, from)?,
                None => take_project(root, &file, (all, &locked), from)?,
            }
        }
    }
    for left in left_below(root, from)? {
        refuse(all, left);
    }
    for aside in workspace::requirements_aside(root)? {
        refuse(all, aside);
    }
    Ok(())
}

/// Returns the requirements files below the root that were not read, but for those that a tool compiled from what a project declares and those
/// that the Python project beside them reads itself.
fn left_below(root: &Path, from: &[String]) -> Result<Vec<String>> {
    let mut left = Vec::new();
    for folder in workspace::folders_below(root)?.into_iter().filter(|folder| file_name(folder) != FOLDER) {
        if is_template(&folder) {
            continue;
        }
        let mut readers = String::new();
        for file in PYTHON_MANIFESTS {
            readers.extend(inputs::text(&root.join(&folder).join(file)).ok().flatten());
        }
        let here = root.join(&folder);
        for RequirementsFile { path: file, purpose } in
            import::requirement_files(files(&here)?.iter().map(String::as_str))
        {
            let path = path::join(&folder, &file).to_string();
            // A project says itself what it needs.
            let is_of_project = purpose == Purpose::Project && workspace::is_python_project(root, &folder);
            let is_taken = |path: &str| from.iter().any(|taken| stem(taken) == stem(path));
            let is_compiled = || {
                inputs::text(&root.join(&path))
                    .is_ok_and(|text| text.is_some_and(|text| import::is_compiled_from_project(&text)))
            };
            if !is_of_project && !is_taken(&path) && !readers.contains(&file) && !is_compiled() {
                left.push(path);
            }
        }
    }
    left.sort();
    Ok(left)
}

/// Returns whether a folder, relative to the root, is a template's, by its name: `project_template/`, `{{cookiecutter.slug}}/`.
fn is_template(folder: &str) -> bool {
    folder.split('/').any(|name| {
        let last = name.rsplit(['_', '-', '.']).next().unwrap_or(name);
        matches!(last, "template" | "templates") || has_placeholder(name)
    })
}

/// Returns whether a requirements file asks for one version of everything.
fn is_pinned(root: &Path, file: &str) -> Result<bool> {
    Ok(inputs::text(&root.join(file))?.is_some_and(|text| import::has_pins_only(&text)))
}

fn refuse(all: &mut Imported, file: String) {
    all.refuse(file, "`larder import FILE` takes over what a requirements file asks for");
}

/// Returns the files of the root and of its folder for requirements, by their paths relative to the root.
fn files(root: &Path) -> Result<Vec<String>> {
    let mut found = Vec::new();
    for folder in ["", FOLDER] {
        if fs::stat(&root.join(folder))?.is_none_or(|stat| stat.kind != fs::Kind::Folder) {
            continue;
        }
        for entry in fs::read_dir(&root.join(folder))? {
            let Some(name) = entry.path.file_name().and_then(|name| name.to_str()) else { continue };
            if entry.kind == fs::Kind::File {
                found.push(path::join(folder, name).to_string());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Returns what the lockfile beside the root's Python project has. One that cannot be read has nothing.
fn locked_for_python(root: &Path) -> Result<LockedVersions> {
    let is_python =
        |file: &String| locks::FILES.iter().any(|(name, manifest)| name == file && *manifest != PACKAGE_JSON);
    let files: Vec<String> = locked::beside(root, "")?.into_iter().filter(is_python).collect();
    Ok(locked::read(root, &files, &[] as &[&str], &Settings::default()).unwrap_or_default())
}

/// Stops for indexes that the settings of uv or PDM name beside the requirements.txt of a folder that is no project: those are asked for
/// what that file asks for, and for nothing else.
fn tell_indexes(root: &Path, folder: &str, all: &mut Imported) {
    if workspace::is_python_project(root, folder) || all.is_member(folder) {
        return;
    }
    let Ok(found) = import::python(&inputs::reader(root, &root.join(folder))) else { return };
    for registry in &found.registries {
        let what = format!("the registry {} of {folder}", registry.url);
        all.refuse_guard(
            what,
            format!("it is asked for what {folder}/{MAIN} asks for: declare it in `registries`, with these `packages`"),
        );
    }
    for left in found.not_taken.into_iter().filter(|left| left.guards) {
        all.refuse_guard(format!("{folder}: {}", left.what), left.why);
    }
}

/// Returns a name for a group of what a folder asks for that no group has.
fn group_of(folder: &str, all: &Imported) -> Option<Label> {
    let name = folder.replace(['/', ' '], "-");
    let names = [name.clone(), format!("{name}-requirements")];
    names.into_iter().filter_map(|name| name.parse::<Label>().ok()).find(|name| !all.has_any_group(name))
}

/// Takes over the file of a folder beside a project that has a lockfile: what that locked is not all that the file asks for, and what the
/// project needs is not what the folder does. It becomes a group that no environment includes, which moves no version.
fn take_beside(
    root: &Path,
    file: &str,
    (group, of_project): (&Label, &BTreeSet<String>),
    all: &mut Imported,
    from: &mut Vec<String>,
) -> Result<()> {
    if from.iter().any(|taken| taken == file) {
        return Ok(());
    }
    let mut imported = read_group(root, file, of_project, from)?.into_group(group);
    imported.optional_groups.insert(group.clone());
    all.merge_requirements(imported, file);
    Ok(())
}

/// Takes over a file that has what the project needs, and the files that it includes, but for what would move a locked version.
fn take_project(
    root: &Path,
    first: &str,
    (all, locked): (&mut Imported, &LockedVersions),
    from: &mut Vec<String>,
) -> Result<()> {
    let mut open = vec![first.to_owned()];
    while let Some(file) = open.pop() {
        if from.contains(&file) {
            continue;
        }
        match read(root, &file)? {
            Some((mut imported, includes)) => {
                open.extend(includes);
                imported.leave_out_lines(|line| would_move(line, locked));
                all.merge_requirements(imported, &file);
                from.push(file);
            }
            None if file != first => all.refuse(format!("-r {file}"), "there is no such file"),
            None => {}
        }
    }
    Ok(())
}

/// Returns why a line is left out: the lockfile of the project has a version that it does not admit.
fn would_move(line: &ImportedLine, locked: &LockedVersions) -> Option<NotTaken> {
    let asked = line.requirement().filter(|_| line.source.is_none())?;
    let had = locked.packages().get(&asked.package())?;
    let had: Vec<String> = if had.iter().any(|version| asked.matches(version)) {
        return None;
    } else {
        had.iter().map(ToString::to_string).collect()
    };
    Some(NotTaken::new(line.what(), format!("the lockfile has {}, and moving in changes no version", had.join(", "))))
}

/// Reads a file of a group and the files that it includes, but for those that have what the project needs, given without their endings.
fn read_group(root: &Path, first: &str, of_project: &BTreeSet<String>, from: &mut Vec<String>) -> Result<Imported> {
    let (mut found, mut seen) = (Imported::default(), BTreeSet::new());
    let mut open = vec![first.to_owned()];
    while let Some(file) = open.pop() {
        if of_project.contains(stem(&file)) || !seen.insert(file.clone()) {
            continue;
        }
        match read(root, &file)? {
            Some((imported, includes)) => {
                open.extend(includes);
                found.merge(imported);
                if !from.contains(&file) {
                    from.push(file);
                }
            }
            None => found.refuse(format!("-r {file}"), "there is no such file"),
        }
    }
    Ok(found)
}

/// Returns the group that a requirements file is for, by its name and that of its folder. Returns `None` if it has what a project needs.
pub(in crate::ops) fn group_for(file: &Path) -> Option<Label> {
    let name = file.file_name()?.to_str()?;
    let is_in_folder = file.parent().and_then(Path::file_name).is_some_and(|above| above == FOLDER);
    let path = if is_in_folder { format!("{FOLDER}/{name}") } else { name.to_owned() };
    match import::requirement_files([path.as_str()]).pop()?.purpose {
        Purpose::Development(group) | Purpose::OnDemand(group) => Some(group),
        Purpose::Project | Purpose::Pins | Purpose::Variant => None,
    }
}

/// Returns what a requirements file and those that it includes ask for. Returns `None` if one of them does not exist.
pub(in crate::ops) fn lines_of(root: &Path, first: &str) -> Result<Option<Vec<ImportedLine>>> {
    let (mut lines, mut seen, mut open) = (Vec::new(), BTreeSet::new(), vec![first.to_owned()]);
    while let Some(file) = open.pop() {
        if !seen.insert(file.clone()) {
            continue;
        }
        let Some((imported, includes)) = read(root, &file)? else { return Ok(None) };
        lines.extend(imported.lines);
        open.extend(includes);
    }
    Ok(Some(lines))
}

/// Reads a file, with the files that it includes, last first. Returns `None` if it does not exist. One that a tool compiled from what
/// the project declares asks for nothing itself.
fn read(root: &Path, file: &str) -> Result<Option<(Imported, Vec<String>)>> {
    let Some(bytes) = inputs::read(&root.join(file), inputs::MANIFEST_SIZE)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes);
    if import::is_compiled_from_project(&text) {
        return Ok(Some((Imported::default(), Vec::new())));
    }
    let above = file.rsplit_once('/').map(|(above, _)| above).unwrap_or_default();
    let mut imported = import::requirements(&text, &|place| place_at(root, above, place));
    imported.move_below(above);
    let includes = std::mem::take(&mut imported.includes);
    let includes = includes.iter().rev().map(|included| source_of(root, &path::join(above, included)));
    Ok(Some((imported, includes.collect::<Result<_>>()?)))
}

/// Returns what a path in a requirements file leads to. pip reads paths from the folder that it is started in: that of the file, `above`,
/// or the root.
fn place_at(root: &Path, above: &str, place: &str) -> Option<LocalPlace> {
    let of_root = Path::new(place).strip_prefix(root).ok().and_then(Path::to_str);
    let paths = match of_root {
        Some(below) => [path::join("", below), path::join("", below)],
        None if place.starts_with('/') => return None,
        None => [path::join(above, place), path::join("", place)],
    };
    let place = |path: &std::sync::Arc<str>| {
        if LocalFile::is_python_archive(path) && workspace::is_local_file(root, path) {
            return LocalFile::within("", path).ok().map(LocalPlace::Archive);
        }
        let folder = if path.is_empty() { "." } else { path };
        workspace::is_python_project(root, path).then(|| LocalPlace::Project(folder.to_owned()))
    };
    paths.iter().find_map(place)
}

/// Returns the archive that a path in a requirements file leads to.
pub(in crate::ops) fn archive_at(root: &Path, above: &str, place: &str) -> Option<LocalPlace> {
    place_at(root, above, place).filter(|place| matches!(place, LocalPlace::Archive(_)))
}

/// Returns the file that a requirements file was compiled from, where it lies beside it; else the file itself.
fn source_of(root: &Path, file: &str) -> Result<String> {
    let source = format!("{}.in", stem(file));
    Ok(if fs::stat(&root.join(&source))?.is_some() { source } else { file.to_owned() })
}

/// Returns a path without its ending.
fn stem(file: &str) -> &str {
    file.rsplit_once('.').map_or(file, |(stem, _)| stem)
}

//! Folders that become members, or stay out, though no workspace says so.

use std::path::Path;

use crate::import::{self, Imported, LockedRequirement, PythonProject, UV_LOCK};
use crate::model::PackageName;
use crate::ops::Result;
use crate::ops::project::{inputs, members};
use crate::registry::path::{self, PathKind};

use super::folders::folder_of;
use super::workspace::has;

/// Makes members of the folders whose packages overrides put in the place of others.
pub(in crate::ops) fn take_overriding_folders(root: &Path, imported: &mut Imported) -> Result<()> {
    let mut taken = Vec::new();
    for (folder, name) in imported.overriding_folders() {
        let folder = path::join("", folder);
        if folder.is_empty() || imported.is_member(&folder) || members::stay_inside(root, &folder).is_err() {
            continue;
        }
        let text = inputs::text(&root.join(&*folder).join(PathKind::PackageJson.file()))?;
        let own = text.and_then(|text| import::package_json(&text).ok()?.name);
        if own.is_some_and(|own| own == *name.as_str()) {
            taken.push(globset::escape(&folder));
        }
    }
    imported.members.extend(taken);
    Ok(())
}

/// Writes `extend` lines for those members that are Python projects whose dependencies only a build knows, where a uv.lock has what one
/// computed. Takes the others out, but for those that something asks for by their names, as a registry could serve something else under
/// these: a glob of npm's meets folders that its tools pass over.
pub(in crate::ops) fn settle_computed(root: &Path, imported: &mut Imported) -> Result<()> {
    let members = members::find(root, imported.members.iter().map(String::as_str))?.folders;
    let read = |folder: &str| import::python_project(&inputs::reader(root, &root.join(folder))).ok().flatten();
    let mut computed = Vec::new();
    for folder in &members {
        let is_other =
            has(root, folder, PathKind::PackageJson.file())? || has(root, folder, PathKind::LarderKdl.file())?;
        let Some(project) = read(folder).filter(|project| !project.computed.is_empty()) else { continue };
        match locked_metadata(root, folder, &project)? {
            Some(told) => imported.extend_computed(project.name.as_deref().unwrap_or_default(), &told),
            None => computed.extend((!is_other).then_some((folder, project.name))),
        }
    }
    if computed.is_empty() {
        return Ok(());
    }
    let mut asked = imported.python_names();
    for folder in &members {
        let of_member = import::python(&inputs::reader(root, &root.join(&**folder)));
        asked.extend(of_member.iter().flat_map(Imported::python_names));
    }
    for (folder, name) in computed {
        let is_asked_for = imported.folders.iter().any(|(known, _)| path::join("", known) == *folder);
        let is_named = name.is_none_or(|name| PackageName::pypi(&name).is_ok_and(|name| asked.contains(&name)));
        if !is_asked_for && !is_named {
            let why =
                "a build computes its dependencies: write them into its pyproject.toml to have it among `members`";
            imported.refuse(format!("the folder {folder}"), why);
            let written = globset::escape(folder);
            match imported.members.iter().position(|glob| *glob == written) {
                Some(at) => drop(imported.members.remove(at)),
                None => imported.members.push(format!("!{written}")),
            }
        }
    }
    Ok(())
}

/// Returns what the uv.lock that speaks for a project has of the dependencies that its build computes: its own, or that of a folder above.
/// `None` if none knows them.
fn locked_metadata(root: &Path, folder: &str, project: &PythonProject) -> Result<Option<Vec<LockedRequirement>>> {
    let mut above = folder;
    loop {
        if let Some(lock) = inputs::text(&root.join(above).join(UV_LOCK))? {
            let below = folder.strip_prefix(above).unwrap_or(folder).trim_start_matches('/');
            return Ok(project.clone().take_locked_metadata(&lock, below));
        }
        if above.is_empty() {
            return Ok(None);
        }
        above = folder_of(above);
    }
}

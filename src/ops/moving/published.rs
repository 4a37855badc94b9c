//! Projects of a repository that others in it have from a registry, as their lockfiles say: each is installed by itself, and a link to the
//! folder would be another package, often one that is not built.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::folders::{dependent_in, is_below, with_root};
use super::locked;
use crate::import::{Imported, package_peers, package_ranges};
use crate::model::{NpmRange, PackageName, Requirement};
use crate::ops::Result;
use crate::ops::project::{inputs, members};
use crate::registry::path::{LocalMatch, LocalPackageIndex};

/// Takes those of the projects beside out that others have from a registry, and tells of members that are in their place now.
pub(in crate::ops) fn leave_out(root: &Path, imported: &mut Imported, beside: &mut Vec<String>) -> Result<()> {
    let of_workspace = members::find(root, imported.members.iter().map(String::as_str))?.folders;
    let all: Vec<Arc<str>> =
        of_workspace.iter().cloned().chain(beside.iter().map(|folder| Arc::from(folder.as_str()))).collect();
    let (mut names, mut wanted) = (BTreeMap::new(), Vec::new());
    for folder in with_root(&all) {
        let Some(text) = inputs::text(&root.join(folder).join("package.json"))? else { continue };
        // A file that cannot be read is an error of the project itself.
        let (Ok((name, _)), Ok(ranges)) = (package_peers(&text), package_ranges(&text)) else { continue };
        names.extend(name.filter(|_| !folder.is_empty()).map(|name| (name, folder)));
        wanted.extend(ranges.into_iter().map(|(name, range)| (folder, name, range)));
    }
    wanted.retain(|(folder, name, _)| names.get(name).is_some_and(|own| own != folder));
    if wanted.is_empty() {
        return Ok(());
    }
    let locked = locked::of_npm(root, &all)?;
    for (folder, name, range) in wanted {
        let Ok(alias) = PackageName::npm(&name) else { continue };
        let Some(version) = locked.iter().find_map(|(_, versions)| versions.line(&dependent_in(folder), &alias)) else {
            continue;
        };
        let own = names[&name];
        let by = if folder.is_empty() { "the project" } else { folder };
        if let Some(at) = beside.iter().position(|other| other == own) {
            beside.remove(at);
            imported.refuse(format!("the folder {own}"), format!("{by} has its package {name} from a registry"));
        } else if of_workspace.iter().any(|member| **member == *own) && satisfies(root, own, &alias, &range) {
            imported.refuse(format!("{name} {version} of a registry, which {by} had"), format!("it is {own} here"));
        }
    }
    Ok(())
}

/// Takes those of the projects beside out that have a package from a registry, by their own lockfiles, in whose place a member of another
/// workspace of the repository would be. Of one that is a workspace itself it is told.
pub(in crate::ops) fn leave_out_linked(root: &Path, imported: &mut Imported, beside: &[String]) -> Result<()> {
    let members = members::find(root, imported.members.iter().map(String::as_str))?.folders;
    let mut names = BTreeMap::new();
    for folder in members.iter().filter(|folder| !beside.iter().any(|one| **one == ***folder)) {
        let text = inputs::text(&root.join(&**folder).join("package.json"))?;
        let name = text.and_then(|text| package_peers(&text).ok()?.0);
        names.extend(name.map(|name| (name, Arc::clone(folder))));
    }
    if names.is_empty() {
        return Ok(());
    }
    let locked = locked::of_npm(root, &members)?;
    for folder in beside {
        let Some(text) = inputs::text(&root.join(folder).join("package.json"))? else { continue };
        let Ok(ranges) = package_ranges(&text) else { continue };
        let linked = ranges.into_iter().find_map(|(name, range)| {
            let own = names.get(&name).filter(|own| !is_below(own, folder))?;
            let alias = PackageName::npm(&name).ok()?;
            let mut lines = locked.iter().filter(|(of, _)| of == folder);
            let version = lines.find_map(|(_, versions)| versions.line(&dependent_in(folder), &alias))?;
            satisfies(root, own, &alias, &range)
                .then(|| format!("{own} would stand for {name} {version}, which it has from a registry"))
        });
        let is_workspace = members.iter().any(|member| **member != **folder && is_below(member, folder));
        let Some(why) = linked else { continue };
        if !is_workspace {
            imported.members.retain(|glob| *glob != globset::escape(folder));
        }
        imported.refuse(format!("the folder {folder}"), why);
    }
    Ok(())
}

/// Returns whether the package in a folder is what a range of package.json asks for, so that a link to it takes the place of the package of
/// a registry.
fn satisfies(root: &Path, folder: &str, name: &PackageName, range: &str) -> bool {
    let Ok(range) = range.parse::<NpmRange>() else { return true };
    let wanted = Requirement::npm(name.clone(), name.clone(), range);
    let mut own = LocalPackageIndex::default();
    own.add(root, &Arc::from(folder));
    !matches!(own.find_match(&wanted), LocalMatch::None | LocalMatch::OtherVersion(_))
}

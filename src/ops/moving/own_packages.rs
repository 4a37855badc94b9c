//! Lines for packages and archives of the project itself: those that mean nothing are taken out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::workspace::is_local_file;
use crate::import::{Imported, NotTaken};
use crate::manifest::{normal_name, parse_folder};
use crate::model::{Ecosystem, PackageName};
use crate::ops::Result;
use crate::ops::packages;
use crate::ops::project::members;
use crate::registry::path::{self, LocalMatch, LocalPackageIndex, may_be_built};

/// Takes out the lines that mean a package of the project that is none: no member has the name, or the folder holds no package, or
/// one of another name. A registry could serve something else under it.
pub(in crate::ops) fn check(root: &Path, names: &LocalPackageIndex, imported: &mut Imported) -> Result<()> {
    if imported.workspace.is_empty() && imported.folders.is_empty() {
        return Ok(());
    }
    let of_members = |ecosystem: Ecosystem, name: &str| {
        PackageName::parse(ecosystem, name).is_ok_and(|name| names.get(ecosystem, &name).is_some())
    };
    let lost: BTreeSet<(Ecosystem, String)> =
        imported.workspace.iter().filter(|(ecosystem, name)| !of_members(*ecosystem, name)).cloned().collect();
    let mut wrong: BTreeMap<String, String> = BTreeMap::new();
    let mut linked = BTreeSet::new();
    // Each has a line of its own, in a group.
    let mut other_names: BTreeMap<(String, String), String> = BTreeMap::new();
    for (folder, seen_as) in imported.folders.clone() {
        let at = path::join("", &folder);
        if members::stay_inside(root, &at).is_err() {
            wrong.insert(at.to_string(), "its folder lies outside of the project".to_owned());
            continue;
        }
        let mut own = LocalPackageIndex::default();
        own.add(root, &at);
        let has = |name: &str| {
            let of_other_tools = Ecosystem::ALL.into_iter().filter(|one| one.has_scopes() || one.has_markers());
            of_other_tools.into_iter().any(|ecosystem| {
                PackageName::parse(ecosystem, name).is_ok_and(|name| own.get(ecosystem, &name).is_some())
            })
        };
        // npm's tools link a folder under any name, before there is anything in it. What git ignores, other checkouts have to build.
        let names: Vec<String> = names_of(&folder, imported).cloned().collect();
        let is_linked = names.first() == seen_as.as_ref() && seen_as.is_some();
        let is_built = is_linked && may_be_built(&at);
        let is_kept_under_its_name = seen_as.as_deref().is_none_or(has);
        let other_link = names.first().filter(|_| !is_linked && seen_as.is_some() && may_be_built(&at));
        if let (Some(first), Some(name)) = (other_link, &seen_as) {
            if names.contains(name) {
                other_names.insert((folder, name.clone()), first.clone());
            } else {
                imported.refuse(format!("the link {name} to {at}"), one_name(first));
            }
        } else if is_built && (own.is_empty() || !is_kept_under_its_name || packages::is_ignored(root, &at)?) {
            linked.insert(folder);
        } else if own.is_empty() {
            wrong.insert(at.to_string(), "its folder holds no package".to_owned());
        } else if let Some(name) = seen_as.as_ref().filter(|name| !has(name)) {
            wrong.insert(at.to_string(), format!("the package in its folder is not called {name}"));
        }
    }
    // A line gives the others their names.
    let links = imported.linked.clone();
    imported.linked.retain(|(folder, _), _| linked.contains(folder));
    imported.leave_out_lines(|line| {
        if line.ecosystem.is_local() {
            let link = links.get(&(line.name.clone(), line.group.clone()));
            if let Some(name) = link
                && let Some(first) = other_names.get(&(line.name.clone(), name.clone()))
            {
                return Some(NotTaken::new(format!("the link {name} to {}", line.name), one_name(first)));
            }
            let folder = parse_folder(&line.name).ok()?.folder;
            return wrong.get(&*folder).map(|why| NotTaken::guard(line.what(), why));
        }
        let name = line.range.as_deref().and_then(|range| range.strip_prefix("npm:")?.rsplit_once('@'));
        let name = name.map_or(line.name.as_str(), |(name, _)| name);
        let name = normal_name(line.ecosystem, name);
        let is_lost = lost.contains(&(line.ecosystem, name));
        is_lost.then(|| NotTaken::guard(line.what(), "no member of the project has this name"))
    });
    Ok(())
}

/// Returns the names under which npm's tools link a folder: what the project needs comes first.
fn names_of<'i>(folder: &'i str, imported: &'i Imported) -> impl Iterator<Item = &'i String> {
    imported.linked.iter().filter(move |((linked, _), _)| linked == folder).map(|(_, name)| name)
}

fn one_name(first: &str) -> String {
    format!("a `path` line has one name for a folder, and this one is linked as {first}: ask for it by that")
}

/// Takes the lines out that ask for other versions of the project's own Python packages than these have: an environment has one of a name.
pub(in crate::ops) fn leave_out_other_versions(names: &LocalPackageIndex, imported: &mut Imported) {
    imported.leave_out_lines(|line| {
        let asked = line.requirement().filter(|_| line.ecosystem.has_markers() && line.source.is_none())?;
        let LocalMatch::OtherVersion(own) = names.find_match(&asked) else { return None };
        let why = format!("the project's own is {own}: a line with `registry=\"pypi\"` takes it from there");
        Some(NotTaken::new(line.what(), why))
    });
}

/// Takes the lines out whose archives are not in the checkout.
pub(in crate::ops) fn leave_out_missing_files(root: &Path, imported: &mut Imported) {
    imported.leave_out_lines(|line| {
        let file = line.source.as_ref()?.local_file()?;
        let is_there = is_local_file(root, file.path());
        (!is_there).then(|| {
            NotTaken::new(
                line.what(),
                "there is no such file in the checkout: once it is there, `larder add` takes it (`url=\"file:…\"`)",
            )
        })
    });
}

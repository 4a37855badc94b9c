//! The links in the checkout that lead into the active profile. What larder did not make is never touched.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::{self, Kind};
use crate::lock::Closure;
use crate::model::{Dependent, Edge};

use super::ProfileError;
use super::generation_summary::GenerationSummary;
use super::paths::PROJECT;

/// Links by their places relative to the root.
pub(super) type RootLinks = BTreeMap<PathBuf, PathBuf>;

/// Which links an active generation needs in the checkout.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct RequiredLinks {
    /// `node_modules`
    pub node_modules: bool,
    /// `.venv`
    pub python: bool,
    /// A `node_modules` in each of these folders, relative to the root.
    pub members: Vec<Arc<str>>,
    /// What of the project lies in the generation, by its names there.
    pub project: Vec<Arc<str>>,
}

impl RequiredLinks {
    /// Returns the needs that a closure shows before anything is fetched. What local packages need shows later.
    pub fn of(closure: &Closure<'_>, has_python: bool) -> Self {
        let mut needs = Self { python: has_python, ..Self::default() };
        for root in &closure.roots {
            let is_npm =
                |edge: &Edge| edge.to.package.id.ecosystem.has_scopes() && closure.instances.contains_key(&edge.to);
            match &root.dependent {
                _ if !root.to.iter().any(is_npm) => {}
                Dependent::Project => needs.node_modules = true,
                Dependent::Member(folder) if needs.members.contains(folder) => {}
                Dependent::Member(folder) => needs.members.push(folder.clone()),
            }
        }
        needs
    }

    /// Returns the links.
    pub(super) fn links(&self, root: &Path) -> RootLinks {
        links(root, self)
    }
}

impl From<&GenerationSummary> for RequiredLinks {
    fn from(summary: &GenerationSummary) -> Self {
        // The generation's own copy of the project has links of its own.
        let members = if summary.is_bundled() { Vec::new() } else { summary.members.clone() };
        let project = summary.project.clone();
        Self { node_modules: summary.node_modules, python: summary.python, members, project }
    }
}

fn links(root: &Path, needs: &RequiredLinks) -> RootLinks {
    let mut links = RootLinks::new();
    if needs.node_modules {
        links.insert("node_modules".into(), ".larder/active/node_modules".into());
    }
    if needs.python {
        links.insert(".venv".into(), ".larder/active/python".into());
    }
    for name in &needs.project {
        links.insert(Path::new(&**name).to_owned(), Path::new(".larder/active").join(PROJECT).join(&**name));
    }
    for member in &needs.members {
        let inside = format!(".larder/active/members/{}/node_modules", member_folder(member));
        // From a folder beside the project a relative way back depends on the project's own name.
        let target = if member.starts_with("..") {
            root.join(inside)
        } else {
            PathBuf::from("../".repeat(member.split('/').count()) + &inside)
        };
        links.insert(Path::new(&**member).join("node_modules"), target);
    }
    links
}

/// Returns where a member's `node_modules` lies in a generation: its folder, without a way out.
pub(super) fn member_folder(member: &str) -> String {
    member.split('/').map(|part| if part == ".." { "_" } else { part }).collect::<Vec<_>>().join("/")
}

/// Makes sure that nothing foreign is in the way.
pub(super) fn check(root: &Path, links: &RootLinks) -> Result<(), ProfileError> {
    for (path, target) in links {
        check_parent(root, path)?;
        has_link(root, path, target)?;
    }
    Ok(())
}

/// Makes sure that a folder or file which is named as one of the project lies in it: a link may lead it elsewhere. One that
/// is named as one beside the project lies where it says.
pub fn check_stays_inside(root: &Path, folder: &Path) -> Result<(), ProfileError> {
    if folder.as_os_str().is_empty() || folder.starts_with("..") {
        return Ok(());
    }
    match fs::canonicalize(&root.join(folder)) {
        Ok(target) if target.starts_with(fs::canonicalize(root)?) => Ok(()),
        Ok(target) => Err(ProfileError::LeadsOut { path: folder.to_owned(), target }),
        Err(error) if error.is_not_found() => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn check_parent(root: &Path, link: &Path) -> Result<(), ProfileError> {
    link.parent().map_or(Ok(()), |folder| check_stays_inside(root, folder))
}

/// Returns what is in the way.
pub(super) fn obstacles(root: &Path, links: &RootLinks) -> Result<Vec<PathBuf>, ProfileError> {
    let mut obstacles = Vec::new();
    for (path, target) in links {
        match has_link(root, path, target) {
            Err(ProfileError::Foreign { path } | ProfileError::OtherCheckout { path, .. }) => obstacles.push(path),
            looked => drop(looked?),
        }
    }
    Ok(obstacles)
}

/// Makes the links that are missing. In folders beside the project only where these are among `beside`.
pub(super) fn create_links(root: &Path, links: &RootLinks, beside: &BTreeSet<Arc<str>>) -> Result<(), ProfileError> {
    check(root, links)?;
    for (path, target) in links {
        let is_beside = path.starts_with("..");
        let is_allowed = !is_beside || beside.iter().any(|folder| path.parent() == Some(Path::new(&**folder)));
        if is_allowed && !has_link(root, path, target)? {
            fs::replace_symlink(&root.join(path), target)?;
        }
    }
    Ok(())
}

/// Removes the links of `old` that are not in `new`, where they are still larder's.
pub(super) fn remove_stale(root: &Path, old: &RootLinks, new: &RootLinks) -> Result<(), ProfileError> {
    for (path, target) in old.iter().filter(|(path, _)| !new.contains_key(*path)) {
        if let (Ok(()), Ok(true)) = (check_parent(root, path), has_link(root, path, target)) {
            fs::remove_file(&root.join(path))?;
        }
    }
    Ok(())
}

fn has_link(root: &Path, path: &Path, target: &Path) -> Result<bool, ProfileError> {
    let full = root.join(path);
    match fs::lstat(&full)? {
        None => Ok(false),
        Some(stat) if stat.kind == Kind::Symlink => match fs::read_link(&full)? {
            found if found == target => Ok(true),
            found => match of_another_checkout(&found, target) {
                // It is where this one was before it was moved.
                Some(_) if fs::stat(&found)?.is_none() => Ok(false),
                Some(other) => Err(ProfileError::OtherCheckout { path: path.to_owned(), root: other }),
                None => Err(ProfileError::Foreign { path: path.to_owned() }),
            },
        },
        Some(_) => Err(ProfileError::Foreign { path: path.to_owned() }),
    }
}

/// Returns the checkout that a link in a folder beside this one leads to, where it is larder's.
fn of_another_checkout(found: &Path, target: &Path) -> Option<PathBuf> {
    let parted = |path: &Path| {
        let root: PathBuf = path.iter().take_while(|part| *part != ".larder").collect();
        let inside = path.strip_prefix(&root).ok()?.to_owned();
        path.is_absolute().then_some((root, inside))
    };
    let ((other, found), (_, wanted)) = (parted(found)?, parted(target)?);
    (found == wanted).then_some(other)
}

//! Which folders are members.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};

use crate::fs;
use crate::manifest::Manifest;
use crate::profile;
use crate::registry::path::PathKind;

use super::Result;

/// Returns the folders below the root that a `members` glob matches and that have a manifest of some kind, sorted.
pub(super) fn find(root: &Path, manifest: &Manifest) -> Result<Vec<Arc<str>>> {
    let mut found = Vec::new();
    let globs = globs(manifest);
    for glob in &manifest.members {
        let (fixed, depth) = split(&glob.value);
        profile::stays_inside(root, Path::new(&fixed))?;
        collect(root, &fixed, depth, &globs, &mut found)?;
    }
    found.sort();
    found.dedup();
    Ok(found)
}

/// Makes sure that a local package and its manifests lie where they say: a link could lead to any file of the user.
pub(super) fn stay_inside(root: &Path, folder: &str) -> Result<()> {
    profile::stays_inside(root, Path::new(folder))?;
    for kind in PathKind::ALL {
        let file = Path::new(folder).join(kind.file());
        if fs::lstat(&root.join(&file))?.is_some_and(|stat| stat.kind == fs::Kind::Symlink) {
            profile::stays_inside(root, &file)?;
        }
    }
    Ok(())
}

/// Tells whether a folder, relative to the root, lies in a member.
pub(super) fn contain(manifest: &Manifest, relative: &Path) -> bool {
    let globs = globs(manifest);
    relative.ancestors().any(|folder| !folder.as_os_str().is_empty() && globs.is_match(folder))
}

/// Returns the folders in which a member may appear or vanish.
pub(super) fn watched(root: &Path, manifest: &Manifest) -> Vec<PathBuf> {
    let mut folders: Vec<_> = manifest.members.iter().map(|glob| root.join(split(&glob.value).0)).collect();
    folders.sort();
    folders.dedup();
    folders
}

/// Returns a glob's leading folders without a wildcard, and how many levels below them it can match: `apps/*` is
/// (`apps`, 1).
fn split(glob: &str) -> (String, usize) {
    let parts: Vec<_> = glob.trim_end_matches('/').split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let fixed = parts.iter().take_while(|part| !part.contains(['*', '?', '[', '{'])).count();
    let depth = if parts[fixed..].contains(&"**") { DEEPEST } else { parts.len() - fixed };
    (parts[..fixed].join("/"), depth)
}

/// How far `**` reaches.
const DEEPEST: usize = 8;

fn globs(manifest: &Manifest) -> GlobSet {
    let mut set = GlobSetBuilder::new();
    for glob in &manifest.members {
        let text = glob.value.trim_end_matches('/').trim_start_matches("./");
        // A glob that does not parse was an error of the manifest already.
        if let Ok(glob) = GlobBuilder::new(text).literal_separator(true).build() {
            set.add(glob);
        }
    }
    set.build().unwrap_or_else(|_| GlobSet::empty())
}

fn collect(root: &Path, folder: &str, depth: usize, globs: &GlobSet, found: &mut Vec<Arc<str>>) -> Result<()> {
    let here = root.join(folder);
    if !folder.is_empty() && globs.is_match(folder) {
        for kind in PathKind::ALL {
            if fs::stat(&here.join(kind.file()))?.is_some() {
                stay_inside(root, folder)?;
                found.push(folder.into());
                break;
            }
        }
    }
    if depth == 0 || fs::stat(&here)?.is_none_or(|stat| stat.kind != fs::Kind::Folder) {
        return Ok(());
    }
    for entry in fs::read_dir(&here)? {
        let Some(name) = entry.path.file_name().and_then(|name| name.to_str()) else { continue };
        if entry.kind == fs::Kind::Folder && name != "node_modules" && !name.starts_with('.') {
            let below = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
            collect(root, &below, depth - 1, globs, found)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_splits_at_its_first_wildcard() {
        assert_eq!(split("apps/*"), ("apps".to_owned(), 1));
        assert_eq!(split("./packages/theme/"), ("packages/theme".to_owned(), 0));
        assert_eq!(split("a/*/b"), ("a".to_owned(), 2));
        assert_eq!(split("**"), (String::new(), DEEPEST));
    }
}

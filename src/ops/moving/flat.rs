//! The folders whose package manager puts all packages into one folder: whatever lies below finds them all.

use std::path::Path;
use std::sync::Arc;

use super::workspace::has;
use crate::import;
use crate::ops::Result;
use crate::ops::project::inputs;

/// The folders of a repository where all packages lie in one folder, relative to the root.
#[derive(Debug)]
pub(in crate::ops) struct FlatFolders<'a>(Vec<&'a str>);

impl<'a> FlatFolders<'a> {
    /// Looks at the root and at the members.
    pub(in crate::ops) fn of(root: &Path, members: &'a [Arc<str>]) -> Result<Self> {
        let mut found = Vec::new();
        for folder in with_root(members) {
            if is_flat(root, folder)? {
                found.push(folder);
            }
        }
        Ok(Self(found))
    }

    /// Returns whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the nearest one that a folder is or lies below.
    pub(super) fn nearest(&self, folder: &str) -> Option<&'a str> {
        self.0.iter().copied().filter(|above| is_below(folder, above)).max_by_key(|above| above.len())
    }

    /// Returns whether TypeScript is installed in one, for the root or for a member.
    pub(in crate::ops) fn have_typescript(&self, root: &Path, members: &[Arc<str>]) -> Result<bool> {
        for folder in with_root(members).filter(|folder| self.nearest(folder).is_some()) {
            let Some(text) = inputs::text(&root.join(folder).join("package.json"))? else { continue };
            if import::package_ranges(&text).is_ok_and(|all| all.iter().any(|(name, _)| name == "typescript")) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Returns the root and the members, by their folders.
pub(super) fn with_root(members: &[Arc<str>]) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(members.iter().map(|folder| &**folder))
}

/// Returns whether a folder has a lockfile of a tool that puts all packages into one folder. Later versions of Yarn, and pnpm, do so where
/// they are told to.
fn is_flat(root: &Path, folder: &str) -> Result<bool> {
    for lock in ["package-lock.json", "npm-shrinkwrap.json", "bun.lock"] {
        if has(root, folder, lock)? {
            return Ok(true);
        }
    }
    let says = |file: &str, setting: &str| -> Result<Option<bool>> {
        let text = inputs::text(&root.join(folder).join(file))?;
        Ok(text.map(|text| text.lines().any(|line| line.replace([' ', '"', '\''], "") == setting)))
    };
    if has(root, folder, "yarn.lock")? {
        return Ok(says(".yarnrc.yml", "nodeLinker:node-modules")?.unwrap_or(true));
    }
    let is_told = says(".npmrc", "node-linker=hoisted")? == Some(true)
        || says("pnpm-workspace.yaml", "nodeLinker:hoisted")? == Some(true);
    Ok(is_told && has(root, folder, "pnpm-lock.yaml")?)
}

/// Returns whether a folder is another one or lies in it.
pub(super) fn is_below(folder: &str, above: &str) -> bool {
    above.is_empty() || folder.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the folder that a file or folder lies in, all relative to the root; empty for the root.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

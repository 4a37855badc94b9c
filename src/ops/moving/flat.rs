//! The folders whose package manager puts all packages into one folder: whatever lies below finds them all.

use std::path::Path;
use std::sync::Arc;

use super::folders::{is_below, with_root};
use super::workspace::{PACKAGE_JSON, has, says, shared_lock};
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

    /// Returns all such folders.
    pub(super) fn all(&self) -> &[&'a str] {
        &self.0
    }

    /// Returns the nearest one that a folder is or lies below.
    pub(super) fn nearest(&self, folder: &str) -> Option<&'a str> {
        self.0.iter().copied().filter(|above| is_below(folder, above)).max_by_key(|above| above.len())
    }
}

/// Returns whether a folder has a lockfile of a tool that puts all packages into one folder. Later versions of Yarn, and pnpm, do so where
/// they are told to.
fn is_flat(root: &Path, folder: &str) -> Result<bool> {
    Ok(has_flat_lock(root, folder)? && shared_lock(root, folder, PACKAGE_JSON)?.is_none())
}

fn has_flat_lock(root: &Path, folder: &str) -> Result<bool> {
    for lock in ["package-lock.json", "npm-shrinkwrap.json", "bun.lock"] {
        if has(root, folder, lock)? {
            return Ok(true);
        }
    }
    let setting = |file: &str, setting: &str| -> Result<Option<bool>> {
        Ok(inputs::text(&root.join(folder).join(file))?.map(|text| says(&text, setting)))
    };
    if has(root, folder, "yarn.lock")? {
        return Ok(setting(".yarnrc.yml", "nodeLinker:node-modules")?.unwrap_or(true));
    }
    let is_told = setting(".npmrc", "node-linker=hoisted")? == Some(true)
        || setting("pnpm-workspace.yaml", "nodeLinker:hoisted")? == Some(true);
    Ok(is_told && has(root, folder, "pnpm-lock.yaml")?)
}

//! The check of a whole registry.

use std::path::Path;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure, list};
use crate::ops::{Context, Result};
use crate::registry::FolderRegistry;

/// `larder registry verify --json`: see `schema/registry-verify.json`.
#[derive(Debug, Serialize)]
pub struct Whole {
    /// The identity of its log.
    pub origin: String,
    /// The number of leaves of its log.
    pub size: u64,
    /// The root of its log.
    pub root: String,
    /// The time of the last state.
    pub time: String,
    /// The number of packages.
    pub packages: usize,
    /// The number of published versions; of a part of a registry, those whose archives it has.
    pub versions: usize,
}

/// Checks every leaf, tile, head, index file and archive of a registry in a folder.
pub fn verify(context: &Context<'_>, folder: &Path) -> Result<Whole> {
    let registry = FolderRegistry::open(&context.folder.join(folder), &[])?;
    let verified = registry.verify()?;
    if !verified.damage.is_empty() {
        return Err(Damaged { folder: registry.root().display().to_string(), damage: verified.damage }.into());
    }
    Ok(Whole {
        origin: registry.description().origin.clone(),
        size: verified.tree.size,
        root: verified.tree.root.to_string(),
        time: verified.time,
        packages: verified.packages,
        versions: verified.versions,
    })
}

/// A registry of which something is not what its checkpoint signs.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("registry `{folder}` is damaged:{}", list(damage))]
#[diagnostic(
    code(larder::registry::damaged),
    help(
        "a publication that was cut off is taken back by the next one; anything else: restore the folder from a copy"
    )
)]
struct Damaged {
    folder: String,
    damage: Vec<String>,
}

impl Failure for Damaged {
    fn exit(&self) -> Exit {
        Exit::Integrity
    }
}

//! What the first lock after `init` begins with: other tools' lockfiles, whose versions it keeps. They are noted in
//! `.larder/moving-in.json` until a lock is written, whatever happens in between:
//!
//! ```json
//! { "version": 1, "prefer": ["pnpm-lock.yaml", "apps/api/uv.lock"] }
//! ```

use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::locked;
use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability};
use crate::import::locks::LockedVersions;
use crate::ops::{Project, Result};
use crate::profile;

/// The version of the format.
const VERSION: u32 = 1;

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct PendingLocks {
    version: u32,
    /// The lockfiles, relative to the root, in the order of their weight.
    prefer: Vec<String>,
    /// Whether packages may come from elsewhere than they say.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    from_anywhere: bool,
}

/// Notes the lockfiles, given by their paths relative to the root, and whether packages may come from elsewhere than they say.
pub(in crate::ops) fn remember(root: &Path, files: &[String], from_anywhere: bool) -> Result<()> {
    let record = PendingLocks { version: VERSION, prefer: files.to_vec(), from_anywhere };
    let text = serde_json::to_vec(&record).map_err(|error| BadRecord { reason: error.to_string() })?;
    profile::Profiles::open(root)?;
    fs::create_dir_all(&profile::own_folder(root))?;
    Ok(fs::write_atomic(&file(root), &text, Durability::Whole)?)
}

/// Returns the noted lockfiles that are there still; none once the project has a lock.
pub(in crate::ops) fn files(project: &Project) -> Result<Vec<String>> {
    Ok(read(project)?.map(|record| record.prefer).unwrap_or_default())
}

/// Reads the note, with those lockfiles that are there still. Returns `None` once the project has a lock.
fn read(project: &Project) -> Result<Option<PendingLocks>> {
    let root = &project.root;
    let bad = |reason: String| BadRecord { reason };
    let Some(bytes) = fs::read_record(&file(root))? else { return Ok(None) };
    if fs::lstat(&project.lockfile())?.is_some() {
        return Ok(None);
    }
    let mut record: PendingLocks = serde_json::from_slice(&bytes).map_err(|error| bad(error.to_string()))?;
    if record.version != VERSION {
        return Err(bad(format!("it has version {}", record.version)).into());
    }
    let leaves = |file: &&String| !Path::new(file).components().all(|part| matches!(part, Component::Normal(_)));
    if let Some(outside) = record.prefer.iter().find(leaves) {
        return Err(bad(format!("it names `{outside}`, which lies outside of the project")).into());
    }
    let mut there = Vec::with_capacity(record.prefer.len());
    for file in std::mem::take(&mut record.prefer) {
        if fs::stat(&root.join(&file))?.is_some() {
            there.push(file);
        }
    }
    Ok(Some(PendingLocks { prefer: there, ..record }))
}

/// Returns the versions that the noted lockfiles chose. `None` once the project has a lock.
pub(in crate::ops) fn versions(project: &Project) -> Result<Option<LockedVersions>> {
    let Some(record) = read(project)?.filter(|record| !record.prefer.is_empty()) else { return Ok(None) };
    let versions = locked::read(&project.root, &record.prefer, &project.members, &project.manifest.settings)?;
    Ok(Some(versions.from_anywhere(record.from_anywhere)))
}

/// Forgets the lockfiles, as a lock was written.
pub(in crate::ops) fn forget(root: &Path) -> Result<()> {
    let file = file(root);
    if fs::lstat(&file)?.is_some() {
        profile::Profiles::open(root)?;
        fs::remove_file(&file)?;
    }
    Ok(())
}

fn file(root: &Path) -> PathBuf {
    profile::own_folder(root).join("moving-in.json")
}

/// A note that larder did not write.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`.larder/moving-in.json` is not what `larder init` wrote: {reason}")]
#[diagnostic(
    code(larder::init::bad_record),
    help("remove it; `larder lock --prefer FILE` begins with the versions of another tool's lockfile")
)]
struct BadRecord {
    reason: String,
}

impl Failure for BadRecord {
    fn exit(&self) -> Exit {
        Exit::Integrity
    }
}

//! The projects that use a store.
//!
//! ```text
//! store/v1/projects/<hash of the folder>     the folder and a NUL, then the trees of the project's
//!                                            generations, one per line
//! ```
//!
//! The file's modification time is when the project was last seen. The trees of a project whose folder is gone are kept for
//! a while: its disk may come back.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Store, StoreError};
use crate::fs::{self, Durability, Stat};
use crate::model::TreeDigest;

/// The file of a project that lost its content in a crash, so that the trees of the project are unknown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnreadableNote {
    /// The path of the file.
    pub file: PathBuf,
    /// The time since its last change.
    pub age: Duration,
}

/// A project that uses the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownProject {
    /// The folder, when the project was last seen.
    pub root: PathBuf,
    /// The trees of its generations.
    pub trees: BTreeSet<TreeDigest>,
    /// The time since the project was last seen.
    pub unseen: Duration,
}

impl Store {
    /// Adds trees to those that a project uses.
    pub fn note_project(&self, root: &Path, trees: impl Iterator<Item = TreeDigest>) -> Result<(), StoreError> {
        let mut all: BTreeSet<TreeDigest> = trees.collect();
        if let Some(known) = read_project(&self.project_file(root))? {
            all.extend(known.trees);
        }
        self.write_project(root, &all)
    }

    /// Replaces the trees that a project uses.
    pub fn write_project(&self, root: &Path, trees: &BTreeSet<TreeDigest>) -> Result<(), StoreError> {
        // No path has a NUL.
        let mut text = [root.as_os_str().as_bytes(), b"\0"].concat();
        for tree in trees {
            text.extend_from_slice(format!("\n{tree}").as_bytes());
        }
        let file = self.project_file(root);
        let noted =
            fs::create_dir_all(&self.projects_folder()).and_then(|()| fs::write_atomic(&file, &text, Durability::Lazy));
        // A user who cannot write to the store cannot collect from it either.
        Ok(super::unless_read_only(noted)?)
    }

    /// Returns the projects that use the store, and the files that cannot be read.
    pub fn projects(&self) -> Result<(Vec<KnownProject>, Vec<UnreadableNote>), StoreError> {
        let found = match fs::read_dir(&self.projects_folder()) {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(Default::default()),
            Err(error) => return Err(error.into()),
        };
        let (mut projects, mut lost) = (Vec::new(), Vec::new());
        for found in found.into_iter().filter(|found| !found.path.to_string_lossy().starts_with('.')) {
            let file = self.projects_folder().join(found.path);
            match read_project(&file)? {
                Some(project) => projects.push(project),
                None => lost.extend(fs::stat(&file)?.map(|stat| UnreadableNote { age: age(&stat), file })),
            }
        }
        projects.sort_by(|a, b| a.root.cmp(&b.root));
        Ok((projects, lost))
    }

    /// Removes the file of a project that cannot be read.
    pub fn drop_note(&self, lost: &UnreadableNote) -> Result<(), StoreError> {
        Ok(fs::remove_file(&lost.file)?)
    }

    /// Removes a project, so that its trees can be collected.
    pub fn forget_project(&self, root: &Path) -> Result<(), StoreError> {
        Ok(fs::remove_file(&self.project_file(root))?)
    }

    fn project_file(&self, root: &Path) -> PathBuf {
        let hash = blake3::hash(root.as_os_str().as_bytes()).to_hex();
        self.projects_folder().join(&hash[..32])
    }

    pub(super) fn projects_folder(&self) -> PathBuf {
        self.root.join("projects")
    }
}

fn read_project(file: &Path) -> Result<Option<KnownProject>, StoreError> {
    let Some(stat) = fs::stat(file)? else { return Ok(None) };
    let Some(bytes) = fs::read_if_exists(file)? else { return Ok(None) };
    let Some(end) = bytes.iter().position(|byte| *byte == 0).filter(|end| *end > 0) else { return Ok(None) };
    let root = PathBuf::from(OsString::from_vec(bytes[..end].to_vec()));
    let trees = bytes[end..]
        .split(|byte| *byte == b'\n')
        .filter_map(|line| std::str::from_utf8(line).ok()?.parse().ok())
        .collect();
    Ok(Some(KnownProject { root, trees, unseen: age(&stat) }))
}

fn age(stat: &Stat) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_nanos(stat.mtime.max(0).unsigned_abs()))
}

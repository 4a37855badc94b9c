//! The projects that use a store.
//!
//! ```text
//! store/v1/projects/<hash of the folder>     its folder and a NUL, then the trees that its
//!                                            generations are made of, a line each
//! ```
//!
//! The time of the file's last change is when the project was last seen. One whose folder is gone stays a root for a
//! while: it may be on a disk that comes back.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::{Store, StoreError};
use crate::fs::{self, Durability, Stat};
use crate::model::TreeDigest;

/// A note that cannot be read any more: a loss of power took its text. Nobody knows what its project needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostNote {
    /// The note.
    pub file: PathBuf,
    /// How old it is.
    pub age: Duration,
}

/// A project that uses the store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownProject {
    /// Its folder, as it was when it was last seen.
    pub root: PathBuf,
    /// The trees that its generations are made of.
    pub trees: BTreeSet<TreeDigest>,
    /// How long it has not been seen.
    pub unseen: Duration,
}

impl Store {
    /// Notes that a project is about to use these trees, besides those that it uses already.
    pub fn note_project(&self, root: &Path, trees: impl Iterator<Item = TreeDigest>) -> Result<(), StoreError> {
        let mut all: BTreeSet<TreeDigest> = trees.collect();
        if let Some(known) = read_project(&self.project_file(root))? {
            all.extend(known.trees);
        }
        self.write_project(root, &all)
    }

    /// Notes that a project uses these trees, and no others.
    pub fn write_project(&self, root: &Path, trees: &BTreeSet<TreeDigest>) -> Result<(), StoreError> {
        // No path has a NUL.
        let mut text = [root.as_os_str().as_bytes(), b"\0"].concat();
        for tree in trees {
            text.extend_from_slice(format!("\n{tree}").as_bytes());
        }
        let file = self.project_file(root);
        let noted =
            fs::create_dir_all(&self.projects_folder()).and_then(|()| fs::write_atomic(&file, &text, Durability::Lazy));
        // What this user cannot write it cannot collect either.
        Ok(super::unless_read_only(noted)?)
    }

    /// Returns the projects that use the store, and the notes that say nothing any more.
    pub fn projects(&self) -> Result<(Vec<KnownProject>, Vec<LostNote>), StoreError> {
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
                None => lost.extend(fs::stat(&file)?.map(|stat| LostNote { age: age(&stat), file })),
            }
        }
        projects.sort_by(|a, b| a.root.cmp(&b.root));
        Ok((projects, lost))
    }

    /// Removes a note that says nothing.
    pub fn drop_note(&self, lost: &LostNote) -> Result<(), StoreError> {
        Ok(fs::remove_file(&lost.file)?)
    }

    /// Forgets a project: its trees may go.
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

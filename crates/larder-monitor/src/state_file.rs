//! What outlives the monitor, on disk.
//!
//! ```text
//! .larder/monitor/<environment>.json    what is saved
//! .larder/monitor/<environment>.lock    held by the monitor that runs
//! ```

use std::path::{Path, PathBuf};

use larder::diagnostic::{Exit, Failure};
use larder::fs::{self, Durability, FileLock, FsError, PathState};
use serde::{Deserialize, Serialize};

use crate::engine::Saved;

/// The version of the file's form.
const VERSION: u32 = 1;

/// The folder, below the project's.
const FOLDER: &str = ".larder/monitor";

/// The file of one environment.
#[derive(Debug)]
pub struct StateFile {
    root: PathBuf,
    folder: PathBuf,
    path: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Document {
    version: u32,
    #[serde(flatten)]
    saved: Saved,
}

/// What was found on disk.
#[derive(Debug, Default)]
pub struct StoredState {
    /// What was saved; nothing, if the file is not there or says nothing that can be read.
    pub saved: Saved,
    /// Why the file could not be read, if it is there.
    pub damage: Option<String>,
}

impl StateFile {
    /// Names the file of an environment; nothing is opened.
    pub fn of(root: &Path, environment: &str) -> Self {
        let folder = root.join(FOLDER);
        Self { root: root.to_owned(), path: folder.join(format!("{environment}.json")), folder }
    }

    /// Takes the place of the one monitor of the environment.
    ///
    /// # Errors
    /// Another monitor has it, or the folder cannot be written.
    pub fn lock(&self) -> Result<FileLock, StateError> {
        if let PathState::Blocked { path, .. } = fs::inspect_below(&self.root, Path::new(FOLDER))? {
            return Err(StateError::Blocked(path));
        }
        fs::create_dir_all(&self.folder)?;
        let lock = FileLock::try_acquire(&self.path.with_extension("lock"))?;
        lock.ok_or_else(|| StateError::Running(self.path.with_extension("lock")))
    }

    /// Reads what was saved.
    ///
    /// # Errors
    /// The file cannot be read. One whose content is damaged is none: a monitor that does not run helps nobody.
    pub fn read(&self) -> Result<StoredState, FsError> {
        let Some(bytes) = fs::read_record(&self.path)? else { return Ok(StoredState::default()) };
        let document: Result<Document, _> = serde_json::from_slice(&bytes);
        Ok(match document {
            Ok(document) if document.version == VERSION => StoredState { saved: document.saved, damage: None },
            Ok(document) => {
                StoredState { saved: Saved::default(), damage: Some(format!("its version is {}", document.version)) }
            }
            Err(error) => StoredState { saved: Saved::default(), damage: Some(error.to_string()) },
        })
    }

    /// Replaces what was saved.
    ///
    /// # Errors
    /// The file cannot be written; it is as it was.
    pub fn write(&self, saved: Saved) -> Result<(), FsError> {
        fs::create_dir_all(&self.folder)?;
        // Maps, texts and numbers can always be serialized.
        let text = serde_json::to_string_pretty(&Document { version: VERSION, saved }).unwrap_or_default();
        fs::write_atomic(&self.path, format!("{text}\n").as_bytes(), Durability::Lazy)
    }

    /// Returns the file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Why a monitor cannot begin.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum StateError {
    /// Another one runs.
    #[error("another monitor of this environment runs: it holds `{}`", .0.display())]
    #[diagnostic(code(larder::monitor::running), help("`larder monitor alerts` and its `/status` work beside it"))]
    Running(PathBuf),
    /// A link or a file stands where the folder should be.
    #[error("`{}` is no folder, so that the monitor cannot keep its state there", .0.display())]
    #[diagnostic(code(larder::monitor::blocked), help("remove it: what it leads to is not larder's"))]
    Blocked(PathBuf),
    /// The disk.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Disk(#[from] FsError),
}

impl Failure for StateError {
    fn exit(&self) -> Exit {
        match self {
            Self::Running(_) | Self::Blocked(_) => Exit::Refused,
            Self::Disk(error) => error.exit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_read_again_and_damage_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::of(folder.path(), "production");
        assert!(file.read().unwrap().damage.is_none());
        let saved = Saved { next_alert: 7, ..Saved::default() };
        file.write(saved.clone()).unwrap();
        assert_eq!(file.read().unwrap().saved, saved);
        for damaged in ["{", "", "{\"version\":2,\"checks\":{},\"cooldowns\":{},\"history\":[],\"channels\":{}}", "[]"]
        {
            std::fs::write(file.path(), damaged).unwrap();
            let found = file.read().unwrap();
            assert!(found.damage.is_some() && found.saved == Saved::default(), "{damaged}");
        }
    }

    #[test]
    fn a_link_in_the_place_of_the_folder_is_not_followed() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        std::os::unix::fs::symlink(other.path(), folder.path().join(".larder")).unwrap();
        assert!(matches!(StateFile::of(folder.path(), "production").lock(), Err(StateError::Blocked(_))));
        assert_eq!(std::fs::read_dir(other.path()).unwrap().count(), 0);
    }

    #[test]
    fn one_monitor_of_an_environment_runs() {
        let folder = tempfile::tempdir().unwrap();
        let file = StateFile::of(folder.path(), "production");
        let held = file.lock().unwrap();
        assert!(matches!(file.lock(), Err(StateError::Running(_))));
        StateFile::of(folder.path(), "staging").lock().unwrap();
        drop(held);
        file.lock().unwrap();
    }
}

//! Files that a command prepared and moves into their places, all or none.
//!
//! They are prepared in `.larder/NAME/files`. Then `.larder/NAME/ready` is written, which lists them, and each is moved. A run that
//! is killed before leaves the project as it was; one that is killed after is finished by the next run of the command, and nothing
//! else works on the project until then.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability, Kind, PathState};
use crate::model::EntryPath;
use crate::ops::Result;
use crate::profile;

/// A command that moves files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Mover {
    /// `larder restore`
    Restore,
    /// `larder import assets`, `larder import flows`
    Import,
}

impl Mover {
    const ALL: [Self; 2] = [Self::Restore, Self::Import];

    /// Returns the folder in which files are prepared.
    pub(in crate::ops) fn folder(self, root: &Path) -> PathBuf {
        profile::own_folder(root).join(self.name())
    }

    /// Returns that folder, relative to the root.
    pub(in crate::ops) fn relative_folder(self) -> PathBuf {
        Path::new(".larder").join(self.name())
    }

    fn name(self) -> &'static str {
        match self {
            Self::Restore => "restoring",
            Self::Import => "importing",
        }
    }

    fn mark(self, root: &Path) -> PathBuf {
        self.folder(root).join("ready")
    }

    /// Returns the files that a run was moving when it was cut off; `None` if there is none.
    pub(in crate::ops) fn ready(self, root: &Path) -> Result<Option<Vec<String>>> {
        let Some(bytes) = fs::read_record(&self.mark(root))? else { return Ok(None) };
        Ok(Some(serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// Notes that all files are prepared: from now on it happens.
    pub(in crate::ops) fn set_ready(self, root: &Path, files: &[String]) -> Result<()> {
        let text = serde_json::to_vec(files).unwrap_or_default();
        Ok(fs::write_atomic(&self.mark(root), &text, Durability::Synced)?)
    }

    /// Moves files into their places. What was moved by an earlier run is there. The list was written by larder, and may have been
    /// changed since: `is_allowed` tells which files there can be.
    pub(in crate::ops) fn move_all(
        self,
        root: &Path,
        files: &[String],
        is_allowed: &dyn Fn(&str) -> bool,
    ) -> Result<()> {
        let staging = self.folder(root);
        for file in files {
            let is_meant = |path: &EntryPath| path.as_str() == file && is_allowed(file);
            let Some(path) = EntryPath::parse(file).ok().filter(is_meant) else { continue };
            let (from, to) = (staging.join("files").join(path.as_str()), root.join(path.as_str()));
            if fs::lstat(&from)?.is_none() {
                continue;
            }
            if let Some(parent) = Path::new(path.as_str()).parent() {
                match fs::inspect_below(root, parent)? {
                    PathState::Clear | PathState::Missing => fs::create_dir_all(&root.join(parent))?,
                    PathState::Blocked { path, kind } => return Err(InTheWay::of(&path, kind).into()),
                }
            }
            fs::rename(&from, &to)?;
        }
        fs::sync_volume(root)?;
        fs::remove_file(&self.mark(root))?;
        Ok(fs::remove_tree(&staging)?)
    }
}

/// Fails if a command was cut off while it moved files.
pub(super) fn check(root: &Path) -> Result<()> {
    for mover in Mover::ALL {
        if fs::lstat(&mover.mark(root))?.is_some() {
            let root = root.to_owned();
            return Err(match mover {
                Mover::Restore => CutOff::Restore { root }.into(),
                Mover::Import => CutOff::Import { root }.into(),
            });
        }
    }
    Ok(())
}

/// A run that is not finished.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum CutOff {
    #[error("a restore of `{}` was cut off before all files were in their places", root.display())]
    #[diagnostic(code(larder::backup::cut_off), help("run `larder restore FILE` again: it finishes that first"))]
    Restore { root: PathBuf },
    #[error("an import into `{}` was cut off before all files were in their places", root.display())]
    #[diagnostic(code(larder::import::cut_off), help("run the import again: it finishes that first"))]
    Import { root: PathBuf },
}

impl Failure for CutOff {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// Something that stands where a file is to be.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{path}` is in the way: it is {what}")]
#[diagnostic(code(larder::project::in_the_way), help("nothing was changed there: move it away"))]
pub(in crate::ops) struct InTheWay {
    path: String,
    what: &'static str,
}

impl InTheWay {
    pub(in crate::ops) fn of(path: &Path, kind: Kind) -> Self {
        Self { path: path.display().to_string(), what: named(kind) }
    }
}

impl Failure for InTheWay {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// Returns what stands at a place, in words.
pub(in crate::ops) fn named(kind: Kind) -> &'static str {
    match kind {
        Kind::File => "a file",
        Kind::Folder => "a folder",
        Kind::Symlink => "a link",
        Kind::Other => "no regular file",
    }
}

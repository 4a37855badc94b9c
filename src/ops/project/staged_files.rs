//! Files that a command prepared and moves into their places, all or none.
//!
//! They are prepared in `.larder/NAME/files`. Then `.larder/NAME/ready` is written, which lists them, and each is moved. A run that
//! is killed before leaves the project as it was; one that is killed after is finished by the next run of the command, and nothing
//! else works on the project until then.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability, Kind, PathState};
use crate::model::{EntryPath, TreeDigest};
use crate::ops::Result;
use crate::profile;

/// No file that is compared is larger: manifests are the largest.
const LARGEST: u64 = 16 << 20;

/// A command that moves files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Mover {
    /// `larder restore`
    Restore,
    /// `larder import assets`, `larder import flows`
    Import,
}

/// A file that is to be moved into its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub(in crate::ops) enum StagedFile {
    /// Whatever is there gives way.
    Replacing(String),
    /// What was there when the run began gives way, and nothing else: `before` is its digest; `None` if nothing was there.
    Instead {
        /// The path, relative to the root.
        path: String,
        before: Option<String>,
    },
}

impl StagedFile {
    /// Returns a file that takes the place of one with this content, or of none.
    pub(in crate::ops) fn new(path: String, before: Option<&[u8]>) -> Self {
        Self::Instead { path, before: before.map(|content| TreeDigest::of(content).to_string()) }
    }

    /// Returns the path, relative to the root.
    pub(in crate::ops) fn path(&self) -> &str {
        match self {
            Self::Replacing(path) | Self::Instead { path, .. } => path,
        }
    }

    /// Fails if something else stands in the place than what gives way. What has the new content already is no loss.
    fn check(&self, root: &Path, staged: &Path) -> Result<()> {
        let Self::Instead { path, before } = self else { return Ok(()) };
        match fs::inspect_below(root, Path::new(path))? {
            PathState::Missing => return Ok(()),
            PathState::Blocked { path: at, kind: Kind::File } if at == Path::new(path) => {}
            PathState::Blocked { path, kind } => return Err(InTheWay::of(&path, kind).into()),
            PathState::Clear => return Err(InTheWay::of(Path::new(path), Kind::Folder).into()),
        }
        let digest = |file: &Path| -> Result<Option<String>> {
            Ok(fs::read_up_to(file, LARGEST)?.map(|content| TreeDigest::of(&content).to_string()))
        };
        let there = digest(&root.join(path))?;
        if there == *before || there == digest(staged)? {
            return Ok(());
        }
        let staged = staged.strip_prefix(root).unwrap_or(staged).display().to_string();
        Err(WrittenMeanwhile { path: path.clone(), staged }.into())
    }
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
    pub(in crate::ops) fn ready(self, root: &Path) -> Result<Option<Vec<StagedFile>>> {
        let Some(bytes) = fs::read_record(&self.mark(root))? else { return Ok(None) };
        Ok(Some(serde_json::from_slice(&bytes).unwrap_or_default()))
    }

    /// Notes that all files are prepared: from now on it happens.
    pub(in crate::ops) fn set_ready(self, root: &Path, files: &[StagedFile]) -> Result<()> {
        let text = serde_json::to_vec(files).unwrap_or_default();
        Ok(fs::write_atomic(&self.mark(root), &text, Durability::Synced)?)
    }

    /// Fails if another command was cut off while it moved files: it would go on later, and not know what this one did.
    pub(in crate::ops) fn check_others(self, root: &Path) -> Result<()> {
        let others: Vec<Self> = Self::ALL.into_iter().filter(|other| *other != self).collect();
        check_all(root, &others)
    }

    /// Moves files into their places. What was moved by an earlier run is there. The list was written by larder, and may have been
    /// changed since: `is_allowed` tells which files there can be.
    pub(in crate::ops) fn move_all(
        self,
        root: &Path,
        files: &[StagedFile],
        is_allowed: &dyn Fn(&str) -> bool,
    ) -> Result<()> {
        let staging = self.folder(root);
        let mut left = Vec::new();
        for file in files {
            let is_meant = |path: &EntryPath| path.as_str() == file.path() && is_allowed(file.path());
            let Some(path) = EntryPath::parse(file.path()).ok().filter(is_meant) else { continue };
            let (staged, from) = (self.relative_folder().join("files"), staging.join("files").join(path.as_str()));
            // Who made the folder may have put links into it, through which files from elsewhere would be moved.
            match fs::inspect_below(root, &staged.join(path.as_str()))? {
                PathState::Missing => continue,
                PathState::Blocked { path: at, kind: Kind::File } if at == staged.join(path.as_str()) => {}
                PathState::Blocked { path, kind } => return Err(InTheWay::of(&path, kind).into()),
                PathState::Clear => return Err(InTheWay::of(&from, Kind::Folder).into()),
            }
            let of_import;
            let file = match file {
                // An import replaces nothing, whatever a list says that it has not written.
                StagedFile::Replacing(path) if self == Self::Import => {
                    of_import = StagedFile::new(path.clone(), None);
                    &of_import
                }
                file => file,
            };
            file.check(root, &from)?;
            left.push((from, path));
        }
        for (from, path) in left {
            let to = root.join(path.as_str());
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
    check_all(root, &Mover::ALL)
}

fn check_all(root: &Path, movers: &[Mover]) -> Result<()> {
    for mover in movers {
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

/// A file that somebody wrote where one is to be, after the run that was cut off.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{path}` was written after the run that was cut off, which has another text for it")]
#[diagnostic(
    code(larder::project::written_meanwhile),
    help(
        "nothing was changed. Take yours: delete `{staged}`. Or that of the run: move yours away. Then run the command again, which goes on"
    )
)]
struct WrittenMeanwhile {
    path: String,
    staged: String,
}

impl Failure for WrittenMeanwhile {
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

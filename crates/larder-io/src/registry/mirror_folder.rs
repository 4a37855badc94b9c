//! A folder that has what locks need, for machines that reach no registry.
//!
//! ```text
//! DIR/
//! ├── larder-mirror.json          what makes the folder a mirror: {"version":1}
//! ├── registries/<registry>/      each in the static form of its protocol
//! ├── runtimes/<host>/            archives of runtimes, as their hosts have them
//! └── sources/<algorithm>/<hex>   what git repositories and URLs have, by digest
//! ```
//!
//! Every file is there whole or not at all. A mirror only grows: what an earlier lock needed stays.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability, FsError};
use crate::model::{Artifact, EntryPath, Label, PackageName, RuntimeHost, Version};
use crate::parallel::map_parallel;

/// The file that makes a folder a mirror.
const MARKER: &str = "larder-mirror.json";

/// The version of the layout.
const FORMAT: u32 = 1;

/// The largest marker.
const LARGEST: u64 = 1 << 16;

/// A folder that has what locks need. Only [`MirrorFolder::create`] and [`MirrorFolder::open`] make one.
#[derive(Clone, Debug)]
pub struct MirrorFolder {
    root: PathBuf,
}

/// A package in a mirror's registry.
#[derive(Clone, Debug)]
pub(super) struct MirroredPackage {
    /// Its name.
    pub(super) name: PackageName,
    /// Its files that the mirror has, with the versions that they are of.
    pub(super) files: Vec<(Version, Artifact)>,
}

/// The most documents that are fetched at once.
const DOCUMENTS: usize = 24;

/// Describes packages, many at once. `describe` returns whether anything was new. Returns how many had something new, or the first
/// error in the packages' order.
pub(super) fn describe_each(
    packages: &[MirroredPackage],
    describe: impl Fn(&MirroredPackage) -> Result<bool, Arc<dyn Failure>> + Sync,
) -> Result<usize, Arc<dyn Failure>> {
    let described = map_parallel(packages, DOCUMENTS, describe);
    described.into_iter().try_fold(0, |new, one| Ok(new + usize::from(one?)))
}

#[derive(Serialize, Deserialize)]
struct Marker {
    version: u32,
}

impl MirrorFolder {
    /// Opens a mirror.
    pub fn open(root: &Path) -> Result<Self, MirrorFolderError> {
        let bytes = fs::read_up_to(&root.join(MARKER), LARGEST)?;
        let bytes = bytes.ok_or_else(|| MirrorFolderError::NoMirror(root.to_owned()))?;
        match serde_json::from_slice::<Marker>(&bytes) {
            Ok(Marker { version: FORMAT }) => Ok(Self { root: root.to_owned() }),
            Ok(Marker { version }) => Err(MirrorFolderError::Newer { root: root.to_owned(), version }),
            Err(_) => Err(MirrorFolderError::NoMirror(root.to_owned())),
        }
    }

    /// Opens a mirror, or makes one of a folder that is empty or does not exist.
    pub fn create(root: &Path) -> Result<Self, MirrorFolderError> {
        match Self::open(root) {
            Err(MirrorFolderError::NoMirror(_)) => {}
            opened => return opened,
        }
        fs::create_dir_all(root)?;
        if fs::names(root)?.iter().any(|name| !fs::is_temporary(Path::new(name))) {
            return Err(MirrorFolderError::NotEmpty(root.to_owned()));
        }
        let marker = serde_json::to_string(&Marker { version: FORMAT }).unwrap_or_default();
        fs::write_atomic(&root.join(MARKER), format!("{marker}\n").as_bytes(), Durability::Lazy)?;
        Ok(Self { root: root.to_owned() })
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of a registry, which need not exist.
    pub(super) fn registry(&self, registry: &Label) -> PathBuf {
        self.root.join("registries").join(registry.as_str())
    }

    /// Returns the folder of a host of runtimes. Returns `None` if the mirror has nothing of it.
    pub fn runtimes_of(&self, host: RuntimeHost) -> Result<Option<PathBuf>, FsError> {
        let folder = self.runtime_folder(host.as_str());
        Ok(fs::stat(&folder)?.map(|_| folder))
    }

    /// Returns the folder of a host of runtimes, which need not exist.
    pub(super) fn runtime_folder(&self, host: &str) -> PathBuf {
        self.root.join("runtimes").join(host)
    }

    /// Returns the file of an artifact from outside of registries. Returns `None` if it has no digest.
    pub(super) fn source(&self, artifact: &Artifact) -> Option<PathBuf> {
        let digest = artifact.digest.as_ref()?;
        Some(self.root.join("sources").join(digest.algorithm().as_str()).join(digest.to_hex()))
    }

    /// Returns a path in one of the mirror's folders.
    ///
    /// # Errors
    /// If it would lead out of it: the lock is somebody's text.
    pub(super) fn below(folder: &Path, path: &str) -> Result<PathBuf, MirrorFolderError> {
        match EntryPath::parse(path) {
            Ok(below) => Ok(folder.join(below.as_str())),
            Err(reason) => Err(MirrorFolderError::Path { path: path.to_owned(), reason: reason.to_string() }),
        }
    }
}

/// A folder that is no mirror, or cannot be made one.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum MirrorFolderError {
    /// It lacks the file that makes it a mirror.
    #[error("`{}` is no mirror: it has no {MARKER}", .0.display())]
    #[diagnostic(
        code(larder::mirror::none),
        help("make one with `larder fetch --to {}`, where the registries can be reached", .0.display())
    )]
    NoMirror(PathBuf),
    /// A later larder made it.
    #[error("the mirror `{}` has version {version} of the layout, and this larder reads version {FORMAT}", root.display())]
    #[diagnostic(code(larder::mirror::newer), help("use the larder that made it, or make it anew"))]
    Newer {
        /// The folder.
        root: PathBuf,
        /// The version.
        version: u32,
    },
    /// It has something else in it.
    #[error("`{}` is neither a mirror nor empty", .0.display())]
    #[diagnostic(code(larder::mirror::not_empty), help("name a new folder, or one that `larder fetch --to` made"))]
    NotEmpty(PathBuf),
    /// A name in the lock leads elsewhere.
    #[error("larder.lock has a file `{}`, which {reason}", path.escape_debug())]
    #[diagnostic(
        code(larder::mirror::path),
        help("`larder lock` writes what the registries have; who wrote this lock?")
    )]
    Path {
        /// The path.
        path: String,
        /// The reason, as the end of a sentence.
        reason: String,
    },
    /// The disk.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fs(#[from] FsError),
}

impl Failure for MirrorFolderError {
    fn exit(&self) -> Exit {
        match self {
            Self::NoMirror(_) | Self::Newer { .. } | Self::NotEmpty(_) => Exit::Manifest,
            Self::Path { .. } => Exit::Integrity,
            Self::Fs(error) => error.exit(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_becomes_a_mirror_and_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("carried");
        assert!(matches!(MirrorFolder::open(&root), Err(MirrorFolderError::NoMirror(_))));
        MirrorFolder::create(&root).unwrap();
        fs::write_atomic(&root.join("more"), b"", Durability::Lazy).unwrap();
        MirrorFolder::create(&root).unwrap();
        assert!(matches!(MirrorFolder::create(folder.path()), Err(MirrorFolderError::NotEmpty(_))));
        fs::write_atomic(&root.join(MARKER), b"{\"version\":2}", Durability::Lazy).unwrap();
        assert!(matches!(MirrorFolder::open(&root), Err(MirrorFolderError::Newer { version: 2, .. })));
        for path in ["../a", "/a", "a/../../b", "", "a\\b"] {
            assert!(MirrorFolder::below(&root, path).is_err(), "{path}");
        }
    }
}

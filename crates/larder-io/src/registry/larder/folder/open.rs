//! Opening, creating and locking a registry in a folder; reading its log.

use std::path::{Path, PathBuf};

use super::error::FolderError;
use crate::fs::{self, Durability, FileLock};
use crate::model::{LogKey, PackageName};
use crate::package::log::{
    Answers, Appender, CHECKPOINT, Checkpoint, Head, Heads, LogFault, LogSigner, LogTree, ReadStop, StateLeaf,
    VerifiedState, Witness, find_head, read_state,
};
use crate::package::{REGISTRY_FILE, RegistryFile, index_path};

/// The largest file of a log: a bundle of 256 of the longest entries.
const LARGEST: u64 = 32 << 20;

/// The file that a writer locks.
const LOCK: &str = ".lock";

/// A registry in a folder.
#[derive(Clone, Debug)]
pub struct FolderRegistry {
    pub(super) root: PathBuf,
    pub(super) description: RegistryFile,
    /// The keys that its checkpoints may be signed with.
    pub(super) keys: Vec<LogKey>,
}

/// A registry in a folder that nobody else writes to.
#[derive(Debug)]
pub struct LockedFolder<'r> {
    pub(super) registry: &'r FolderRegistry,
    pub(super) lock: FileLock,
}

impl FolderRegistry {
    /// Makes a registry in a folder that is empty or does not exist.
    pub fn create(root: &Path, signer: &LogSigner, time: &str) -> Result<Self, FolderError> {
        fs::create_dir_all(root)?;
        let is_occupied = |name: &std::ffi::OsString| name != LOCK;
        if fs::names(root)?.iter().any(is_occupied) {
            return Err(FolderError::NotEmpty(root.to_owned()));
        }
        let description = RegistryFile::new(signer.key().name().to_owned(), Some(signer.key().to_string()));
        let registry = Self { root: root.to_owned(), description, keys: vec![signer.key().clone()] };
        let mut appender = registry.read(|answers| Appender::new(LogTree::empty(), answers))?;
        // A state without heads is short enough for any log.
        let _ = appender.push(&StateLeaf::new(time.to_owned(), 0, Vec::new()).to_bytes());
        let (tree, files) = appender.finish();
        for (path, content) in &files {
            registry.write(path, content)?;
        }
        registry.write(CHECKPOINT, Checkpoint::sign(tree, signer).as_bytes())?;
        // It is a registry as soon as it has its description.
        registry.write(REGISTRY_FILE, registry.description.to_text().as_bytes())?;
        Ok(registry)
    }

    /// Opens a registry. Its checkpoint has to be signed with the key that its description states, or with one of `keys`.
    pub fn open(root: &Path, keys: &[LogKey]) -> Result<Self, FolderError> {
        let path = root.join(REGISTRY_FILE);
        let bytes = fs::read_up_to(&path, LARGEST)?.ok_or_else(|| FolderError::NoRegistry(root.to_owned()))?;
        let description = RegistryFile::parse(&bytes).map_err(|reason| FolderError::Description { path, reason })?;
        let own = description.key.iter().filter_map(|key| key.parse().ok());
        let keys = keys.iter().cloned().chain(own).collect();
        Ok(Self { root: root.to_owned(), description, keys })
    }

    /// Returns whether a folder is a registry.
    pub fn is_at(root: &Path) -> Result<bool, FolderError> {
        Ok(fs::stat(&root.join(REGISTRY_FILE))?.is_some())
    }

    /// Returns the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the description.
    pub fn description(&self) -> &RegistryFile {
        &self.description
    }

    /// Waits until nobody else writes, and takes back what a killed writer left.
    pub fn lock(&self, waiting: impl FnOnce()) -> Result<LockedFolder<'_>, FolderError> {
        if self.description.subset {
            return Err(FolderError::Subset(self.root.clone()));
        }
        let lock = FileLock::acquire(&self.root.join(LOCK), waiting)?;
        let locked = LockedFolder { registry: self, lock };
        locked.take_back()?;
        Ok(locked)
    }

    /// Reads the verified state.
    pub fn state(&self) -> Result<VerifiedState, FolderError> {
        self.read(|answers| read_state(&self.keys, &Witness::default(), answers))
    }

    /// Returns the index file of a package, as far as a state knows it.
    pub fn index(&self, state: &VerifiedState, name: &str) -> Result<Vec<u8>, FolderError> {
        let Some(head) = self.read(|answers| find_head(&state.leaf, name, answers))? else {
            return Ok(Vec::new());
        };
        let index = fs::read_if_exists(&self.index_file(name))?.unwrap_or_default();
        head.check(index).map_err(|fault| self.damaged(fault))
    }

    /// Returns the name of another package that differs from this one only in `-`, `.` and `_`.
    pub fn near_name(&self, state: &VerifiedState, name: &PackageName) -> Result<Option<String>, FolderError> {
        let is_near = |head: &Head| {
            let known = PackageName::larder(&head.name);
            head.name != name.as_str() && known.is_ok_and(|known| known.folded() == name.folded())
        };
        for shard in self.read(|answers| state.all_shards(answers))? {
            let heads = self.read(|answers| state.heads_of(&shard, answers))?;
            if let Some(near) = heads.into_iter().find(is_near) {
                return Ok(Some(near.name));
            }
        }
        Ok(None)
    }

    /// Runs a reader of the log with the files that it asks for.
    pub(super) fn read<T>(&self, reader: impl Fn(&Answers) -> Result<T, ReadStop>) -> Result<T, FolderError> {
        let mut answers = Answers::default();
        loop {
            match reader(&answers) {
                Ok(value) => return Ok(value),
                Err(ReadStop::Fault(fault)) => return Err(self.damaged(fault)),
                Err(ReadStop::Files(paths)) => {
                    for path in paths {
                        let content = fs::read_up_to(&self.root.join(&path), LARGEST)?;
                        answers.add(path, content);
                    }
                }
            }
        }
    }

    /// Opens the shard of a name.
    pub(super) fn open_shard(&self, heads: &mut Heads, state: &VerifiedState, name: &str) -> Result<(), FolderError> {
        if let Some(shard) = heads.unopened(name).cloned() {
            let content = self.read(|answers| state.heads_of(&shard, answers))?;
            heads.open(&shard, content);
        }
        Ok(())
    }

    /// Returns the path of a package's index file.
    pub(super) fn index_file(&self, name: &str) -> PathBuf {
        self.root.join(format!("{}{}", self.description.index, index_path(name)))
    }

    /// Returns the path of an archive.
    pub(super) fn artifact_file(&self, name: &str, file: &str) -> PathBuf {
        self.root.join(format!("{}{name}/{file}", self.description.artifacts))
    }

    /// Replaces a file of the registry.
    pub(super) fn write(&self, path: impl AsRef<Path>, content: &[u8]) -> Result<(), FolderError> {
        let path = self.root.join(path);
        match fs::write_atomic(&path, content, Durability::Whole) {
            Err(error) if error.is_not_found() => {
                path.parent().map_or(Ok(()), fs::create_dir_all)?;
                Ok(fs::write_atomic(&path, content, Durability::Whole)?)
            }
            written => Ok(written?),
        }
    }

    pub(super) fn damaged(&self, fault: LogFault) -> FolderError {
        FolderError::Log { root: self.root.clone(), fault }
    }
}

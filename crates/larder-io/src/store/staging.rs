//! A tree that is being unpacked.

use std::io::{self, Read, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustc_hash::FxHashSet;

use super::index::{self, TreeIndex};
use super::unpacking::UnpackGuard;
use super::{FILES, INDEX, Store, StoreError, Tree, TreeEntry, TreeOrigin, lease, tree};
use crate::fs::{self, Action, Demand, Dir, File, FolderLock, FsError, Kind, Stat};
use crate::model::{Digest, EntryPath, TreeDigest};

/// A tree that is being unpacked. If it is dropped before [`Staging::commit`], it is removed.
#[derive(Debug)]
pub struct Staging<'s> {
    store: &'s Store,
    /// The folder, locked until it is renamed into place.
    folder: Dir,
    files: Dir,
    folders: FxHashSet<Box<str>>,
    last_folder: String,
    entries: Vec<TreeEntry>,
    /// The index of the entry that the next file replaces.
    replaced: Option<usize>,
    twins: bool,
    buffer: Vec<u8>,
    package: Option<Box<str>>,
    committed: bool,
    /// Keeps other threads from unpacking the same artifact. Declared last, to be released after the folder's lock.
    _guard: UnpackGuard<'s>,
}

/// Why a file was not added to the tree.
#[derive(Debug)]
pub enum WriteError {
    /// Its content could not be read.
    Source(io::Error),
    /// It could not be written.
    Fs(FsError),
}

impl<'s> Staging<'s> {
    pub(super) fn begin(
        store: &'s Store,
        artifact: Option<&Digest>,
        mut waiting: impl FnMut(Option<u32>),
    ) -> Result<Self, StoreError> {
        let mut name = artifact.map_or_else(unique, self::folder_name);
        let parent = store.staging_folder();
        // Threads wait here and not for the folder's lock, which would be reported as another larder at work.
        let mut guard = Some(UnpackGuard::take(&store.unpacking, &name));
        loop {
            let path = parent.join(&name);
            let fresh = make_folder(&parent, &path)?;
            let folder = match Dir::open(&path) {
                Ok(folder) => folder,
                Err(error) if error.is_not_found() => continue,
                Err(error) => return Err(error.into()),
            };
            let lock = folder.lock(&mut || waiting(folder.lock_holder())).inspect_err(|_| {
                // Whoever got further has files in it, or makes the folder again.
                let _ = Dir::open(&parent).and_then(|parent| parent.remove_dir(&name));
            })?;
            if lock == FolderLock::Unsupported && !name.contains('.') {
                // Without locks, processes unpack the same artifact in folders of their own, and the first rename wins.
                name = format!("{name}.{}", unique());
                continue;
            }
            // The former holder of the lock may have renamed or removed the folder.
            if !folder.is_at(&path)? {
                continue;
            }
            if !fresh {
                for found in fs::read_dir(&path)? {
                    fs::remove_tree(&path.join(found.path))?;
                }
            }
            let files = match folder.create_dir(FILES).and_then(|()| folder.open_dir(FILES)) {
                Ok(files) => files,
                Err(error) => {
                    // The first error is the one to report.
                    let _ = fs::remove_tree(&path);
                    return Err(error.into());
                }
            };
            let Some(guard) = guard.take() else { continue };
            return Ok(Self {
                store,
                folder,
                files,
                folders: FxHashSet::default(),
                last_folder: String::new(),
                entries: Vec::new(),
                replaced: None,
                twins: false,
                buffer: Vec::new(),
                package: None,
                committed: false,
                _guard: guard,
            });
        }
    }

    /// Returns the staging folder.
    pub fn place(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the disk space that the files written so far need.
    pub fn demand(&self) -> Demand {
        Demand::on(self.place()).files(self.entries.iter().map(|entry| entry.size))
    }

    /// Returns the files written so far, in the order of writing.
    pub fn entries(&self) -> &[TreeEntry] {
        &self.entries
    }

    /// Sets whether some of the paths collide on a file system that ignores case, or the Unicode form of accents.
    pub fn note_twins(&mut self, twins: bool) {
        self.twins = twins;
    }

    /// Removes the file of an entry. The next file that is written takes its index.
    pub fn replace(&mut self, at: usize) -> Result<(), FsError> {
        self.files.remove_file(&self.entries[at].path)?;
        self.replaced = Some(at);
        Ok(())
    }

    /// Opens the file of an entry.
    pub fn open(&self, at: usize) -> Result<File, FsError> {
        self.files.open_file(&self.entries[at].path)
    }

    /// Writes a file from memory.
    pub fn write(&mut self, path: &EntryPath, executable: bool, content: &[u8]) -> Result<(), FsError> {
        self.make_folder_of(path)?;
        let stat = self.files.write_file(path.as_str(), mode(executable), content)?;
        self.note(path, executable, &stat, TreeDigest::of(content));
        Ok(())
    }

    /// Writes a file from a reader, and returns its size.
    pub fn stream(&mut self, path: &EntryPath, executable: bool, source: &mut dyn Read) -> Result<u64, WriteError> {
        self.make_folder_of(path).map_err(WriteError::Fs)?;
        let mut file = self.files.create_file(path.as_str(), mode(executable)).map_err(WriteError::Fs)?;
        let error = |error: io::Error| {
            WriteError::Fs(FsError::new(Action::Write, self.files.path().join(path.as_str()), error))
        };
        self.buffer.resize(1 << 17, 0);
        let mut hasher = blake3::Hasher::new();
        loop {
            match source.read(&mut self.buffer) {
                Ok(0) => break,
                Ok(count) => {
                    hasher.update(&self.buffer[..count]);
                    file.write_all(&self.buffer[..count]).map_err(error)?;
                }
                Err(problem) if problem.kind() == io::ErrorKind::Interrupted => {}
                Err(problem) => return Err(WriteError::Source(problem)),
            }
        }
        let stat = Stat::of(&file).map_err(error)?;
        self.note(path, executable, &stat, TreeDigest(*hasher.finalize().as_bytes()));
        Ok(stat.size)
    }

    /// Reads a file that was written. Returns `None` if there is none at `path`.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FsError> {
        fs::read_record(&self.files.path().join(path))
    }

    /// Records the package that the content declares, so that it need not be read for that again.
    pub fn set_package(&mut self, package: String) {
        self.package = Some(package.into());
    }

    /// Creates an unnamed file, for an archive that must be complete before it can be unpacked.
    pub fn scratch_file(&self) -> Result<File, FsError> {
        self.folder.scratch_file("archive")
    }

    /// Moves the tree into the store as the content of an artifact, and returns it. If the store has the same tree already,
    /// returns that one.
    pub fn commit(mut self, artifact: &Digest) -> Result<Tree, StoreError> {
        self.rename_into_place(artifact).map_err(|error| match error {
            StoreError::Fs(error) if error.is_disk_full() => StoreError::Fs(error.needing(self.demand())),
            other => other,
        })
    }

    fn rename_into_place(&mut self, artifact: &Digest) -> Result<Tree, StoreError> {
        self.entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let digest = tree::digest(&self.entries);
        let name = lease::record_name(artifact);
        let origin = TreeOrigin { artifacts: vec![name.as_str().into()], package: self.package.take() };
        let written = index::encode(&digest, &self.entries, self.twins, &origin, self.store.now()?);
        self.folder.write_file(INDEX, 0o644, &written)?;
        let place = self.store.tree_folder(&digest);
        // If the tree exists already, its index must name the artifact before the record leads to it.
        self.store.add_artifact(&digest, &name)?;
        // The record comes first: it leads nowhere until the rename. That also ends the time in which the staging folder
        // keeps other processes from fetching the same artifact.
        self.store.link_record(artifact, &digest)?;
        loop {
            match fs::rename(self.folder.path(), &place) {
                Ok(()) => {
                    self.committed = true;
                    let entries = std::mem::take(&mut self.entries);
                    return Ok(Tree { digest, folder: place.join(FILES), entries, twins: self.twins, origin });
                }
                Err(error) if error.is_not_found() => make_parent(&place)?,
                Err(error) if error.is_occupied() => match self.existing_tree(&place, &digest)? {
                    Some(tree) => {
                        self.store.add_artifact(&digest, &name)?;
                        self.store.note_use(&digest)?;
                        return Ok(tree);
                    }
                    None => self.store.remove(&digest)?,
                },
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Returns the tree that is already in place. Returns `None` if it is damaged.
    fn existing_tree(&self, place: &Path, digest: &TreeDigest) -> Result<Option<Tree>, StoreError> {
        match fs::read_if_exists(&place.join(INDEX))?.map(|bytes| TreeIndex::decode(&bytes)) {
            Some(Ok(index)) if index.digest == *digest => self.store.checked_after_crash(index),
            _ => Ok(None),
        }
    }

    fn note(&mut self, path: &EntryPath, executable: bool, stat: &Stat, digest: TreeDigest) {
        let path = path.as_str().into();
        let entry = TreeEntry { path, executable, size: stat.size, mtime: stat.mtime, digest };
        match self.replaced.take() {
            Some(at) => self.entries[at] = entry,
            None => self.entries.push(entry),
        }
    }

    fn make_folder_of(&mut self, path: &EntryPath) -> Result<(), FsError> {
        let Some(folder) = path.folder() else { return Ok(()) };
        if folder == self.last_folder {
            return Ok(());
        }
        let ends = folder.match_indices('/').map(|(at, _)| at).chain([folder.len()]);
        for end in ends {
            let part = &folder[..end];
            if !self.folders.contains(part) {
                self.files.create_dir(part)?;
                self.folders.insert(part.into());
            }
        }
        self.last_folder.clear();
        self.last_folder.push_str(folder);
        Ok(())
    }
}

impl Drop for Staging<'_> {
    fn drop(&mut self) {
        if !self.committed {
            // What cannot be removed now is removed by the next process that calls `sweep`.
            let _ = fs::remove_tree(self.folder.path());
        }
    }
}

/// Removes the folders of killed processes, on which nobody holds a lock.
pub(super) fn sweep(staging: &Path) -> Result<(), FsError> {
    /// If locks do not work, a folder of this age counts as abandoned: no fetch takes longer.
    const OLD: Duration = Duration::from_secs(24 * 60 * 60);

    if fs::stat(staging)?.is_none() {
        return Ok(());
    }
    for found in fs::read_dir(staging)? {
        let path = staging.join(found.path);
        if found.kind != Kind::Folder {
            fs::remove_tree(&path)?;
            continue;
        }
        let folder = match Dir::open(&path) {
            Ok(folder) => folder,
            Err(error) if error.is_not_found() => continue,
            Err(error) => return Err(error),
        };
        let abandoned = match folder.try_lock()? {
            FolderLock::Held => folder.is_at(&path)?,
            FolderLock::Busy => false,
            FolderLock::Unsupported => fs::stat(&path)?.is_some_and(|stat| age(&stat) > OLD),
        };
        if abandoned {
            fs::remove_tree(&path)?;
        }
    }
    Ok(())
}

fn age(stat: &Stat) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_nanos(stat.mtime.max(0).unsigned_abs()))
}

/// Returns the name of the folder in which an artifact is unpacked.
pub(super) fn folder_name(artifact: &Digest) -> String {
    let hex = artifact.to_hex();
    format!("{}-{}", artifact.algorithm().as_str(), &hex[..hex.len().min(64)])
}

fn unique() -> String {
    format!("unnamed.{}", fs::random_name())
}

fn mode(executable: bool) -> u32 {
    if executable { 0o555 } else { 0o444 }
}

/// Creates a staging folder. Returns whether it is new.
fn make_folder(parent: &Path, path: &Path) -> Result<bool, FsError> {
    loop {
        match fs::create_dir(path) {
            Ok(()) => return Ok(true),
            Err(error) if error.is_occupied() => return Ok(false),
            Err(error) if error.is_not_found() => fs::create_dir_all(parent)?,
            Err(error) => return Err(error),
        }
    }
}

/// Creates the folder that a path lies in.
pub(super) fn make_parent(path: &Path) -> Result<(), FsError> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

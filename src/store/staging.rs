//! A tree while it is unpacked.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use rustc_hash::FxHashSet;

use super::index::{self, Index};
use super::turn::Turn;
use super::{EntryPath, FILES, INDEX, Origin, Store, StoreError, Tree, TreeEntry, lease, tree};
use crate::fs::{self, Action, Demand, Dir, File, FolderLock, FsError, Kind, Stat};
use crate::model::{Digest, TreeDigest};

/// A tree while it is unpacked. Dropped before [`Staging::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct Staging<'s> {
    store: &'s Store,
    /// The folder that is renamed into place, and locked until then.
    folder: Dir,
    files: Dir,
    folders: FxHashSet<Box<str>>,
    last_folder: String,
    entries: Vec<TreeEntry>,
    /// The place of the file that is written anew.
    replaced: Option<usize>,
    twins: bool,
    buffer: Vec<u8>,
    package: Option<Box<str>>,
    committed: bool,
    /// Keeps other threads from the same artifact; given back after the folder's lock.
    _turn: Turn<'s>,
}

/// Why a file did not enter the tree.
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
        let mut name = artifact.map_or_else(unique, self::name);
        let parent = store.staging_folder();
        // Within a process nobody waits for a lock of its own: that would look like another larder at work.
        let mut turn = Some(Turn::take(&store.unpacking, &name));
        loop {
            let path = parent.join(&name);
            let fresh = make_folder(&parent, &path)?;
            let folder = match Dir::open(&path) {
                Ok(folder) => folder,
                Err(error) if error.is_not_found() => continue,
                Err(error) => return Err(error.into()),
            };
            if folder.lock(&mut || waiting(folder.lock_holder()))? == FolderLock::Unsupported && !name.contains('.') {
                // Without locks nobody can be kept out: work beside the others, the first rename wins.
                name = format!("{name}.{}", unique());
                continue;
            }
            // Who held the lock may have renamed or removed the folder meanwhile.
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
            let Some(turn) = turn.take() else { continue };
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
                _turn: turn,
            });
        }
    }

    /// Returns the folder that it lies in until it is whole.
    pub fn place(&self) -> &Path {
        self.folder.path()
    }

    /// Returns how much room is taken by what was written so far.
    pub fn demand(&self) -> Demand {
        Demand::on(self.place()).files(self.entries.iter().map(|entry| entry.size))
    }

    /// Returns what was written so far, in that order.
    pub fn entries(&self) -> &[TreeEntry] {
        &self.entries
    }

    /// Notes whether some of the paths are one where case, or the form of an accent, does not count.
    pub fn note_twins(&mut self, twins: bool) {
        self.twins = twins;
    }

    /// Removes the file at this place, so that the next one that is written takes it.
    pub fn replace(&mut self, at: usize) -> Result<(), FsError> {
        self.files.remove_file(&self.entries[at].path)?;
        self.replaced = Some(at);
        Ok(())
    }

    /// Opens the file at this place.
    pub fn open(&self, at: usize) -> Result<File, FsError> {
        self.files.open_file(&self.entries[at].path)
    }

    /// Writes a file whose content is at hand.
    pub fn write(&mut self, path: &EntryPath, executable: bool, content: &[u8]) -> Result<(), FsError> {
        self.make_folder_of(path)?;
        let stat = self.files.write_file(path.as_str(), mode(executable), content)?;
        self.note(path, executable, &stat, TreeDigest::of(content));
        Ok(())
    }

    /// Writes a file whose content comes in pieces, and returns its size.
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

    /// Reads a file that was written; one that was not is `None`.
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, FsError> {
        fs::read_record(&self.files.path().join(path))
    }

    /// Notes which package the content says it is, so that it need not be read for that again.
    pub fn set_package(&mut self, package: String) {
        self.package = Some(package.into());
    }

    /// Creates a file without a name, for an archive that must be there whole before it can be unpacked.
    pub fn scratch_file(&self) -> Result<File, FsError> {
        self.folder.scratch_file("archive")
    }

    /// Puts the tree in its place, as the content of the artifact with this digest, and returns it.
    ///
    /// Where the place is taken by a whole tree, that one is returned: they are equal.
    pub fn commit(mut self, artifact: &Digest) -> Result<Tree, StoreError> {
        self.put(artifact).map_err(|error| match error {
            StoreError::Fs(error) if error.is_disk_full() => StoreError::Fs(error.needing(self.demand())),
            other => other,
        })
    }

    fn put(&mut self, artifact: &Digest) -> Result<Tree, StoreError> {
        self.entries.sort_unstable_by(|a, b| a.path.cmp(&b.path));
        let digest = tree::digest(&self.entries);
        let name = lease::name(artifact);
        let origin = Origin { artifacts: vec![name.as_str().into()], package: self.package.take() };
        let written = index::encode(&digest, &self.entries, self.twins, &origin, self.store.now()?);
        self.folder.write_file(INDEX, 0o644, &written)?;
        let place = self.store.tree_folder(&digest);
        // Where the tree is there already, it has to know the artifact before the record leads to it.
        self.store.add_artifact(&digest, &name)?;
        // The record comes first: it leads nowhere until the rename, which gives the tree its name and ends the time in
        // which the staging folder keeps others from fetching the same.
        self.link_record(artifact, &digest)?;
        loop {
            match fs::rename(self.folder.path(), &place) {
                Ok(()) => {
                    self.committed = true;
                    let entries = std::mem::take(&mut self.entries);
                    return Ok(Tree { digest, folder: place.join(FILES), entries, twins: self.twins, origin });
                }
                Err(error) if error.is_not_found() => make_parent(&place)?,
                Err(error) if error.is_occupied() => match self.other(&place, &digest)? {
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

    /// Reads the tree that is in our place already, unless a crash took part of it.
    fn other(&self, place: &Path, digest: &TreeDigest) -> Result<Option<Tree>, StoreError> {
        match fs::read_if_exists(&place.join(INDEX))?.map(|bytes| Index::decode(&bytes)) {
            Some(Ok(index)) if index.digest == *digest => self.store.settle(index),
            _ => Ok(None),
        }
    }

    fn link_record(&self, artifact: &Digest, tree: &TreeDigest) -> Result<(), FsError> {
        let record = self.store.record(artifact);
        let hex = tree.to_string();
        let target = PathBuf::from(format!("../../trees/{}/{hex}/{INDEX}", &hex[..2]));
        loop {
            match fs::symlink(&target, &record) {
                Err(error) if error.is_not_found() => make_parent(&record)?,
                Err(error) if error.is_occupied() => {
                    if fs::lstat(&record)?.is_some_and(|stat| stat.kind == Kind::Folder) {
                        fs::remove_tree(&record)?;
                    }
                    return fs::replace_symlink(&record, &target).map(|_| ());
                }
                result => return result,
            }
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
            // What cannot be removed now is removed by the next process that sweeps.
            let _ = fs::remove_tree(self.folder.path());
        }
    }
}

/// Removes what killed processes left: folders that nobody holds a lock on.
pub(super) fn sweep(staging: &Path) -> Result<(), FsError> {
    /// Where locks do not work, no fetch takes longer than this.
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
pub(super) fn name(artifact: &Digest) -> String {
    let hex = artifact.to_hex();
    format!("{}-{}", artifact.algorithm().as_str(), &hex[..hex.len().min(64)])
}

fn unique() -> String {
    format!("unnamed.{}", fs::random_name())
}

fn mode(executable: bool) -> u32 {
    if executable { 0o555 } else { 0o444 }
}

/// Makes a staging folder; tells whether it is new.
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

fn make_parent(path: &Path) -> Result<(), FsError> {
    path.parent().map_or(Ok(()), fs::create_dir_all)
}

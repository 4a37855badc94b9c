//! Bundles: trees that were carried to another machine, unpacked into its store as they are read.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::io::{self, BufReader, Read};
use std::sync::Arc;

use ruzstd::decoding::StreamingDecoder;

use super::refusal::fault_of;
use super::{
    ArchiveFault, ArchiveRefusal, EntryNames, Limits, NameFolding, SMALL, UnpackBudget, UnpackError, read_exactly,
};
use crate::fetch::hashing::Hasher;
use crate::fs::FsError;
use crate::model::{Algorithm, Digest, EntryPath, TreeDigest};
use crate::package::{ArchiveEntry, ArchiveReader, BUNDLE_FILE, BundleFile, PROJECT, TREES};
use crate::store::{Staging, Store, StoreError, Tree, WriteError};

/// The largest window that a bundle may ask for, in bytes.
const WINDOW: u64 = 128 << 20;

/// The bounds of a bundle: it holds many packages.
pub(in crate::fetch) const LIMITS: Limits = Limits {
    entries: 5_000_000,
    file: 4 << 30,
    total: 64 << 30,
    packed: 32 << 30,
    ratio: 200,
    free: 256 << 20,
    folds: NameFolding::Nothing,
};

/// The largest document.
const LARGEST_FILE: u64 = 64 << 20;

/// Trees by their digests.
type Trees = BTreeMap<TreeDigest, Arc<Tree>>;

/// A bundle whose trees are in the store.
#[derive(Debug)]
pub struct UnpackedBundle {
    /// What it says of itself.
    pub file: BundleFile,
    /// The digest of the whole file.
    pub digest: Digest,
    /// The project's files.
    pub project: Arc<Tree>,
    /// All other trees.
    pub trees: Trees,
}

/// Returns the digest under which the store finds a tree that came in a bundle.
pub fn bundled_name(tree: &TreeDigest) -> Digest {
    Digest::sha256_of(format!("larder bundle 1\0{tree}"))
}

/// Unpacks a bundle into the store: each tree enters it whole, and only if it has the digest that the bundle states.
pub(in crate::fetch) fn unpack(store: &Store, source: &mut dyn Read) -> Result<UnpackedBundle, UnpackBundleError> {
    let whole = |fault| UnpackError::from(ArchiveRefusal::Archive(fault));
    let count = Cell::new(0);
    let mut packed = HashedSource { source, hasher: Hasher::new(Algorithm::Sha256), count: &count };
    let damaged = |error: String| whole(ArchiveFault::Damaged(error));
    let mut buffered = BufReader::new(&mut packed);
    let decoder = StreamingDecoder::new_with_max_window_size(&mut buffered, WINDOW);
    let decoder = decoder.map_err(|error| damaged(error.to_string()))?;
    let mut archive = ArchiveReader::for_this_machine(BufReader::with_capacity(1 << 17, decoder));
    let (file, project, trees) = Unpacking::new(store, &count).run(&mut archive)?;
    drop(archive);
    // What was compressed was read to its end: behind that nothing may follow.
    let mut more = [0];
    if buffered.read(&mut more).map_err(|error| whole(fault_of(&error)))? > 0 {
        return Err(whole(ArchiveFault::StrayData).into());
    }
    Ok(UnpackedBundle { file, digest: Digest::new(Algorithm::Sha256, &packed.hasher.finish()), project, trees })
}

/// Why a bundle was not unpacked.
pub(in crate::fetch) enum UnpackBundleError {
    /// It is refused, or the disk does not take it.
    Unpack(UnpackError),
    /// The store.
    Store(StoreError),
    /// A tree is not what the bundle states.
    OtherTree { name: String, expected: TreeDigest, found: TreeDigest },
}

impl From<UnpackError> for UnpackBundleError {
    fn from(error: UnpackError) -> Self {
        Self::Unpack(error)
    }
}

impl From<ArchiveRefusal> for UnpackBundleError {
    fn from(refusal: ArchiveRefusal) -> Self {
        Self::Unpack(refusal.into())
    }
}

impl From<FsError> for UnpackBundleError {
    fn from(error: FsError) -> Self {
        Self::Unpack(error.into())
    }
}

impl From<StoreError> for UnpackBundleError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Hashes and counts what is read.
struct HashedSource<'s> {
    source: &'s mut dyn Read,
    hasher: Hasher,
    count: &'s Cell<u64>,
}

impl Read for HashedSource<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(buffer)?;
        self.hasher.update(&buffer[..count]);
        self.count.set(self.count.get() + count as u64);
        Ok(count)
    }
}

/// A tree that is being unpacked.
struct OpenTree<'s> {
    /// Its folder in the bundle, with a slash behind it.
    folder: String,
    digest: TreeDigest,
    /// `None` if the store has it already: then the bundle's content is only compared.
    staging: Option<Staging<'s>>,
    names: EntryNames,
    /// The files that were compared: path, executable bit, digest.
    compared: Vec<(Box<str>, bool, TreeDigest)>,
}

struct Unpacking<'s> {
    store: &'s Store,
    open: Option<OpenTree<'s>>,
    trees: Trees,
    budget: UnpackBudget,
    /// The bytes of the bundle that were read.
    packed: &'s Cell<u64>,
    buffer: Vec<u8>,
}

impl<'s> Unpacking<'s> {
    fn new(store: &'s Store, packed: &'s Cell<u64>) -> Self {
        let (open, trees, buffer) = (None, BTreeMap::new(), Vec::new());
        Self { store, open, trees, budget: UnpackBudget::new(LIMITS), packed, buffer }
    }

    fn run<R: Read>(
        mut self,
        archive: &mut ArchiveReader<R>,
    ) -> Result<(BundleFile, Arc<Tree>, Trees), UnpackBundleError> {
        let whole = |fault| UnpackBundleError::from(ArchiveRefusal::Archive(fault));
        let broken = |error: &io::Error| UnpackBundleError::from(ArchiveRefusal::Archive(fault_of(error)));
        let first = archive.next_entry().map_err(|error| broken(&error))?;
        let is_file = |entry: &ArchiveEntry| entry.path.as_str() == BUNDLE_FILE && entry.size <= LARGEST_FILE;
        let first = first.filter(is_file).ok_or_else(|| whole(ArchiveFault::NoBundleFile))?;
        read_exactly(archive, first.size, &mut self.buffer).map_err(|error| broken(&error))?;
        let file = BundleFile::parse(&self.buffer).map_err(|reason| whole(ArchiveFault::BadBundleFile(reason)))?;
        let digest = |text: &str| {
            text.parse::<TreeDigest>().map_err(|_| whole(ArchiveFault::BadBundleFile(format!("`{text}` is no digest"))))
        };
        let project = digest(&file.project)?;
        let mut stated: BTreeMap<String, TreeDigest> = [(format!("{PROJECT}/"), project)].into();
        for text in file.trees() {
            stated.insert(format!("{TREES}/{text}/"), digest(text)?);
        }
        while let Some(entry) = archive.next_entry().map_err(|error| broken(&error))? {
            self.entry(&entry, archive, &stated)?;
        }
        self.close()?;
        // A package without files has no entries.
        for (folder, digest) in stated {
            if !self.trees.contains_key(&digest) {
                self.begin(folder, digest)?;
                self.close()?;
            }
        }
        let project = self.trees.get(&project).cloned().ok_or_else(|| whole(ArchiveFault::NoFiles))?;
        Ok((file, project, self.trees))
    }

    /// Unpacks an entry into the tree that it belongs to.
    fn entry<R: Read>(
        &mut self,
        entry: &ArchiveEntry,
        archive: &mut ArchiveReader<R>,
        stated: &BTreeMap<String, TreeDigest>,
    ) -> Result<(), UnpackBundleError> {
        let name = entry.path.as_str();
        let refused = |fault| UnpackBundleError::from(ArchiveRefusal::entry(name, fault));
        if self.open.as_ref().is_none_or(|open| !name.starts_with(&open.folder)) {
            self.close()?;
            let ends = name.match_indices('/').map(|(at, _)| at + 1);
            let folder = ends.take(2).find_map(|end| stated.get_key_value(&name[..end]));
            let (folder, digest) = folder.ok_or_else(|| refused(ArchiveFault::StrayData))?;
            self.begin(folder.clone(), *digest)?;
        }
        self.budget.admit(name, entry.size, self.packed.get())?;
        let Some(open) = &mut self.open else { return Ok(()) };
        let path = EntryPath::parse(&name[open.folder.len()..]).map_err(|error| refused(error.into()))?;
        let at = open.staging.as_ref().map_or(open.compared.len(), |staging| staging.entries().len());
        open.names.file(&path, at)?;
        let broken = |error: &io::Error| UnpackBundleError::from(ArchiveRefusal::entry(name, fault_of(error)));
        let Some(staging) = &mut open.staging else {
            let mut hasher = blake3::Hasher::new();
            hasher.update_reader(archive.take(entry.size)).map_err(|error| broken(&error))?;
            if hasher.count() != entry.size {
                return Err(refused(ArchiveFault::Truncated));
            }
            let digest = TreeDigest(*hasher.finalize().as_bytes());
            open.compared.push((path.as_str().into(), entry.executable, digest));
            return Ok(());
        };
        if entry.size <= SMALL {
            read_exactly(archive, entry.size, &mut self.buffer).map_err(|error| broken(&error))?;
            return Ok(staging.write(&path, entry.executable, &self.buffer)?);
        }
        match staging.stream(&path, entry.executable, &mut archive.take(entry.size)) {
            Ok(written) if written == entry.size => Ok(()),
            Ok(_) => Err(refused(ArchiveFault::Truncated)),
            Err(WriteError::Source(error)) => Err(broken(&error)),
            Err(WriteError::Fs(error)) => Err(error.into()),
        }
    }

    /// Begins a tree, unless the store has it.
    fn begin(&mut self, folder: String, digest: TreeDigest) -> Result<(), UnpackBundleError> {
        let name = bundled_name(&digest);
        let mut staging = None;
        let mut found = self.store.tree(&name)?;
        if found.is_none() {
            let begun = self.store.stage(Some(&name), |_| {})?;
            // Another process may have unpacked it since it was looked for.
            found = self.store.tree(&name)?;
            staging = found.is_none().then_some(begun);
        }
        if let Some(tree) = found {
            self.trees.insert(digest, Arc::new(tree));
        }
        let names = EntryNames::new(NameFolding::Nothing);
        self.open = Some(OpenTree { folder, digest, staging, names, compared: Vec::new() });
        Ok(())
    }

    /// Puts the tree that was unpacked last into the store.
    fn close(&mut self) -> Result<(), UnpackBundleError> {
        let Some(OpenTree { folder, digest, staging, compared, .. }) = self.open.take() else { return Ok(()) };
        let written = staging.iter().flat_map(Staging::entries);
        let written = written.map(|entry| (&*entry.path, entry.executable, entry.digest));
        let mut entries: Vec<_> =
            written.chain(compared.iter().map(|(path, executable, digest)| (&**path, *executable, *digest))).collect();
        entries.sort_unstable_by_key(|(path, ..)| *path);
        let found = TreeDigest::of_files(entries);
        if found != digest {
            let name = folder.trim_end_matches('/').to_owned();
            return Err(UnpackBundleError::OtherTree { name, expected: digest, found });
        }
        let Some(staging) = staging else { return Ok(()) };
        let tree = staging.commit(&bundled_name(&digest))?;
        self.trees.insert(digest, Arc::new(tree));
        Ok(())
    }
}

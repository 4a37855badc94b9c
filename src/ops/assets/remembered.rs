//! What larder remembers of a project's assets, in its cache: a check reads again what changed, and what refers to it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::assets::{AssetFiles, AssetRecords, PackageIndex};
use crate::document::decode;
use crate::fs::{self, Durability, Kind, Stamp};
use crate::model::TreeDigest;
use crate::ops::Context;

/// The folder in the cache.
pub(in crate::ops) const REMEMBERED_ASSETS: &str = "assets";

/// The most bytes of a record.
const MAX_RECORD: u64 = 256 << 20;

/// The most bytes of an asset's file.
pub(super) const MAX_FILE: u64 = 8 << 20;

/// What was found out about a project's assets.
#[derive(Default, Serialize, Deserialize)]
struct RememberedAssets {
    /// The program that found it: another one may find more.
    program: LarderBuild,
    files: FileDigests,
    assets: AssetRecords,
}

/// The files that were read, by their paths, with the digests of their texts.
type FileDigests = FxHashMap<PathBuf, (Stamp, TreeDigest)>;

/// A build of larder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LarderBuild {
    version: String,
    executable: Option<Stamp>,
}

impl LarderBuild {
    /// Returns the one that runs.
    pub(super) fn of(context: &Context<'_>) -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), executable: Stamp::of(&context.executable) }
    }
}

/// The files of packages. Those that did not change since an earlier command need not be read to know their digests, once it is asked
/// for what that command found.
#[derive(Debug)]
pub(super) struct AssetMemory {
    folders: Vec<PathBuf>,
    /// The file in the cache.
    file: PathBuf,
    program: LarderBuild,
    known: OnceLock<FileDigests>,
    /// The files that were looked at by this command.
    seen: Mutex<FileDigests>,
    /// All files that this command looked for, whether they are there or not.
    looked_for: Mutex<BTreeSet<PathBuf>>,
}

impl AssetMemory {
    /// Opens what is remembered of the project in `root`, whose packages lie in `folders`. Nothing is read yet.
    pub(super) fn new(context: &Context<'_>, root: &Path, folders: Vec<PathBuf>) -> Self {
        let name = TreeDigest::of(root.as_os_str().as_encoded_bytes());
        Self {
            folders,
            file: context.cache.join(REMEMBERED_ASSETS).join(format!("{name}.json")),
            program: LarderBuild::of(context),
            known: OnceLock::new(),
            seen: Mutex::default(),
            looked_for: Mutex::default(),
        }
    }

    /// Returns the folder of a package.
    pub(super) fn folder(&self, package: PackageIndex) -> &Path {
        &self.folders[package]
    }

    /// Returns what an earlier command found. What cannot be read is forgotten.
    pub(super) fn recall(&self) -> AssetRecords {
        let bytes = fs::read_up_to(&self.file, MAX_RECORD).ok().flatten().unwrap_or_default();
        let remembered = serde_json::from_slice::<RememberedAssets>(&bytes).ok();
        let remembered = remembered.filter(|remembered| remembered.program == self.program).unwrap_or_default();
        // Asked for the second time, it tells the same of the files.
        drop(self.known.set(remembered.files));
        remembered.assets
    }

    /// Keeps what was found, if it is not what was known. That it cannot be kept costs time and nothing else.
    pub(super) fn keep(&self, assets: AssetRecords) {
        let files = std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner));
        let known = self.known.get();
        let is_known = |(path, seen)| known.and_then(|known| known.get(path)) == Some(seen);
        if !assets.is_new() && files.iter().all(is_known) {
            return;
        }
        let remembered = RememberedAssets { program: self.program.clone(), files, assets };
        if let (Ok(bytes), Some(folder)) = (serde_json::to_vec(&remembered), self.file.parent())
            && fs::create_dir_all(folder).is_ok()
        {
            let _ = fs::write_atomic(&self.file, &bytes, Durability::Lazy);
        }
    }

    /// Returns all files that this command looked for, whether they are there or not, sorted.
    pub(super) fn looked_for(&self) -> Vec<PathBuf> {
        self.looked_for.lock().unwrap_or_else(PoisonError::into_inner).iter().cloned().collect()
    }

    fn note(&self, path: PathBuf, stamp: Stamp, digest: TreeDigest) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(path, (stamp, digest));
    }
}

impl AssetFiles for AssetMemory {
    fn read(&self, package: PackageIndex, path: &str) -> Option<Arc<str>> {
        let folder = self.folders.get(package)?;
        let whole = folder.join(path);
        self.looked_for.lock().unwrap_or_else(PoisonError::into_inner).insert(whole.clone());
        // A file that changes while it is read has another stamp the next time.
        let stamp = Stamp::of(&whole);
        let text = decode(fs::read_below(folder, path, &[folder], MAX_FILE)?).ok()?;
        if let Some(stamp) = stamp {
            self.note(whole, stamp, TreeDigest::of(text.as_bytes()));
        }
        Some(text.into())
    }

    fn obstacle(&self, package: PackageIndex, path: &str) -> Option<String> {
        let folder = self.folders.get(package)?;
        if let Some(bytes) = fs::read_below(folder, path, &[folder], MAX_FILE) {
            return decode(bytes).err().map(|error| error.to_string());
        }
        let stat = fs::lstat(&folder.join(path)).ok()??;
        (stat.kind == Kind::File && stat.size > MAX_FILE).then(|| "it has more than 8 MiB".to_owned())
    }

    fn digest(&self, package: PackageIndex, path: &str) -> Option<TreeDigest> {
        let whole = self.folders.get(package)?.join(path);
        match (self.known.get().and_then(|known| known.get(&whole)), Stamp::of(&whole)) {
            (Some((known, digest)), Some(stamp)) if *known == stamp => {
                self.looked_for.lock().unwrap_or_else(PoisonError::into_inner).insert(whole.clone());
                self.note(whole, stamp, *digest);
                Some(*digest)
            }
            _ => self.read(package, path).map(|text| TreeDigest::of(text.as_bytes())),
        }
    }
}

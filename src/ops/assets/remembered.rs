//! What larder remembers of a project's assets, in its cache: a check reads again what changed, and what refers to it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::assets::{AssetFiles, AssetRecords, PackageIndex};
use crate::fs::{self, Durability, Stamp};
use crate::model::TreeDigest;
use crate::ops::Context;

/// The folder in the cache.
pub(in crate::ops) const REMEMBERED_ASSETS: &str = "assets";

/// The most bytes of a record.
const MAX_RECORD: u64 = 256 << 20;

/// The most bytes of an asset's file.
pub(super) const MAX_FILE: u64 = 8 << 20;

/// What an earlier command found out about a project's assets.
#[derive(Debug, Default, Deserialize)]
struct RememberedAssets {
    /// The program that found it: another one may find more.
    program: Program,
    /// The files that were read, by their paths, with the digests of their texts.
    files: FxHashMap<PathBuf, (Stamp, TreeDigest)>,
    assets: AssetRecords,
}

/// A [`RememberedAssets`] that is written.
#[derive(Serialize)]
struct RecordToKeep<'a> {
    program: &'a Program,
    files: &'a FxHashMap<PathBuf, (Stamp, TreeDigest)>,
    assets: &'a AssetRecords,
}

/// A build of larder.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Program {
    version: String,
    executable: Option<Stamp>,
}

impl Program {
    fn this(context: &Context<'_>) -> Self {
        Self { version: env!("CARGO_PKG_VERSION").to_owned(), executable: Stamp::of(&context.executable) }
    }
}

/// The files of packages, of which those that did not change since an earlier command need not be read to know their digests.
#[derive(Debug)]
pub(super) struct RememberedFiles {
    folders: Vec<PathBuf>,
    known: FxHashMap<PathBuf, (Stamp, TreeDigest)>,
    /// Those that were looked at by this command.
    seen: Mutex<FxHashMap<PathBuf, (Stamp, TreeDigest)>>,
}

impl RememberedFiles {
    pub(super) fn folder(&self, package: PackageIndex) -> Option<&Path> {
        self.folders.get(package).map(PathBuf::as_path)
    }

    fn note(&self, path: PathBuf, stamp: Stamp, digest: TreeDigest) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).insert(path, (stamp, digest));
    }
}

impl AssetFiles for RememberedFiles {
    fn read(&self, package: PackageIndex, path: &str) -> Option<Arc<str>> {
        let folder = self.folder(package)?;
        let whole = folder.join(path);
        // A file that changes while it is read has another stamp the next time.
        let stamp = Stamp::of(&whole);
        let text = fs::read_text_below(folder, path, &[folder], MAX_FILE)?;
        if let Some(stamp) = stamp {
            self.note(whole, stamp, TreeDigest::of(text.as_bytes()));
        }
        Some(text.into())
    }

    fn digest(&self, package: PackageIndex, path: &str) -> Option<TreeDigest> {
        let whole = self.folder(package)?.join(path);
        match (self.known.get(&whole), Stamp::of(&whole)) {
            (Some((known, digest)), Some(stamp)) if *known == stamp => {
                self.note(whole, stamp, *digest);
                Some(*digest)
            }
            _ => self.read(package, path).map(|text| TreeDigest::of(text.as_bytes())),
        }
    }
}

/// The place where a project's record lies.
#[derive(Debug)]
pub(super) struct Memory {
    file: PathBuf,
    program: Program,
}

impl Memory {
    /// Reads what is remembered of the project in `root`: how to read the files of its packages, which lie in `folders`, and what was
    /// found in them. What cannot be read is forgotten.
    pub(super) fn open(
        context: &Context<'_>,
        root: &Path,
        folders: Vec<PathBuf>,
    ) -> (Self, RememberedFiles, AssetRecords) {
        let name = TreeDigest::of(root.as_os_str().as_encoded_bytes());
        let file = context.cache.join(REMEMBERED_ASSETS).join(format!("{name}.json"));
        let program = Program::this(context);
        let bytes = fs::read_up_to(&file, MAX_RECORD).ok().flatten().unwrap_or_default();
        let record = serde_json::from_slice::<RememberedAssets>(&bytes).ok().filter(|record| record.program == program);
        let RememberedAssets { files, assets, .. } = record.unwrap_or_default();
        (Self { file, program }, RememberedFiles { folders, known: files, seen: Mutex::default() }, assets)
    }

    /// Keeps what was found. `assets` are `None` if they are as they were. That it cannot be kept costs time and nothing else.
    pub(super) fn keep(&self, files: &RememberedFiles, assets: Option<AssetRecords>) {
        let Some(assets) = assets else { return };
        let files = files.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let record = RecordToKeep { program: &self.program, files: &files, assets: &assets };
        if let (Ok(bytes), Some(folder)) = (serde_json::to_vec(&record), self.file.parent())
            && fs::create_dir_all(folder).is_ok()
        {
            let _ = fs::write_atomic(&self.file, &bytes, Durability::Lazy);
        }
    }
}

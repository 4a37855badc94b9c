//! Finding damaged files in the store.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::damage::{DamageKind, StoreDamage};
use super::index::TreeIndex;
use super::{FILES, INDEX, Store, StoreError, Tree, TreeEntry, tree};
use crate::fs::{self, Action, Dir, FsError, Kind};
use crate::model::TreeDigest;

impl Store {
    /// Hashes every file of every tree. Returns the damages, sorted.
    pub fn verify(&self) -> Result<Vec<StoreDamage>, StoreError> {
        let trees = self.tree_digests()?;
        let next = AtomicUsize::new(0);
        let damages = Mutex::new(Ok(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..std::thread::available_parallelism().map_or(1, usize::from).min(trees.len()) {
                scope.spawn(|| {
                    while let Some(digest) = trees.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let found = self.verify_folder(digest);
                        let Ok(mut damages) = damages.lock() else { return };
                        match (found, damages.as_mut()) {
                            (Ok(found), Ok(damages)) => damages.extend(found),
                            (Err(error), Ok(_)) => *damages = Err(error),
                            (_, Err(_)) => return,
                        }
                    }
                });
            }
        });
        let mut damages = damages.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner)?;
        damages.sort_unstable();
        Ok(damages)
    }

    /// Removes those trees that are damaged, so that they are brought again. Returns whether there were any.
    pub fn remove_damaged<'t>(&self, trees: impl Iterator<Item = &'t Tree>) -> Result<bool, StoreError> {
        let mut removed = false;
        for tree in trees {
            if !self.verify_tree(tree)?.is_empty() {
                self.remove(&tree.digest)?;
                removed = true;
            }
        }
        Ok(removed)
    }

    /// Hashes every file of a tree and looks for files that do not belong to it. Returns the damages.
    pub fn verify_tree(&self, tree: &Tree) -> Result<Vec<StoreDamage>, StoreError> {
        let mut damages = Vec::new();
        let mut buffer = vec![0; 1 << 17];
        let known: BTreeSet<&str> = tree.entries.iter().map(|entry| &*entry.path).collect();
        match Dir::open(&tree.folder) {
            Ok(folder) => {
                for entry in &tree.entries {
                    damages.extend(check(tree, &folder, entry, &mut buffer)?);
                }
                for found in fs::walk(&tree.folder, |_| true)? {
                    if found.kind != Kind::Folder && !found.path.to_str().is_some_and(|path| known.contains(path)) {
                        damages.push(tree.damage(&found.path, DamageKind::Unknown));
                    }
                }
            }
            Err(error) if error.is_not_found() || is_no_folder(&tree.folder)? => {
                let missing = |entry: &TreeEntry| {
                    tree.damage(Path::new(&*entry.path), DamageKind::Missing { expected: entry.digest })
                };
                damages.extend(tree.entries.iter().map(missing));
            }
            Err(error) => return Err(error.into()),
        }
        damages.sort_unstable();
        Ok(damages)
    }

    /// Hashes one file, for which [`TreeEntry::is_changed`] returned `true`. If only its time was changed, restores it.
    pub fn verify_entry(&self, tree: &Tree, entry: &TreeEntry) -> Result<Option<StoreDamage>, StoreError> {
        let folder = match Dir::open(&tree.folder) {
            Ok(folder) => folder,
            Err(error) if error.is_not_found() || is_no_folder(&tree.folder)? => {
                return Ok(Some(tree.damage(Path::new(&*entry.path), DamageKind::Missing { expected: entry.digest })));
            }
            Err(error) => return Err(error.into()),
        };
        let damage = check(tree, &folder, entry, &mut vec![0; 1 << 17])?;
        if damage.is_none() {
            folder.set_mtime(&entry.path, entry.mtime)?;
        }
        Ok(damage)
    }

    /// Returns every tree that the store holds, sorted.
    pub fn tree_digests(&self) -> Result<Vec<TreeDigest>, StoreError> {
        let folder = self.root.join("trees");
        if fs::stat(&folder)?.is_none() {
            return Ok(Vec::new());
        }
        let mut digests = Vec::new();
        for shard in fs::read_dir(&folder)?.into_iter().filter(|shard| shard.kind == Kind::Folder) {
            for tree in fs::read_dir(&folder.join(shard.path))? {
                digests.extend(tree.path.to_str().and_then(|name| name.parse::<TreeDigest>().ok()));
            }
        }
        Ok(digests)
    }

    /// Returns the tree with this digest. Returns `None` if the store does not have it.
    pub fn tree_by_digest(&self, digest: &TreeDigest) -> Result<Option<Tree>, StoreError> {
        self.check_owner()?;
        let path = self.tree_folder(digest).join(INDEX);
        let bytes = match fs::read_if_exists(&path) {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(None),
            Err(error) if fs::stat(&path)?.is_some_and(|stat| stat.kind == Kind::File) => return Err(error.into()),
            Err(_) => return Err(StoreError::Index { path }),
        };
        let index = TreeIndex::decode(&bytes).map_err(|_| StoreError::Index { path })?;
        let folder = self.tree_folder(digest).join(FILES);
        let TreeIndex { entries, twins, origin, .. } = index;
        Ok(Some(Tree { digest: *digest, folder, entries, twins, origin }))
    }

    fn verify_folder(&self, digest: &TreeDigest) -> Result<Vec<StoreDamage>, StoreError> {
        let path = self.tree_folder(digest).join(INDEX);
        let bytes = match fs::read_if_exists(&path) {
            Err(error) if fs::stat(&path)?.is_some_and(|stat| stat.kind == Kind::File) => return Err(error.into()),
            read => read.ok().flatten(),
        };
        let index = match bytes.map(|bytes| TreeIndex::decode(&bytes)) {
            Some(Ok(index)) if index.digest == *digest && tree::digest(&index.entries) == *digest => index,
            // Collected or repaired by another process meanwhile.
            None if fs::stat(&self.tree_folder(digest))?.is_none() => return Ok(Vec::new()),
            _ => return Ok(vec![StoreDamage { path, tree: *digest, kind: DamageKind::Index }]),
        };
        self.verify_tree(&Tree {
            digest: *digest,
            folder: self.tree_folder(digest).join(FILES),
            entries: index.entries,
            twins: index.twins,
            origin: index.origin,
        })
    }
}

impl Tree {
    fn damage(&self, path: &Path, kind: DamageKind) -> StoreDamage {
        StoreDamage { path: self.folder.join(path), tree: self.digest, kind }
    }
}

/// Returns whether the path of a tree's folder holds something else.
fn is_no_folder(path: &Path) -> Result<bool, FsError> {
    Ok(fs::lstat(path)?.is_some_and(|stat| stat.kind != Kind::Folder))
}

fn check(tree: &Tree, folder: &Dir, entry: &TreeEntry, buffer: &mut [u8]) -> Result<Option<StoreDamage>, FsError> {
    let damage = |kind| Ok(Some(tree.damage(Path::new(&*entry.path), kind)));
    let missing = DamageKind::Missing { expected: entry.digest };
    let stat = match folder.stat(&entry.path)? {
        Some(stat) if stat.kind == Kind::File => stat,
        _ => return damage(missing),
    };
    let mut file = match folder.open_file(&entry.path) {
        Ok(file) => file,
        Err(error) if error.is_not_found() => return damage(missing),
        Err(error) => return Err(error),
    };
    let found =
        hash(&mut file, buffer).map_err(|error| FsError::new(Action::Read, tree.folder.join(&*entry.path), error))?;
    if found != entry.digest {
        return damage(DamageKind::Content { expected: entry.digest, found });
    }
    if stat.is_executable() != entry.executable {
        return damage(DamageKind::Mode { executable: entry.executable });
    }
    Ok(None)
}

fn hash(file: &mut impl io::Read, buffer: &mut [u8]) -> io::Result<TreeDigest> {
    let mut hasher = blake3::Hasher::new();
    loop {
        match file.read(buffer) {
            Ok(0) => return Ok(TreeDigest(*hasher.finalize().as_bytes())),
            Ok(count) => {
                hasher.update(&buffer[..count]);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

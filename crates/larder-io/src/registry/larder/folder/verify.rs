//! The check of a whole registry: every leaf, every tile, every head, every index file, every archive.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::error::FolderError;
use super::open::FolderRegistry;
use crate::fs;
use crate::model::Digest;
use crate::package::log::{Appender, EntryBundle, Head, LogTree, StateLeaf, VerifiedState, entries_path};
use crate::package::{IndexFile, PackageEvent, REGISTRY_FILE, index_path};

/// The result of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    /// The log, as its checkpoint has it.
    pub tree: LogTree,
    /// The time of the last state.
    pub time: String,
    /// The number of packages.
    pub packages: usize,
    /// The number of published versions; of a part of a registry, those whose archives it has.
    pub versions: usize,
    /// What is wrong, one sentence each.
    pub damage: Vec<String>,
}

/// What the leaves say of one package.
#[derive(Default)]
struct LeafClaims {
    index: Vec<u8>,
}

impl FolderRegistry {
    /// Checks everything. A checkpoint that cannot be believed is an error; what is wrong below it is listed.
    pub fn verify(&self) -> Result<Verified, FolderError> {
        let state = self.state()?;
        let tree = state.checkpoint.tree;
        let mut check = FolderCheck { registry: self, damage: Vec::new() };
        let (stated, signed) = (&self.description.origin, state.checkpoint.key.name());
        if **stated != *signed {
            let file = REGISTRY_FILE;
            check.damage.push(format!(
                "`{file}` says that the registry is `{stated}`, and its checkpoint is that of `{signed}`"
            ));
        }
        let told = if self.description.subset { check.part(&state)? } else { check.leaves(tree)? };
        if !self.description.subset {
            check.heads(&state, &told)?;
        }
        let archives = check.indexes(&told)?;
        let versions = check.archives(&archives)?;
        let packages = told.len();
        Ok(Verified { tree, time: state.leaf.time, packages, versions, damage: check.damage })
    }
}

/// An archive that an event names.
struct Archive {
    name: String,
    file: String,
    size: u64,
    sha256: String,
}

struct FolderCheck<'r> {
    registry: &'r FolderRegistry,
    damage: Vec<String>,
}

impl FolderCheck<'_> {
    /// Reads every leaf and compares every tile. Returns what the leaves say of each package.
    fn leaves(&mut self, tree: LogTree) -> Result<BTreeMap<String, LeafClaims>, FolderError> {
        const FULL: u64 = 256;
        let mut told = BTreeMap::<String, LeafClaims>::new();
        let mut appender = self.registry.read(|answers| Appender::new(LogTree::empty(), answers))?;
        for index in 0..tree.size.div_ceil(FULL) {
            let width = (tree.size - index * FULL).min(FULL);
            let path = entries_path(index, width);
            let Some(bundle) = fs::read_if_exists(&self.registry.root.join(&path))?.map(EntryBundle::new) else {
                self.damage.push(format!("`{path}` is missing"));
                return Ok(told);
            };
            let Some(entries) = bundle.entries().filter(|entries| entries.len() as u64 == width) else {
                self.damage.push(format!("`{path}` is no bundle of {width} entries"));
                return Ok(told);
            };
            for entry in entries {
                let _ = appender.push(entry);
                if StateLeaf::is_state(entry) {
                    continue;
                }
                let event = std::str::from_utf8(entry).ok().and_then(|line| PackageEvent::parse(line).ok());
                match event {
                    Some(event) => {
                        let told = told.entry(event.name).or_default();
                        told.index.extend_from_slice(entry);
                        told.index.push(b'\n');
                    }
                    None => self.damage.push(format!("an entry of `{path}` is no event")),
                }
            }
            self.tiles(appender.take_files())?;
        }
        let (grown, files) = appender.finish();
        if grown != tree {
            self.damage.push("the entries do not have the root that the checkpoint signs".to_owned());
        }
        self.tiles(files)?;
        Ok(told)
    }

    /// Reads the index files of a part of a registry, as far as the heads know them. Returns what these say of each package.
    fn part(&mut self, state: &VerifiedState) -> Result<BTreeMap<String, LeafClaims>, FolderError> {
        let folder = self.registry.root.join(&self.registry.description.index);
        let found = match fs::walk(&folder, |_| true) {
            Err(error) if error.is_not_found() => Vec::new(),
            found => found?,
        };
        let mut told = BTreeMap::new();
        for entry in found.iter().filter(|entry| entry.kind == fs::Kind::File && !fs::is_temporary(&entry.path)) {
            let Some(name) = entry.path.to_str().and_then(name_of) else {
                self.damage.push(format!("`{}` is no index file", entry.path.display()));
                continue;
            };
            match self.registry.index(state, &name) {
                Ok(index) => drop(told.insert(name, LeafClaims { index })),
                Err(FolderError::Log { fault, .. }) => {
                    self.damage.push(format!("the index file of {name} is not what its head says: {fault}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(told)
    }

    /// Compares tiles and bundles with those on disk.
    fn tiles(&mut self, files: Vec<(String, Vec<u8>)>) -> Result<(), FolderError> {
        for (path, content) in files {
            match fs::read_if_exists(&self.registry.root.join(&path))? {
                Some(found) if found == content => {}
                Some(_) => self.damage.push(format!("`{path}` does not have the hashes of the entries below it")),
                None => self.damage.push(format!("`{path}` is missing")),
            }
        }
        Ok(())
    }

    /// Compares the heads with what the leaves say.
    fn heads(&mut self, state: &VerifiedState, told: &BTreeMap<String, LeafClaims>) -> Result<(), FolderError> {
        let mut expected = told.iter().map(|(name, told)| Head::of(name, &told.index));
        for shard in self.registry.read(|answers| state.all_shards(answers))? {
            for head in self.registry.read(|answers| state.heads_of(&shard, answers))? {
                match expected.next() {
                    Some(other) if other == head => {}
                    Some(other) => {
                        let names = if other.name == head.name {
                            head.name
                        } else {
                            format!("{} or {}", head.name, other.name)
                        };
                        self.damage.push(format!("the head of {names} is not what the log adds up to"));
                    }
                    None => {
                        self.damage.push(format!("there is a head of {}, of which the log has no event", head.name));
                    }
                }
            }
        }
        self.damage.extend(expected.map(|head| format!("there is no head of {}", head.name)));
        Ok(())
    }

    /// Compares the index files with what the leaves say. Returns the archives that they name.
    fn indexes(&mut self, told: &BTreeMap<String, LeafClaims>) -> Result<Vec<Archive>, FolderError> {
        let names: Vec<(&String, &LeafClaims)> = told.iter().collect();
        let found = fs::map_parallel(&names, |(name, told)| {
            let on_disk = fs::read_if_exists(&self.registry.index_file(name))?.unwrap_or_default();
            let problem = if on_disk == told.index {
                None
            } else if on_disk.starts_with(&told.index) {
                Some(format!("the index file of {name} has lines that are not in the log: a publication was cut off"))
            } else {
                Some(format!("the index file of {name} is not what the log adds up to"))
            };
            let parsed = IndexFile::parse(name, told.index.clone());
            Ok::<_, FolderError>((name, problem, parsed))
        })?;
        let mut archives = Vec::new();
        for (name, problem, parsed) in found {
            self.damage.extend(problem);
            match parsed {
                Err(fault) => self.damage.push(format!("the index file of {name} cannot be: {fault}")),
                Ok(index) => archives.extend(index.versions().iter().filter_map(|version| {
                    let deposit = version.deposit.as_ref()?;
                    let (file, sha256) = (deposit.artifact.clone(), deposit.sha256.clone());
                    Some(Archive { name: (*name).clone(), file, size: deposit.size, sha256 })
                })),
            }
        }
        Ok(archives)
    }

    /// Compares the archives with their digests. Returns how many there should be: a part of a registry has those of some versions.
    fn archives(&mut self, archives: &[Archive]) -> Result<usize, FolderError> {
        let is_part = self.registry.description.subset;
        let absent = AtomicUsize::new(0);
        let found = fs::map_parallel(archives, |archive| {
            let Archive { name, file, size, sha256 } = archive;
            let content = fs::read_if_exists(&self.registry.artifact_file(name, file))?;
            Ok::<_, FolderError>(match content {
                None if is_part => {
                    absent.fetch_add(1, Ordering::Relaxed);
                    None
                }
                None => Some(format!("`{file}` of {name} is missing")),
                Some(content) if content.len() as u64 != *size => Some(format!("`{file}` of {name} has another size")),
                Some(content) if Digest::sha256_of(&content).to_hex() != *sha256 => {
                    Some(format!("`{file}` of {name} has another digest"))
                }
                Some(_) => None,
            })
        })?;
        self.damage.extend(found.into_iter().flatten());
        Ok(archives.len() - absent.into_inner())
    }
}

/// Returns the package whose index file has this path below the folder of index files.
fn name_of(path: &str) -> Option<String> {
    let parts: Vec<&str> = path.split('/').collect();
    let scope = parts.first().filter(|part| part.starts_with('@')).map(|scope| format!("{scope}/")).unwrap_or_default();
    let name = format!("{scope}{}", parts.last()?);
    (index_path(&name) == path).then_some(name)
}

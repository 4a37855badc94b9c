//! The record of a generation.
//!
//! ```text
//! 12/
//! ├── generation.json     all of it: what is in it, and what verification needs to know
//! ├── head.json           the little that a switch or a history needs, whatever the size of the rest
//! ├── keys                the keys of its realised packages, a line each
//! ├── manifests.json.gz   the texts of the project's manifests and patches at that time, by path
//! └── larder.lock         the lock that it was built from
//! ```

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use crate::difference::{Difference, PackageVersions, RuntimeVersions};
use crate::fs::{self, Action, FsError};
use crate::model::{EntryPath, Label, PackageId, PackageKey, Platform, RuntimeName, TreeDigest, Version};

use super::as_text::Text;
use super::deployed_flow::{self, DeployedFlows};
use super::generation_summary::GenerationSummary;
use super::layout::{ClosurePackage, Layout, PackageContent};
use super::paths::{KEYS, LOCK, MANIFESTS_OF_GENERATION, RECORD, SUMMARY};
use super::python::Interpreter;
use super::record_file::{FORMAT, hash, is_sealed, read_record, seal};
use super::{ProfileError, RealisedKey};

/// One immutable, numbered state of a profile.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Generation {
    /// The form of the record.
    pub format: u32,
    /// The generation's number; numbers are never used twice.
    pub number: u64,
    /// The generation that was current when it was built.
    pub parent: Option<u64>,
    /// When it was built.
    #[serde(with = "super::as_text")]
    pub created: jiff::Timestamp,
    /// The version of larder that built it.
    pub larder: String,
    /// The digest of the lockfile's text.
    #[serde(with = "super::as_text")]
    pub lock: TreeDigest,
    /// The environment.
    #[serde(with = "super::as_text")]
    pub environment: Label,
    /// The platform.
    #[serde(with = "super::as_text")]
    pub platform: Platform,
    /// The digest of closure and content, without paths, times and the interpreter's home: the same on two machines.
    #[serde(with = "super::as_text")]
    pub digest: TreeDigest,
    /// The digest of everything that the generation was built from, apart from the checkout's folder: if it has not changed, a sync has
    /// nothing to do.
    #[serde(with = "super::as_text")]
    pub inputs: TreeDigest,
    /// The interpreter of its Python environment, if it has one.
    pub python: Option<Interpreter>,
    /// The byte-code of its Python packages, by name, where it was made ahead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) bytecode: Option<BTreeMap<Arc<str>, Text<TreeDigest>>>,
    /// The runtimes that larder brings, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub runtimes: BTreeMap<Arc<str>, RuntimeOfGeneration>,
    /// Whether the project has a `node_modules`.
    pub node_modules: bool,
    /// The folders of members and local packages that have a `node_modules`.
    pub members: Vec<Arc<str>>,
    /// The packages, sorted.
    pub closure: Vec<ClosurePackage>,
    /// The flows that are deployed.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub flows: DeployedFlows,
}

/// A runtime of a generation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuntimeOfGeneration {
    /// Its version.
    pub version: Arc<str>,
    /// The digest of the unpacked archive.
    #[serde(with = "super::as_text")]
    pub tree: TreeDigest,
}

/// The part of a record that only verification reads.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Contents {
    /// The checkout's folder when the generation was built: absolute links lead there.
    #[serde(default)]
    pub(super) root: PathBuf,
    /// The layout that was built.
    pub(super) layout: Layout,
    /// The files that larder wrote, relative to the generation.
    pub(super) generated: BTreeMap<String, Text<TreeDigest>>,
    /// The links, relative to the generation.
    pub(super) links: BTreeMap<String, PathBuf>,
    /// The files that several Python packages bring with different content, with the package whose file is there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub(super) contested: BTreeMap<String, Arc<str>>,
}

/// The contents of a package: several of one version where it is built in several ways.
type ContentsByVersion<'g> = BTreeMap<Version, BTreeSet<&'g PackageContent>>;

impl Generation {
    /// Computes the digest that is the same on two machines.
    pub(super) fn digest(
        platform: Platform,
        python: Option<&Interpreter>,
        closure: &[ClosurePackage],
        layout: &Layout,
    ) -> TreeDigest {
        let library = python.map(Interpreter::library);
        hash(&("larder generation 1", platform.as_str(), library, closure, layout))
    }

    /// Returns the trees of the store that it is made of.
    pub fn trees(&self) -> impl Iterator<Item = TreeDigest> + '_ {
        let packages = self.closure.iter().filter_map(|member| match member.content {
            PackageContent::Tree(digest) => Some(digest),
            PackageContent::Folder(_) => None,
        });
        let packages = packages.chain(self.runtimes.values().map(|runtime| runtime.tree));
        let packages = packages.chain(self.flows.values().map(|flow| flow.tree));
        packages.chain(self.bytecode.iter().flat_map(BTreeMap::values).map(|digest| digest.0))
    }

    /// Returns the trees of the store that one of its packages is made of: its content, and the byte-code that belongs to it.
    pub fn trees_of(&self, member: &ClosurePackage) -> impl Iterator<Item = TreeDigest> {
        let content = match member.content {
            PackageContent::Tree(digest) => Some(digest),
            PackageContent::Folder(_) => None,
        };
        let compiled = self.bytecode.as_ref().filter(|_| member.ecosystem.shares_one_folder());
        let compiled = compiled.and_then(|compiled| compiled.get(&member.name)).map(|digest| digest.0);
        content.into_iter().chain(compiled)
    }

    /// Reads the record in the generation's folder.
    pub(super) fn read(folder: &Path) -> Result<Self, ProfileError> {
        let generation: Self = parse(folder)?;
        if generation.format > FORMAT {
            return Err(ProfileError::BadRecord { file: file(folder), problem: "a newer larder wrote it".to_owned() });
        }
        Ok(generation)
    }

    /// Returns its packages, for a comparison with others.
    pub fn packages(&self) -> PackageVersions {
        let mut packages = PackageVersions::new();
        for member in &self.closure {
            if let Some(PackageKey { id, version }) = member.key() {
                let versions = packages.entry(id).or_default();
                if !versions.contains(&version) {
                    versions.push(version);
                }
            }
        }
        for versions in packages.values_mut() {
            versions.sort();
        }
        packages
    }

    /// Returns those of its packages that a manifest asks for.
    pub fn direct(&self) -> BTreeSet<PackageId> {
        self.closure.iter().filter(|member| member.direct).filter_map(ClosurePackage::id).collect()
    }

    /// Returns the versions of the runtimes that larder brings.
    pub fn runtime_versions(&self) -> RuntimeVersions {
        let versions = self.runtimes.iter().filter_map(|(name, runtime)| {
            let name = RuntimeName::ALL.into_iter().find(|known| known.as_str() == &**name)?;
            Some((name, vec![runtime.version.parse().ok()?]))
        });
        versions.collect()
    }

    /// Returns what is told of its flows, by name.
    pub fn flow_texts(&self) -> BTreeMap<Arc<str>, String> {
        self.flows.iter().map(|(name, flow)| (Arc::clone(name), flow.text())).collect()
    }

    /// Returns those of its packages that another generation has in the same versions with other content.
    pub fn replaced_since(&self, before: &Self) -> PackageVersions {
        let (there, here) = (before.contents(), self.contents());
        let is_replaced = |(id, contents): &(PackageId, ContentsByVersion<'_>)| {
            there.get(id).is_some_and(|before| before != contents && before.keys().eq(contents.keys()))
        };
        here.into_iter().filter(is_replaced).map(|(id, contents)| (id, contents.into_keys().collect())).collect()
    }

    fn contents(&self) -> BTreeMap<PackageId, ContentsByVersion<'_>> {
        let mut contents: BTreeMap<PackageId, ContentsByVersion<'_>> = BTreeMap::new();
        for member in &self.closure {
            if let Some(PackageKey { id, version }) = member.key() {
                contents.entry(id).or_default().entry(version).or_default().insert(&member.content);
            }
        }
        contents
    }

    /// Compares its packages, runtimes and flows with those of the generation before it.
    pub fn difference_from(&self, before: Option<&Self>) -> Difference {
        let there = before.map(Self::packages).unwrap_or_default();
        let direct = before.map(Self::direct).unwrap_or_default().into_iter().chain(self.direct()).collect();
        let difference = Difference { direct, ..Difference::between(&there, &self.packages()) };
        let replaced = before.map(|before| self.replaced_since(before)).unwrap_or_default();
        let difference = difference.with_replaced(replaced);
        let there = |of: Option<&Self>| of.map(Self::runtime_versions).unwrap_or_default();
        let flows = before.map(Self::flow_texts).unwrap_or_default();
        difference.with_runtimes(&there(before), &self.runtime_versions()).with_flows(&flows, &self.flow_texts())
    }

    /// Writes the records into a new folder.
    ///
    /// The record lists the files beside it with their digests, and ends with its own digest.
    pub(super) fn write(
        &self,
        summary: &GenerationSummary,
        (lock, manifests): (&str, &BTreeMap<String, String>),
        mut contents: Contents,
        folder: &Path,
    ) -> Result<(), ProfileError> {
        contents.generated.insert(SUMMARY.to_owned(), Text(summary.write(folder)?));
        let keys = contents.layout.keys().fold(String::new(), |keys, key| keys + key.as_str() + "\n");
        let packed = compressed(manifests).map_err(|error| FsError::new(Action::Write, folder, error))?;
        let mut files = vec![(KEYS, keys.as_bytes()), (LOCK, lock.as_bytes())];
        files.extend((!manifests.is_empty()).then_some((MANIFESTS_OF_GENERATION, &*packed)));
        for (name, content) in files {
            fs::write_new(&folder.join(name), content, 0o644)?;
            contents.generated.insert(name.to_owned(), Text(TreeDigest::of(content)));
        }
        Ok(fs::write_new(&file(folder), &self.text(&contents, folder)?, 0o644)?)
    }

    /// Writes the record anew, with other contents.
    pub(super) fn replace(&self, contents: &Contents, folder: &Path) -> Result<(), ProfileError> {
        Ok(fs::write_atomic(&file(folder), &self.text(contents, folder)?, fs::Durability::Lazy)?)
    }

    fn text(&self, contents: &Contents, folder: &Path) -> Result<Vec<u8>, ProfileError> {
        #[derive(Serialize)]
        struct GenerationDocument<'a> {
            #[serde(flatten)]
            generation: &'a Generation,
            contents: &'a Contents,
        }
        let mut text = serde_json::to_vec(&GenerationDocument { generation: self, contents })
            .map_err(|error| ProfileError::BadRecord { file: file(folder), problem: error.to_string() })?;
        let check = seal(&text);
        text.pop();
        text.extend_from_slice(check.as_bytes());
        Ok(text)
    }
}

/// Returns texts as they are kept: who looks through an environment for the names of packages is not to find those that the project
/// has in other environments.
fn compressed(texts: &BTreeMap<String, String>) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&serde_json::to_vec(texts)?)?;
    encoder.finish()
}

/// The most bytes of the manifests and patches of a generation.
const MOST_TEXT: u64 = 256 << 20;

/// Reads the manifests and patches of a generation, as they are kept with it.
///
/// # Errors
/// They are no JSON of texts, compressed with gzip, or too many.
pub fn parse_manifests(content: &[u8]) -> std::io::Result<BTreeMap<String, String>> {
    Ok(serde_json::from_reader(std::io::BufReader::new(GzDecoder::new(content).take(MOST_TEXT)))?)
}

impl Contents {
    /// Returns whether the file at this path, relative to the generation, is the one that this Python package brings.
    pub(super) fn has_file_of(&self, package: &str, path: &str) -> bool {
        self.contested.get(path).is_none_or(|owner| **owner == *package)
    }

    /// Reads the contents that the record in the generation's folder lists.
    pub(super) fn read(folder: &Path) -> Result<Self, ProfileError> {
        #[derive(Deserialize)]
        struct ContentsDocument {
            contents: Contents,
        }
        let contents = parse::<ContentsDocument>(folder)?.contents;
        match contents.stray() {
            None => Ok(contents),
            Some(path) => {
                let problem = format!("`{}` leaves the generation", path.escape_debug());
                Err(ProfileError::BadRecord { file: file(folder), problem })
            }
        }
    }

    /// Returns a path or a name that would lead elsewhere. The record lies in the checkout: anybody may have written it.
    fn stray(&self) -> Option<&str> {
        let is_inside = |path: &&str| EntryPath::parse(path).is_ok_and(|parsed| parsed.as_str() == *path);
        let paths = self.generated.keys().chain(self.links.keys()).map(String::as_str);
        let realised = self.layout.packages.values();
        let names = realised.flat_map(|package| package.dependencies.keys().chain([&package.name])).map(|name| &**name);
        paths.chain(names).find(|path| !is_inside(path)).or_else(|| deployed_flow::stray(&self.layout.flows))
    }
}

/// Reads the keys of a generation's realised packages, a line each.
pub(super) fn key_lines(folder: &Path) -> Result<String, ProfileError> {
    let file = folder.join(KEYS);
    let problem = || "it is no text".to_owned();
    String::from_utf8(read_record(&file)?).map_err(|_| ProfileError::BadRecord { file, problem: problem() })
}

/// Reads the keys of a generation's realised packages.
pub(super) fn keys(folder: &Path) -> Result<Vec<RealisedKey>, ProfileError> {
    let problem =
        |key: &str| ProfileError::BadRecord { file: folder.join(KEYS), problem: format!("`{key}` is no key") };
    key_lines(folder)?.lines().map(|key| key.parse().map_err(|_| problem(key))).collect()
}

fn file(folder: &Path) -> PathBuf {
    folder.join(RECORD)
}

fn parse<T: for<'de> Deserialize<'de>>(folder: &Path) -> Result<T, ProfileError> {
    let bytes = read_record(&file(folder))?;
    let bad = |problem| Err(ProfileError::BadRecord { file: file(folder), problem });
    match serde_json::from_slice(&bytes) {
        Err(error) => bad(error.to_string()),
        Ok(_) if !is_sealed(&bytes) => {
            bad("it was changed: its text does not have the digest that it names".to_owned())
        }
        Ok(record) => Ok(record),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::generation_summary::ChangeSummary;
    use super::*;

    fn sample(folder: &Path) -> Vec<u8> {
        let layout = Layout::default();
        let generation = Generation {
            format: FORMAT,
            number: 3,
            parent: Some(2),
            created: jiff::Timestamp::UNIX_EPOCH,
            larder: "0.1.0".to_owned(),
            lock: TreeDigest::of(b"lock"),
            environment: "development".parse().unwrap(),
            platform: Platform::LinuxX64,
            digest: Generation::digest(Platform::LinuxX64, None, &[], &layout),
            inputs: TreeDigest::of(b"inputs"),
            python: None,
            bytecode: None,
            runtimes: BTreeMap::new(),
            node_modules: true,
            members: vec!["apps/web".into()],
            closure: Vec::new(),
            flows: DeployedFlows::new(),
        };
        let contents = Contents {
            root: "/home/me/shop".into(),
            layout,
            generated: BTreeMap::new(),
            links: BTreeMap::new(),
            contested: BTreeMap::new(),
        };
        let summary = GenerationSummary {
            format: FORMAT,
            number: 3,
            parent: Some(2),
            created: jiff::Timestamp::UNIX_EPOCH,
            lock: TreeDigest::of(b"lock"),
            digest: generation.digest,
            root: "/home/me/shop".into(),
            promoted: None,
            durable: false,
            fallback: false,
            python: false,
            node_modules: true,
            members: Vec::new(),
            project: Vec::new(),
            packages: 0,
            changes: ChangeSummary::default(),
        };
        for name in [SUMMARY, KEYS, LOCK, MANIFESTS_OF_GENERATION, RECORD] {
            fs::remove_file(&folder.join(name)).unwrap();
        }
        generation.write(&summary, ("lock", &BTreeMap::new()), contents, folder).unwrap();
        assert_eq!(Generation::read(folder).unwrap(), generation);
        fs::read(&file(folder)).unwrap()
    }

    #[test]
    fn every_flipped_byte_of_a_record_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let record = sample(folder.path());
        for at in 0..record.len() {
            let mut flipped = record.clone();
            flipped[at] ^= 1;
            fs::write_atomic(&file(folder.path()), &flipped, fs::Durability::Lazy).unwrap();
            let error = Generation::read(folder.path()).unwrap_err();
            assert!(matches!(error, ProfileError::BadRecord { .. }), "at {at}: {error}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_make_reading_panic(bytes: Vec<u8>, at in 0_usize..600, with: [u8; 3]) {
            let folder = tempfile::tempdir().unwrap();
            let mut record = sample(folder.path());
            for (place, byte) in with.into_iter().enumerate() {
                if let Some(old) = record.get_mut(at + place) {
                    *old = byte;
                }
            }
            for text in [bytes, record] {
                fs::write_atomic(&file(folder.path()), &text, fs::Durability::Lazy).unwrap();
                let _ = (Generation::read(folder.path()), Contents::read(folder.path()));
            }
        }
    }
}

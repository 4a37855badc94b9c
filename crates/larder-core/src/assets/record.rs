//! What a look at assets found, for the next one: an asset of which nothing changed, nor of what it refers to, is not read again.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::diagnostic::{Position, SourceFinding};
use crate::mapping::Mapping;
use crate::model::{AssetKind, TreeDigest};
use crate::parallel::map_parallel;

use super::Strength;
use super::link::{Link, LinkRole, Unresolved};
use super::package::{AssetIndex, FileRead, PackageIndex};
use super::set::AssetSet;

/// The most files that an asset may be made of to be remembered.
const MOST_FILES: usize = 256;

/// What a look at assets found.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct AssetRecords {
    /// By the folders of packages, and the identities of assets.
    assets: BTreeMap<Arc<str>, BTreeMap<Box<str>, AssetRecord>>,
    /// Whether they say anything that those did not with which the look began.
    #[serde(skip)]
    is_new: bool,
}

impl AssetRecords {
    /// Returns whether they say anything that those did not with which the look began.
    pub fn is_new(&self) -> bool {
        self.is_new
    }
}

/// What was found in an asset, and what it was found in.
#[derive(Debug, Serialize, Deserialize)]
struct AssetRecord {
    /// The digest of the manifests that decide what it refers to: see [`scopes`].
    scope: TreeDigest,
    files: Vec<RecordedFile>,
    links: Vec<RecordedLink>,
    /// What is wrong with it. `None`: it was not checked.
    findings: Option<Vec<SourceFinding>>,
}

/// A file that was looked for.
#[derive(Debug, Serialize, Deserialize)]
struct RecordedFile {
    /// The folder of its package. `None`: that of the asset.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    folder: Option<Arc<str>>,
    path: Box<str>,
    /// The digest of its text. `None`: it was not there.
    text: Option<TreeDigest>,
}

/// A [`Link`] that says what it means by the folder of the package and the identity of the asset.
#[derive(Debug, Serialize, Deserialize)]
struct RecordedLink {
    to: Result<(Arc<str>, Box<str>), Unresolved>,
    kind: AssetKind,
    role: LinkRole,
    strength: Strength,
    at: Position,
}

/// An asset that was checked.
pub(super) struct CheckedAsset {
    /// The files of its samples.
    samples: Vec<FileRead>,
    /// What is wrong with it.
    pub(super) findings: Vec<SourceFinding>,
}

/// What is known of the assets of a set by an earlier look.
pub(super) struct Recalled {
    scopes: Vec<TreeDigest>,
    /// By the place of the asset: what is known of it, if its own files are the same.
    records: Vec<Option<AssetRecord>>,
    /// Whether that is true of all to which it refers, too.
    is_whole: Vec<bool>,
}

impl Recalled {
    /// Returns what was found in an asset, if that would be found again.
    pub(super) fn findings(&self, at: AssetIndex) -> Option<&[SourceFinding]> {
        let record = self.records[at].as_ref().filter(|_| self.is_whole[at])?;
        record.findings.as_deref()
    }
}

impl AssetSet<'_> {
    /// Compares what an earlier look found with the files as they are now. The links of assets that are the same need not be read
    /// then. `environments` are those that the project declares; the work is spread over `threads`.
    pub(super) fn recall(&self, mut records: AssetRecords, environments: Option<&[&str]>, threads: usize) -> Recalled {
        let scopes = self.scopes(environments);
        let ids: Vec<String> = self.assets().iter().map(|asset| asset.id.to_string()).collect();
        let mut known: Vec<Option<AssetRecord>> = ids
            .iter()
            .enumerate()
            .map(|(at, id)| {
                let record = records.assets.get_mut(&*self.owner(at).folder)?.remove(&**id)?;
                (record.scope == scopes[self.asset(at).package]).then_some(record)
            })
            .collect();
        let folders: FxHashMap<&str, PackageIndex> =
            self.packages().iter().enumerate().map(|(at, package)| (&*package.folder, at)).collect();
        let places: FxHashMap<(PackageIndex, &str), AssetIndex> =
            ids.iter().enumerate().map(|(at, id)| ((self.asset(at).package, id.as_str()), at)).collect();
        let all: Vec<AssetIndex> = (0..ids.len()).collect();
        let links = map_parallel(&all, threads, |at| {
            let record = known[*at].as_ref()?;
            let is_same = |file: &RecordedFile| {
                let package = match &file.folder {
                    Some(folder) => *folders.get(&**folder)?,
                    None => self.asset(*at).package,
                };
                (self.files.digest(package, &file.path) == file.text).then_some(())
            };
            record.files.iter().map(is_same).collect::<Option<()>>()?;
            let link = |link: &RecordedLink| {
                let to = match &link.to {
                    Ok((folder, id)) => Ok(*places.get(&(*folders.get(&**folder)?, &**id))?),
                    Err(error) => Err(error.clone()),
                };
                Some(Link { to, kind: link.kind, role: link.role, strength: link.strength, position: link.at })
            };
            record.links.iter().map(link).collect::<Option<Vec<Link>>>()
        });
        // Whether all below an asset is the same is told by going up from what is not.
        let mut users: Vec<Vec<AssetIndex>> = vec![Vec::new(); all.len()];
        for (at, link) in
            links.iter().enumerate().flat_map(|(at, links)| links.iter().flatten().map(move |one| (at, one)))
        {
            if let Ok(to) = link.to {
                users[to].push(at);
            }
        }
        let mut is_whole = vec![true; all.len()];
        let mut pending: Vec<AssetIndex> = all.into_iter().filter(|at| links[*at].is_none()).collect();
        while let Some(at) = pending.pop() {
            if std::mem::replace(&mut is_whole[at], false) {
                pending.append(&mut users[at]);
            }
        }
        for (at, links) in links.into_iter().enumerate() {
            match links {
                // Nobody looked at the asset before: there are no links yet.
                Some(links) => drop(self.asset(at).links.set(links)),
                None => known[at] = None,
            }
        }
        Recalled { scopes, records: known, is_whole }
    }

    /// Reads the references of all assets, but for those that an earlier look read and would read again. Returns what there is to
    /// remember now.
    pub fn read_links_since(
        &self,
        records: AssetRecords,
        environments: Option<&[&str]>,
        threads: usize,
    ) -> AssetRecords {
        let recalled = self.recall(records, environments, threads);
        let all: Vec<AssetIndex> = (0..self.assets().len()).collect();
        map_parallel(&all, threads, |at| self.links(*at).len());
        self.record(recalled, BTreeMap::new())
    }

    /// Returns what there is to remember after a look. `checked` are the assets of which the findings were not known.
    pub(super) fn record(&self, recalled: Recalled, mut checked: BTreeMap<AssetIndex, CheckedAsset>) -> AssetRecords {
        let Recalled { scopes, records: known, is_whole } = recalled;
        let is_read = |at: AssetIndex| known[at].is_none() && self.asset(at).links.get().is_some();
        let is_new = !checked.is_empty() || (0..known.len()).any(is_read);
        let mut records = AssetRecords { is_new, ..AssetRecords::default() };
        for (at, known) in known.into_iter().enumerate() {
            let record = match (checked.remove(&at), known) {
                (None, Some(known)) => {
                    let findings = known.findings.filter(|_| is_whole[at]);
                    Some(AssetRecord { findings, ..known })
                }
                (checked, _) => self.recorded(at, scopes[self.asset(at).package], checked),
            };
            if let Some(record) = record {
                let of_package = records.assets.entry(Arc::clone(&self.owner(at).folder)).or_default();
                of_package.insert(self.asset(at).id.to_string().into(), record);
            }
        }
        records
    }

    /// Returns what there is to remember of an asset, if it was looked at.
    fn recorded(&self, at: AssetIndex, scope: TreeDigest, checked: Option<CheckedAsset>) -> Option<AssetRecord> {
        let links = self.asset(at).links.get()?;
        let package = self.asset(at).package;
        let mut reads: BTreeSet<FileRead> = self.content(at).reads.iter().cloned().collect();
        let findings = checked.map(|checked| {
            reads.extend(checked.samples);
            checked.findings
        });
        let file = |(of, path, text): FileRead| RecordedFile {
            folder: (of != package).then(|| Arc::clone(&self.packages()[of].folder)),
            path,
            text,
        };
        let link = |link: &Link| RecordedLink {
            to: match &link.to {
                Ok(to) => Ok((Arc::clone(&self.owner(*to).folder), self.asset(*to).id.to_string().into())),
                Err(error) => Err(error.clone()),
            },
            kind: link.kind,
            role: link.role,
            strength: link.strength,
            at: link.position,
        };
        (reads.len() <= MOST_FILES).then(|| AssetRecord {
            scope,
            files: reads.into_iter().map(file).collect(),
            links: links.iter().map(link).collect(),
            findings,
        })
    }

    /// Checks an asset. Its samples are looked at first: one that changes while it is checked has another digest the next time.
    pub(super) fn check_to_remember(&self, at: AssetIndex, environments: Option<&[&str]>) -> CheckedAsset {
        let package = self.asset(at).package;
        let samples = self.mapping(at).map(Mapping::samples).unwrap_or_default();
        let samples = samples.iter().flat_map(|one| [&one.sample, &one.expect]);
        let samples = samples.map(|path| (package, path.clone(), self.files.digest(package, path))).collect();
        CheckedAsset { samples, findings: self.check_asset(at, environments) }
    }

    /// Returns of each package the digest of what decides, besides files of assets, what is found in its own: its manifest and those
    /// of the packages on which it depends, and the environments.
    fn scopes(&self, environments: Option<&[&str]>) -> Vec<TreeDigest> {
        let environments = format!("{environments:?}");
        let own = |at: PackageIndex| {
            let package = &self.packages()[at];
            let text = TreeDigest::of(package.text.as_bytes());
            format!("{}\0{text}\0{:?}\0{environments}\0", package.folder, package.absent)
        };
        let own: Vec<String> = (0..self.packages().len()).map(own).collect();
        let scope = |at: PackageIndex| {
            let (mut below, mut pending) = (BTreeSet::new(), vec![at]);
            while let Some(at) = pending.pop() {
                if below.insert(at) {
                    pending.extend(self.packages()[at].dependencies.values());
                }
            }
            let mut text = own[at].clone();
            let mut below: Vec<&str> = below.into_iter().map(|at| own[at].as_str()).collect();
            below.sort_unstable();
            text.extend(below);
            TreeDigest::of(text.as_bytes())
        };
        (0..self.packages().len()).map(scope).collect()
    }
}

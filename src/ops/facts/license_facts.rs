//! What the packages of a lock say of their licenses: their metadata and their files in the store.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::Path;

use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::fs;
use crate::license::{self, Declaration, LicenseFact, LicenseSource, LicenseText, LicenseTexts, is_license_file};
use crate::lock::Lockfile;
use crate::manifest::{self, Environment, LicenseRules, ManifestKind};
use crate::model::{LicenseExpression, LicenseHeaders, Package, PackageKey, TreeDigest};
use crate::store::Tree;

use super::locked_trees::{self, MissingTrees};
use crate::ops::session::MANIFEST;
use crate::ops::{Project, Result, Session};

/// The largest metadata and the largest text that are read, in bytes.
const LARGEST: u64 = 4 << 20;
/// The most files of a package that are looked into.
const MOST_FILES: usize = 20;

/// What is known of the licenses of packages, with their trees.
pub(in crate::ops) struct LicenseFacts {
    /// What is known of each package. Local packages are among them where they were asked for.
    pub(in crate::ops) facts: BTreeMap<PackageKey, LicenseFact>,
    /// The trees of those that are on this machine.
    pub(in crate::ops) trees: BTreeMap<PackageKey, Tree>,
}

impl LicenseFacts {
    /// Puts what a policy says of packages' licenses in the place of what they say themselves.
    #[must_use]
    pub(in crate::ops) fn clarified(mut self, rules: &LicenseRules) -> Self {
        for (key, fact) in &mut self.facts {
            if let Some(line) = rules.clarified(&key.id) {
                fact.expression = Some(line.license.clone());
                fact.source = LicenseSource::Clarified;
            }
        }
        self
    }

    /// Adds what local packages say in their folders.
    #[must_use]
    pub(in crate::ops) fn with_local_packages<'p>(
        mut self,
        project: &Project,
        packages: impl Iterator<Item = (&'p PackageKey, &'p Package)>,
    ) -> Self {
        let texts = LicenseTexts::default();
        for (key, package) in packages {
            let Some(folder) = &package.folder else { continue };
            let declared = project.path_packages.get(folder).map(|package| package.license.clone());
            let folder = project.root.join(&**folder);
            let fact =
                license::conclude(declared.unwrap_or_default(), license_files_in(&folder), |asked| match asked {
                    LicenseText::Itself(text) => texts.recognise(text),
                    LicenseText::OfFile(file) => texts.recognise(&text_in(&folder, file)?),
                });
            self.facts.insert(key.clone(), fact);
        }
        self
    }

    /// Reads what packages of registries say. What the store does not have is fetched if `missing` says so.
    pub(in crate::ops) fn read<'p>(
        session: &Session<'_>,
        project: &Project,
        packages: impl Iterator<Item = (&'p PackageKey, &'p Package)>,
        missing: MissingTrees,
    ) -> Result<Self> {
        let foreign: Vec<_> = packages.filter(|(key, _)| !key.id.ecosystem.is_local()).collect();
        let trees = locked_trees::of(session, project, foreign.iter().copied(), missing)?;
        let reader = FactReader::default();
        let fact =
            |key: &PackageKey| trees.get(key).map_or_else(LicenseFact::not_fetched, |tree| reader.fact(key, tree));
        let facts = foreign.iter().map(|(key, _)| ((*key).clone(), fact(key))).collect();
        Ok(Self { facts, trees })
    }
}

/// Returns what is known of the licenses of all that is locked, if the policy of an environment says something of licenses. What the
/// store does not have is fetched, and offline it is unknown.
pub(in crate::ops) fn asked_for(
    session: &Session<'_>,
    project: &Project,
    lockfile: &Lockfile,
    environments: &[&Environment],
) -> Result<Option<BTreeMap<PackageKey, LicenseFact>>> {
    if environments.iter().all(|environment| environment.policy.licenses.span.is_none()) {
        return Ok(None);
    }
    let read = LicenseFacts::read(session, project, lockfile.graph.packages.iter(), MissingTrees::Fetched)?;
    Ok(Some(read.facts))
}

/// Returns what trees say of the licenses of their packages.
pub(in crate::ops) fn of_trees<'t>(
    trees: impl Iterator<Item = (&'t PackageKey, &'t Tree)>,
) -> BTreeMap<PackageKey, LicenseFact> {
    let reader = FactReader::default();
    trees.map(|(key, tree)| (key.clone(), reader.fact(key, tree))).collect()
}

/// Reads the license files of a package.
pub(in crate::ops) fn text(tree: &Tree, path: &str) -> Option<String> {
    text_in(&tree.folder, path)
}

fn text_in(folder: &Path, file: &str) -> Option<String> {
    let bytes = fs::read_up_to(&folder.join(file), LARGEST).ok()??;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads what packages say of their licenses. A text that many packages have is recognised once.
#[derive(Default)]
struct FactReader {
    texts: LicenseTexts,
    known: RefCell<FxHashMap<TreeDigest, Option<LicenseExpression>>>,
}

impl FactReader {
    fn fact(&self, key: &PackageKey, tree: &Tree) -> LicenseFact {
        license::conclude(declared(key, tree), license_files(tree), |asked| match asked {
            LicenseText::Itself(text) => self.texts.recognise(text),
            LicenseText::OfFile(path) => self.recognise(tree, path),
        })
    }

    fn recognise(&self, tree: &Tree, path: &str) -> Option<LicenseExpression> {
        let digest = tree.entry(path)?.digest;
        if let Some(known) = self.known.borrow().get(&digest) {
            return known.clone();
        }
        let found = text(tree, path).and_then(|text| self.texts.recognise(&text));
        self.known.borrow_mut().insert(digest, found.clone());
        found
    }
}

/// Returns what a package's own metadata declares.
fn declared(key: &PackageKey, tree: &Tree) -> Declaration {
    let ecosystem = key.id.ecosystem;
    if ecosystem.has_scopes() {
        let manifest: Option<Value> =
            text(tree, "package.json").and_then(|text| serde_json::from_str(text.trim_start_matches('\u{feff}')).ok());
        return manifest.map(|manifest| license::package_json(&manifest)).unwrap_or_default();
    }
    if ecosystem.has_features() {
        let manifest =
            text(tree, MANIFEST).and_then(|text| manifest::parse(MANIFEST, &text, ManifestKind::Package).ok());
        let stated = manifest.and_then(|manifest| manifest.package?.license);
        return license::package_json(&serde_json::json!({ "license": stated }));
    }
    let metadata = tree.entries.iter().map(|entry| &*entry.path).find(|path| is_metadata(path));
    let headers = metadata.and_then(|path| text(tree, path));
    headers.map(|text| license::metadata(&LicenseHeaders::parse(text.as_bytes()))).unwrap_or_default()
}

/// Returns whether a file has the headers of a Python distribution: that of a wheel, or of a source distribution.
fn is_metadata(path: &str) -> bool {
    match path.split_once('/') {
        Some((folder, file)) => folder.ends_with(".dist-info") && file == "METADATA",
        None => path == "PKG-INFO",
    }
}

/// Returns the files of a package that have license texts, by their names: those at its top, and a wheel's.
pub(in crate::ops) fn license_files(tree: &Tree) -> Vec<String> {
    let is_one = |path: &str| match path.split_once('/') {
        None => is_license_file(path),
        Some((folder, below)) if folder.ends_with(".dist-info") => {
            below.starts_with("licenses/") || !below.contains('/') && is_license_file(below)
        }
        Some(_) => false,
    };
    let paths = tree.entries.iter().map(|entry| entry.path.to_string());
    paths.filter(|path| is_one(path)).take(MOST_FILES).collect()
}

/// Returns the files with license texts at the top of a local package's folder. A link may lead out of it, and is none.
fn license_files_in(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap_or_default().into_iter().filter(|entry| entry.kind == fs::Kind::File);
    let names = entries.filter_map(|entry| entry.path.to_str().map(str::to_owned));
    names.filter(|name| is_license_file(name)).take(MOST_FILES).collect()
}

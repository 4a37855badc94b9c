//! What is exported, and what comes of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use crate::lock::{Closure, Lockfile};
use crate::model::{Ecosystem, Label, NpmRange, PackageKey, Platform, RootEdge, split_at_version};

/// A part of a lock, and what is known of its packages besides.
#[derive(Clone, Debug)]
pub struct ExportInput<'a> {
    /// The project's name.
    pub name: &'a str,
    /// The project's version.
    pub version: Option<&'a str>,
    /// The environment's name, for messages.
    pub environment: &'a str,
    /// The lock.
    pub lock: &'a Lockfile,
    /// What the environment needs on each exported platform.
    pub closures: &'a [Closure<'a>],
    /// What it needs on any of them.
    pub anywhere: &'a Closure<'a>,
    /// The URLs of artifacts at their registries, by package and file.
    pub urls: &'a BTreeMap<(PackageKey, String), String>,
    /// The URLs of the registries, by name.
    pub registries: &'a BTreeMap<Label, String>,
    /// The folders of the members.
    pub members: &'a [Arc<str>],
    /// The package.json of the project and of members and local packages, by folder; of those that have one.
    pub package_json: &'a BTreeMap<Arc<str>, PackageJson>,
    /// The local packages that are npm's.
    pub npm_folders: &'a [Arc<str>],
    /// The folders that have a pyproject.toml, or another manifest of Python's.
    pub python_folders: &'a [Arc<str>],
    /// The executables of npm packages, as their package.json states them.
    pub executables: &'a BTreeMap<PackageKey, Value>,
    /// What pnpm's own files say.
    pub pnpm: &'a PnpmConfiguration,
    /// The path from the folder of the exported file to the project's, with a `/` at its end; empty if they are the same.
    pub base: &'a str,
}

/// What pnpm's files say that its lockfile repeats: pnpm refuses one that says something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PnpmConfiguration {
    /// `overrides`, by their selectors. Those of a package.json hold for what the input's have already.
    pub overrides: BTreeMap<String, String>,
    /// The checksum of `packageExtensions`, if there are some.
    pub extensions_checksum: Option<String>,
    /// `autoInstallPeers`
    pub installs_peers: bool,
    /// `patchedDependencies`
    pub patches: Vec<PnpmPatch>,
    /// Whether its lockfile has the paths of patches beside their digests.
    pub repeats_paths: bool,
}

/// A patch of pnpm's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PnpmPatch {
    /// What it is for: `left-pad@1.3.0`, `left-pad@^1`, `left-pad`.
    pub selector: String,
    /// Its path.
    pub path: String,
    /// The SHA-256 of its text, in hexadecimal digits.
    pub hash: String,
}

impl PnpmConfiguration {
    /// Returns the patch that pnpm applies to a package of npm: the one for its version, else for a range, else for all.
    pub(super) fn patch_of(&self, key: &PackageKey) -> Option<&PnpmPatch> {
        let rank = |patch: &PnpmPatch| {
            let (name, range) = match split_at_version(&patch.selector) {
                Some((name, range)) => (name, Some(range)),
                None => (&*patch.selector, None),
            };
            let version = key.version.as_npm()?;
            match range {
                _ if name != key.id.name.as_str() => None,
                None => Some(2),
                Some(range) if range.trim() == version.to_string() => Some(0),
                Some(range) => range.parse::<NpmRange>().ok()?.matches(version).then_some(1),
            }
        };
        self.patches
            .iter()
            .filter_map(|patch| Some((rank(patch)?, patch)))
            .min_by_key(|(rank, _)| *rank)
            .map(|(_, it)| it)
    }
}

impl Default for PnpmConfiguration {
    fn default() -> Self {
        Self {
            overrides: BTreeMap::new(),
            extensions_checksum: None,
            installs_peers: true,
            patches: Vec::new(),
            repeats_paths: true,
        }
    }
}

/// What another tool's manifest declares.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PackageJson {
    /// `name`
    pub name: Option<String>,
    /// `version`
    pub version: Option<String>,
    /// `workspaces`
    pub workspaces: Option<Value>,
    /// `dependencies`
    pub dependencies: BTreeMap<String, String>,
    /// `devDependencies`
    pub dev_dependencies: BTreeMap<String, String>,
    /// `optionalDependencies`
    pub optional_dependencies: BTreeMap<String, String>,
    /// `peerDependencies`
    pub peer_dependencies: BTreeMap<String, String>,
    /// `peerDependenciesMeta`
    pub peer_dependencies_meta: BTreeMap<String, Value>,
}

/// A table of dependencies in a package.json.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DependencyTable {
    /// `dependencies`
    Normal,
    /// `optionalDependencies`
    Optional,
    /// `devDependencies`
    Development,
    /// `peerDependencies`
    Peer,
}

/// A dependency in a package.json.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredDependency {
    /// The table that it is in.
    pub section: DependencyTable,
    /// Its range, or whatever else says what it is.
    pub specifier: String,
}

/// The text of another tool's file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exported {
    /// The text.
    pub text: String,
    /// The number of packages in it.
    pub packages: usize,
    /// What is not in it.
    pub left_out: Vec<LeftOut>,
}

/// A line of a manifest that is not in an exported file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LeftOut {
    /// The line: `npm:express`
    pub line: String,
    /// The reason, as a sentence in lower case.
    pub reason: String,
}

impl PackageJson {
    /// Returns the entry of a name. As npm has it, an optional dependency is no plain one, and a plain one is none for
    /// development.
    pub(super) fn entry(&self, name: &str) -> Option<DeclaredDependency> {
        let tables = [
            (DependencyTable::Optional, &self.optional_dependencies),
            (DependencyTable::Normal, &self.dependencies),
            (DependencyTable::Development, &self.dev_dependencies),
            (DependencyTable::Peer, &self.peer_dependencies),
        ];
        tables.into_iter().find_map(|(section, table)| {
            table.get(name).map(|specifier| DeclaredDependency { section, specifier: specifier.clone() })
        })
    }

    /// Returns the names that a lockfile has to have for npm and pnpm to take it, each with its table. Both want optional dependencies in it
    /// whatever the system, and install the peers of a project, if not otherwise told, as if it depended on them.
    pub(super) fn expected(&self, installs_peers: bool) -> impl Iterator<Item = (&'static str, &str)> {
        let is_optional = |peer: &str| {
            let meta = self.peer_dependencies_meta.get(peer).and_then(|meta| meta.get("optional"));
            meta == Some(&Value::Bool(true))
        };
        let peers = self.peer_dependencies.keys().filter(move |peer| installs_peers && !is_optional(peer));
        let normal = self.dependencies.keys().map(|name| ("dependencies", name));
        let development = self.dev_dependencies.keys().map(|name| ("devDependencies", name));
        let optional = self.optional_dependencies.keys().map(|name| ("optionalDependencies", name));
        let all = normal.chain(development).chain(optional).chain(peers.map(|name| ("peerDependencies", name)));
        all.map(|(table, name)| (table, name.as_str()))
    }
}

impl ExportInput<'_> {
    /// Returns the exported platforms.
    pub(super) fn platforms(&self) -> Vec<Platform> {
        self.closures.iter().filter_map(|closure| closure.platform).collect()
    }

    /// Returns the lines that are not in a form, where `is_in` tells which are; `ecosystem` is the form's.
    pub(super) fn left_out(&self, ecosystem: &str, is_in: impl Fn(&RootEdge) -> bool) -> Vec<LeftOut> {
        let lines = self.anywhere.roots.iter().filter(|root| !is_in(root));
        let mut left_out: Vec<LeftOut> = lines
            .map(|root| {
                let of = root.requirement.ecosystem();
                LeftOut { line: format!("{of}:{}", root.requirement.seen_as()), reason: reason(of, ecosystem) }
            })
            .collect();
        for patch in &self.lock.settings.patches {
            let is_there = |key: &&PackageKey| patch.package.is_same(&key.id) && patch.version == key.version;
            if patch.package.ecosystem.as_str() == ecosystem
                && self.anywhere.packages().map(|(key, _)| key).any(|key| is_there(&key))
            {
                let line = format!("patch {}@{}", patch.package, patch.version);
                left_out.push(LeftOut { line, reason: "the package is installed without the patch".to_owned() });
            }
        }
        left_out.sort();
        left_out.dedup();
        left_out
    }

    /// Returns whether a local package is one of npm's.
    pub(super) fn is_npm_folder(&self, folder: &str) -> bool {
        self.npm_folders.iter().any(|known| **known == *folder)
    }

    /// Returns whether a local package is one of Python's.
    pub(super) fn is_python_folder(&self, folder: &str) -> bool {
        self.python_folders.iter().any(|known| **known == *folder)
    }
}

/// Returns why a line of one ecosystem is not in a file for another one's tool.
fn reason(of: Ecosystem, exported: &str) -> String {
    if of.has_features() {
        return "other tools have no private packages".to_owned();
    }
    if of.is_local() {
        return format!("the folder has no manifest of {exported}'s");
    }
    format!("it is no package of {exported}'s")
}

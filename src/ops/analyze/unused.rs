//! The direct dependencies that nothing in the checkout names.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use serde::Serialize;

use crate::fs;
use crate::lock::Closure;
use crate::model::{EdgeKind, PackageKey};
use crate::store::Tree;

use super::names::{self, UsedNames};
use super::texts;
use crate::ops::packages::checkout_files;
use crate::ops::project::manifest_of;
use crate::ops::{Project, Result};

/// A direct dependency that nothing names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct UnusedDependency {
    /// The package: `npm:left-pad`
    pub package: String,
    /// Whose manifest has the line: `larder.kdl`, or a member's folder.
    pub from: String,
    /// The line's group, where it is in one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// What the line was locked to.
    #[serde(skip)]
    pub(super) locked: PackageKey,
}

/// What was looked for in the checkout, and not found.
#[derive(Debug, Default)]
pub(super) struct Unnamed {
    /// The direct dependencies that nothing names.
    pub(super) unused: Vec<UnusedDependency>,
    /// Those that nothing names by their packages' names, and of whose modules and executables nothing is known: their files are not
    /// on this machine.
    pub(super) unknown: Vec<UnusedDependency>,
}

/// The largest file that is looked into, in bytes.
const LARGEST: u64 = 1 << 20;

/// Returns the direct dependencies that no file names: neither by their names nor by those of their modules and executables, which
/// their trees tell. What works without being named is not judged: types, plugins, peers of others; and neither are local packages.
pub(super) fn dependencies<'t>(
    project: &Project,
    closure: &Closure<'_>,
    tree: impl Fn(&PackageKey) -> Option<&'t Tree>,
) -> Result<Unnamed> {
    let mut lines: BTreeMap<&PackageKey, BTreeSet<UnusedDependency>> = BTreeMap::new();
    let mut aliases: BTreeMap<&PackageKey, BTreeSet<&str>> = BTreeMap::new();
    let peers: BTreeSet<&PackageKey> = closure
        .instances
        .keys()
        .flat_map(|instance| closure.edges(instance))
        .filter(|edge| matches!(edge.kind, EdgeKind::Peer | EdgeKind::OptionalPeer))
        .map(|edge| &edge.to.package)
        .collect();
    for root in &closure.roots {
        for edge in closure.root_edges(root) {
            let key = &edge.to.package;
            let has_names = key.id.ecosystem.has_scopes() || key.id.ecosystem.shares_one_folder();
            if !has_names || key.id.ecosystem.is_local() || peers.contains(key) {
                continue;
            }
            aliases.entry(key).or_default().insert(edge.name.as_str());
            lines.entry(key).or_default().insert(UnusedDependency {
                package: format!("{}:{}", key.id.ecosystem, edge.name),
                from: manifest_of(&root.dependent),
                group: root.group.as_ref().map(ToString::to_string),
                locked: key.clone(),
            });
        }
    }
    let (mut words, mut owners): (Vec<String>, Vec<&PackageKey>) = (Vec::new(), Vec::new());
    let mut unnamed: BTreeSet<&PackageKey> = BTreeSet::new();
    for key in lines.keys() {
        let tree = tree(key);
        let files = tree.into_iter().flat_map(|tree| &tree.entries).map(|entry| &*entry.path);
        let read = |path: &str| tree.and_then(|tree| fs::read_text_below(&tree.folder, path, &[&tree.folder], LARGEST));
        let UsedNames { words: own, is_plugin } = names::names(key, files, read);
        if !is_plugin {
            let own = own.into_iter().chain(aliases[key].iter().map(|alias| (*alias).to_owned()));
            own.for_each(|word| {
                words.push(word);
                owners.push(key);
            });
            unnamed.insert(key);
        }
    }
    let Ok(searcher) = AhoCorasick::new(&words) else { return Ok(Unnamed::default()) };
    for path in checkout_files(&project.root, texts::is_read)? {
        if unnamed.is_empty() {
            break;
        }
        let Some(text) = fs::read_text_below(&project.root, &path, &[&project.root], LARGEST) else { continue };
        let text = texts::using_part(path.rsplit('/').next().unwrap_or_default(), text);
        for found in searcher.find_overlapping_iter(&text) {
            if texts::is_word(text.as_bytes(), found.start(), found.end()) {
                unnamed.remove(owners[found.pattern().as_usize()]);
            }
        }
    }
    let (known, unknown): (Vec<&PackageKey>, Vec<&PackageKey>) =
        unnamed.into_iter().partition(|key| tree(key).is_some());
    let mut lines_of = |keys: Vec<&PackageKey>| {
        let mut found: Vec<_> = keys.into_iter().filter_map(|key| lines.remove(key)).flatten().collect();
        found.sort();
        found
    };
    Ok(Unnamed { unused: lines_of(known), unknown: lines_of(unknown) })
}

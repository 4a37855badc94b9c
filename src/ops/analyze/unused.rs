//! The direct dependencies that nothing in the checkout names.

use std::collections::{BTreeMap, BTreeSet};

use aho_corasick::AhoCorasick;
use serde::Serialize;

use crate::fs;
use crate::lock::Closure;
use crate::model::{EdgeKind, PackageKey};

use super::names::{self, UsedNames};
use super::texts;
use crate::ops::facts::locked_trees::{self, MissingTrees};
use crate::ops::packages::checkout_files;
use crate::ops::project::manifest_of;
use crate::ops::{Project, Result, Session};

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

/// The largest file that is looked into, in bytes.
const LARGEST: u64 = 1 << 20;

/// Returns the direct dependencies that no file names: neither by their names nor by those of their modules and executables. What the
/// store does not have is not judged, and neither is what works without being named: types, plugins, peers of others.
pub(super) fn dependencies(
    session: &Session<'_>,
    project: &Project,
    closure: &Closure<'_>,
) -> Result<Vec<UnusedDependency>> {
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
            if !has_names || peers.contains(key) {
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
    let packages = closure.packages().filter(|(key, _)| lines.contains_key(key));
    let trees = locked_trees::of(session, project, packages, MissingTrees::LeftOut)?;
    let (mut words, mut owners): (Vec<String>, Vec<&PackageKey>) = (Vec::new(), Vec::new());
    let mut unnamed: BTreeSet<&PackageKey> = BTreeSet::new();
    for key in lines.keys() {
        let Some(tree) = trees.get(key) else { continue };
        let read = |path: &str| fs::read_text_below(&tree.folder, path, &[&tree.folder], LARGEST);
        let UsedNames { words: own, is_plugin } =
            names::names(key, tree.entries.iter().map(|entry| &*entry.path), read);
        if !is_plugin {
            let own = own.into_iter().chain(aliases[key].iter().map(|alias| (*alias).to_owned()));
            own.for_each(|word| {
                words.push(word);
                owners.push(key);
            });
            unnamed.insert(key);
        }
    }
    let Ok(searcher) = AhoCorasick::new(&words) else { return Ok(Vec::new()) };
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
    let mut unused: Vec<UnusedDependency> = unnamed.into_iter().filter_map(|key| lines.remove(key)).flatten().collect();
    unused.sort();
    Ok(unused)
}

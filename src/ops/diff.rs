//! Comparing two generations, of one environment or of two.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::difference::Difference;
use crate::model::{Ecosystem, PackageKey, PackageName, Version};
use crate::profile::{Generation, PackageContent, ProfileError};
use crate::store::Store;

use super::generations::checkout::Checkout;
use super::summary::{MovedFlow, MovedRuntime, moved_flows, moved_runtimes};
use super::{Context, Result};

/// `larder diff --json`: see `schema/diff.json`.
#[derive(Debug, Serialize)]
pub struct GenerationDiff {
    /// What is compared.
    pub from: ComparedGeneration,
    /// With what.
    pub to: ComparedGeneration,
    /// Packages that only `to` has.
    pub added: Vec<PackageOfOneSide>,
    /// Packages whose versions or content differ.
    pub changed: Vec<PackageDifference>,
    /// Packages that only `from` has.
    pub removed: Vec<PackageOfOneSide>,
    /// Runtimes that larder brings and whose versions differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub runtimes: Vec<MovedRuntime>,
    /// Deployed flows that differ.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flows: Vec<MovedFlow>,
    /// How many packages are the same.
    pub kept: usize,
}

/// A generation that is compared.
#[derive(Clone, Debug, Serialize)]
pub struct ComparedGeneration {
    /// The environment.
    pub environment: String,
    /// The number of the generation.
    pub generation: u64,
}

/// A package that one side has.
#[derive(Debug, Serialize)]
pub struct PackageOfOneSide {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The name.
    pub name: String,
    /// Its versions.
    pub versions: Vec<String>,
    /// The size of its files; none where the store has it no more, or for a local folder.
    pub bytes: Option<u64>,
    /// Whether a manifest names it.
    pub direct: bool,
}

/// A package that both sides have, differently.
#[derive(Debug, Serialize)]
pub struct PackageDifference {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The name.
    pub name: String,
    /// The versions before.
    pub from: Vec<String>,
    /// The versions after; the same ones where only the content differs.
    pub to: Vec<String>,
    /// The size before.
    pub bytes_from: Option<u64>,
    /// The size after.
    pub bytes_to: Option<u64>,
    /// Whether a manifest names it, on either side.
    pub direct: bool,
}

/// Compares two generations, named by number, by environment, or both: `12`, `staging`, `staging@12`. Without the second
/// it is the current one.
pub fn diff(context: &Context<'_>, from: &str, to: Option<&str>) -> Result<GenerationDiff> {
    let checkout = Checkout::open(context)?;
    let (from, before) = side(context, &checkout, Some(from))?;
    let (to, after) = side(context, &checkout, to)?;
    let moved = Difference::default()
        .with_runtimes(&before.runtime_versions(), &after.runtime_versions())
        .with_flows(&before.flow_texts(), &after.flow_texts());
    let (runtimes, flows) = (moved_runtimes(&moved), moved_flows(&moved));
    let (before, after) = (by_name(&before), by_name(&after));
    let store = Store::open(&context.store);
    let (added, changed, removed) = (Vec::new(), Vec::new(), Vec::new());
    let mut difference = GenerationDiff { from, to, added, changed, removed, runtimes, flows, kept: 0 };
    for (key, new) in &after {
        match before.get(key) {
            None => difference.added.push(new.package(key, &store)?),
            Some(old) if old.has_content_of(new) => difference.kept += 1,
            Some(old) => difference.changed.push(PackageDifference {
                ecosystem: key.0,
                name: key.1.to_string(),
                from: old.texts(),
                to: new.texts(),
                bytes_from: old.bytes(&store)?,
                bytes_to: new.bytes(&store)?,
                direct: old.direct || new.direct,
            }),
        }
    }
    for (key, old) in before.iter().filter(|(key, _)| !after.contains_key(*key)) {
        difference.removed.push(old.package(key, &store)?);
    }
    Ok(difference)
}

fn side(context: &Context<'_>, checkout: &Checkout, text: Option<&str>) -> Result<(ComparedGeneration, Generation)> {
    let own = || Ok::<_, super::Error>((checkout.environment(context)?, None));
    let (environment, number) = match text {
        None => own()?,
        Some(text) => match (text.parse(), text.split_once('@')) {
            (Ok(number), _) => (own()?.0, Some(number)),
            (_, Some((name, number))) => {
                let number = number.parse().map_err(|_| NoSide { text: text.to_owned() })?;
                (checkout.named(name)?, Some(number))
            }
            (_, None) => (checkout.named(text)?, None),
        },
    };
    let name = &environment;
    let number = match number {
        Some(number) => number,
        None => checkout.profile.current_number(name)?.ok_or_else(|| ProfileError::NeverSynced(name.clone()))?,
    };
    let generation = checkout.profile.generation(name, number)?;
    Ok((ComparedGeneration { environment: name.to_string(), generation: number }, generation))
}

/// A package of one side.
#[derive(Default)]
struct Held<'a> {
    /// Its versions as they are written, each with its contents: instances of one package share theirs.
    versions: BTreeMap<Version, (&'a str, BTreeSet<&'a PackageContent>)>,
    direct: bool,
}

/// Names are compared as their ecosystem compares them.
type ByName<'a> = BTreeMap<(Ecosystem, PackageName), Held<'a>>;

fn by_name(generation: &Generation) -> ByName<'_> {
    let mut found = ByName::new();
    for member in &generation.closure {
        let Some(PackageKey { id, version }) = member.key() else { continue };
        let held = found.entry((member.ecosystem, id.name)).or_default();
        held.versions.entry(version).or_insert((&member.version, BTreeSet::new())).1.insert(&member.content);
        held.direct |= member.direct;
    }
    found
}

impl<'a> Held<'a> {
    /// Returns whether both have the same versions with the same content.
    fn has_content_of(&self, other: &Self) -> bool {
        self.contents().eq(other.contents())
    }

    fn contents(&self) -> impl Iterator<Item = (&Version, &BTreeSet<&'a PackageContent>)> {
        self.versions.iter().map(|(version, (_, contents))| (version, contents))
    }

    fn package(&self, (ecosystem, name): &(Ecosystem, PackageName), store: &Store) -> Result<PackageOfOneSide> {
        Ok(PackageOfOneSide {
            ecosystem: *ecosystem,
            name: name.to_string(),
            versions: self.texts(),
            bytes: self.bytes(store)?,
            direct: self.direct,
        })
    }

    fn texts(&self) -> Vec<String> {
        self.versions.values().map(|(text, _)| (*text).to_owned()).collect()
    }

    fn bytes(&self, store: &Store) -> Result<Option<u64>> {
        let mut sum = 0;
        for content in self.versions.values().flat_map(|(_, contents)| contents) {
            let PackageContent::Tree(digest) = content else { return Ok(None) };
            let Some(tree) = store.tree_by_digest(digest)? else { return Ok(None) };
            sum += tree.entries.iter().map(|entry| entry.size).sum::<u64>();
        }
        Ok(Some(sum))
    }
}

/// A word that names no generation.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{text}` names no generation")]
#[diagnostic(
    code(larder::diff::no_side),
    help("write a number, an environment, or both: `12`, `staging`, `staging@12`")
)]
struct NoSide {
    text: String,
}

impl Failure for NoSide {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

//! Comparing a solved graph with metadata: every edge, fact and artifact, without choosing anything anew.
//!
//! A graph that passes may not be what a solve would choose today, but everything in it has a reason: each edge leads from
//! a requirement that its dependent declares (or that an override, an `extend` line or the built-in package extensions
//! give it) to a version that satisfies it, and no requirement is without its edge.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pubgrub::VersionSet;

use crate::model::{
    Algorithm, Artifact, Digest, Edge, EdgeKind, ExtraName, Facts, Graph, Instance, InstanceKey, Origin, Package,
    PackageKey, Platform,
};

use super::catalog::Catalog;
use super::index::{DependencyKind, Index, IndexError, PlatformSet, Release};
use super::release::{Need, NeedOrigin, PreparedRelease};
use super::requirements::Requirements;
use super::variable::{PackageIx, Variable};
use super::version_table::NoVersions;
use super::{Solution, platform_metadata};

/// A part of a graph that differs from metadata.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mismatch {
    /// The package whose metadata was asked.
    pub package: PackageKey,
    /// The part of the package.
    pub part: AuditedPart,
    /// The difference, as the end of a sentence about the package.
    pub message: String,
}

/// A part of a package in a graph.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AuditedPart {
    /// The package itself.
    Whole,
    /// An edge of one of its instances, by its target.
    Edge(InstanceKey),
    /// One of its facts, by its name in a lock.
    Fact(&'static str),
    /// One of its artifacts, by its file.
    Artifact(String),
}

/// A graph to audit, with the platforms on which its instances are reached and the files that registries state.
pub struct Audited<'a> {
    /// The graph: of one side, where groups exclude each other.
    pub graph: &'a Graph,
    /// What is reached on each declared platform, by the lines of all groups, each instance with the extras asked of it.
    pub reached: &'a [(Platform, BTreeMap<&'a InstanceKey, BTreeSet<ExtraName>>)],
    /// Returns the digests that a registry states of a package's file. `None` if it has no such file.
    pub stated: &'a dyn Fn(&PackageKey, &str) -> Option<Vec<Digest>>,
}

/// Compares a graph with what an index says. The lines of the requirements do not matter: that a lock satisfies them is seen
/// without an index.
///
/// # Errors
/// [`IndexError`] where the index failed. A package that does not exist is a mismatch.
pub fn audit(
    requirements: &Requirements,
    index: &dyn Index,
    audited: &Audited<'_>,
) -> Result<Vec<Mismatch>, IndexError> {
    let catalog = Catalog::new(requirements, index);
    let mut audit = Audit { catalog: &catalog, audited, found: Vec::new() };
    let known = audit.packages()?;
    let mut solution = Solution::default();
    for (platform, reached) in audited.reached {
        for instance in reached.keys() {
            if let Some(&(package, ordinal)) = known.get(&instance.package)
                && instance.package.id.ecosystem.shares_one_folder()
            {
                solution.insert(Variable::PyOn(package, *platform), ordinal);
            }
        }
    }
    platform_metadata::compare_wheels(&catalog, &solution)?;
    for (key, package) in &audited.graph.packages {
        let Some(&(place, ordinal)) = known.get(key) else { continue };
        let prepared = catalog.prepared(place, ordinal)?;
        if let Some(why) = &prepared.refused {
            audit.tell(key, AuditedPart::Whole, format!("cannot be chosen: {why}"));
        } else {
            audit.release(key, package, &prepared.release);
        }
    }
    for (key, instance) in &audited.graph.instances {
        let Some(&(place, ordinal)) = known.get(&key.package) else { continue };
        let prepared = catalog.prepared(place, ordinal)?;
        if prepared.refused.is_none() {
            audit.instance(key, instance, &prepared, &known)?;
        }
    }
    Ok(audit.found)
}

/// The places of a graph's packages among the versions that an index knows.
type KnownVersions<'a> = BTreeMap<&'a PackageKey, (PackageIx, u32)>;

struct Audit<'a> {
    catalog: &'a Catalog<'a>,
    audited: &'a Audited<'a>,
    found: Vec<Mismatch>,
}

impl<'a> Audit<'a> {
    fn tell(&mut self, package: &PackageKey, part: AuditedPart, message: String) {
        let found = Mismatch { package: package.clone(), part, message };
        if !self.found.contains(&found) {
            self.found.push(found);
        }
    }

    /// Finds the packages, each in the registry that it is locked from.
    fn packages(&mut self) -> Result<KnownVersions<'a>, IndexError> {
        let mut known = KnownVersions::new();
        for (key, package) in &self.audited.graph.packages {
            let place = self.catalog.interned.package(key.id.clone());
            let table = self.catalog.table(place)?;
            if let Some(missing) = &table.missing {
                let message = match missing {
                    NoVersions::In(registry) => format!("registry `{registry}` has no such package"),
                    NoVersions::Everywhere => missing.to_string(),
                };
                self.tell(key, AuditedPart::Whole, message);
                continue;
            }
            let versions = &table.versions;
            if versions.origin != package.origin {
                let name = |origin: &Option<Origin>| {
                    origin.as_ref().map_or_else(|| "no registry".to_owned(), Origin::described)
                };
                let (locked, serving) = (name(&package.origin), name(&versions.origin));
                self.tell(
                    key,
                    AuditedPart::Fact("registry"),
                    format!("is locked from {locked}, and {serving} serves it"),
                );
                continue;
            }
            let ordinal = versions.candidates.iter().position(|candidate| candidate.version == key.version);
            match ordinal {
                Some(ordinal) => drop(known.insert(key, (place, ordinal as u32))),
                None => self.tell(key, AuditedPart::Whole, "its registry has no such version".to_owned()),
            }
        }
        Ok(known)
    }

    /// Compares facts and artifacts.
    fn release(&mut self, key: &PackageKey, package: &Package, release: &Release) {
        if key.id.ecosystem.is_local() {
            return;
        }
        for (name, locked, stated) in facts(&package.facts, &release.facts) {
            if locked != stated {
                self.tell(
                    key,
                    AuditedPart::Fact(name),
                    format!("`{name}` is {locked} in the lock and {stated} in its metadata"),
                );
            }
        }
        for artifact in &package.artifacts {
            let part = || AuditedPart::Artifact(artifact.file.clone());
            let usual = release.artifacts.iter().find(|usual| usual.is_same_file(artifact));
            if let Some(usual) =
                usual.filter(|usual| (usual.kind, &usual.platforms) != (artifact.kind, &artifact.platforms))
            {
                let (locked, stated) = (served(artifact), served(usual));
                self.tell(
                    key,
                    part(),
                    format!("`{}` is {locked} in the lock and {stated} in its registry", artifact.file),
                );
            }
            let file = usual.map_or(&artifact.file, |usual| &usual.file);
            let Some(digests) = (self.audited.stated)(key, file) else {
                self.tell(key, part(), format!("its registry has no file `{}`", artifact.file));
                continue;
            };
            if let Some(locked) = artifact.digest.as_ref().filter(|locked| !is_stated(locked, &digests)) {
                let digests: Vec<_> = digests.iter().map(ToString::to_string).collect();
                let message = format!(
                    "`{}` has the digest {locked} in the lock, and its registry states {}",
                    artifact.file,
                    digests.join(", ")
                );
                self.tell(key, part(), message);
            }
        }
        for (platform, reached) in self.audited.reached {
            let serves = |artifact: &Artifact| artifact.platforms.is_empty() || artifact.platforms.contains(platform);
            let is_reached = reached.keys().any(|instance| instance.package == *key);
            if is_reached && release.artifacts.iter().any(serves) && !package.artifacts.iter().any(serves) {
                let message = format!("its registry has a file for {platform}, and the lock has none");
                self.tell(key, AuditedPart::Whole, message);
                break;
            }
        }
    }

    /// Compares the edges of an instance with what its package needs.
    fn instance(
        &mut self,
        key: &InstanceKey,
        instance: &Instance,
        prepared: &Rc<PreparedRelease>,
        known: &KnownVersions<'_>,
    ) -> Result<(), IndexError> {
        for edge in &instance.edges {
            if let Some(message) = self.edge(edge, &prepared.needs, known)? {
                self.tell(&key.package, AuditedPart::Edge(edge.to.clone()), message);
            }
        }
        for need in &prepared.needs {
            if let Some(message) = self.missing(key, instance, need) {
                self.tell(&key.package, AuditedPart::Whole, message);
            }
        }
        Ok(())
    }

    /// Returns what is wrong with an edge.
    fn edge(&self, edge: &Edge, needs: &[Need], known: &KnownVersions<'_>) -> Result<Option<String>, IndexError> {
        let name = &edge.name;
        let needs: Vec<&Need> = needs
            .iter()
            .filter(|need| {
                let ecosystem = need.requirement.ecosystem();
                need.requirement.seen_as() == name && ecosystem == edge.to.package.id.ecosystem
            })
            .collect();
        if needs.is_empty() {
            return Ok(Some(format!(
                "leads to {} in the lock, and no metadata of it asks for `{name}`",
                edge.to.package
            )));
        }
        let needs: Vec<&Need> = needs.into_iter().filter(|need| edge_kind(need.kind) == edge.kind).collect();
        if needs.is_empty() {
            return Ok(Some(format!("asks for `{name}` in its metadata in another way than in the lock")));
        }
        let extra = edge.extra.as_slice();
        let asked: Vec<(&Need, PlatformSet)> = needs
            .into_iter()
            .filter(|need| need.requirement.extras() == &*edge.extras)
            .map(|need| (need, self.holds_on(need, extra)))
            .collect();
        let everywhere = &self.catalog.platforms;
        let on = if edge.platforms.is_empty() { everywhere } else { &edge.platforms };
        let is_asked = |platform: &&Platform| asked.iter().any(|(_, holds)| holds.contains(**platform));
        if let Some(platform) = on.iter().find(|platform| !is_asked(platform)) {
            return Ok(Some(format!(
                "leads to {} on {platform} in the lock, and no metadata of it does",
                edge.to.package
            )));
        }
        let Some(&(target, ordinal)) = known.get(&edge.to.package) else { return Ok(None) };
        for (need, holds) in asked {
            if !on.iter().any(|platform| holds.contains(*platform)) {
                continue;
            }
            let range = need.requirement.range_text();
            if !need.is_peer() && !self.catalog.parts(need.package).any(|(part, _)| part == target) {
                let wanted = need.requirement.package();
                return Ok(Some(format!("gets {} for `{name}`, and its metadata asks for {wanted}", edge.to.package)));
            }
            let keeps = need.requirement.tag().is_some() || need.requirement.keeps_any_version();
            let fits = keeps || need.origin == NeedOrigin::TypesOfPeer || {
                let table = self.catalog.table(target)?;
                self.catalog.admitted(&need.requirement, &table.versions).contains(&ordinal)
            };
            match &edge.unmet {
                None if !fits => {
                    return Ok(Some(format!("gets {}, and its metadata asks for `{name}` {range}", edge.to.package)));
                }
                Some(unmet) if need.is_peer() && *unmet != range => {
                    return Ok(Some(format!("wants `{name}` {unmet} in the lock and {range} in its metadata")));
                }
                _ => {}
            }
        }
        Ok(None)
    }

    /// Returns what is missing of a need.
    fn missing(&self, key: &InstanceKey, instance: &Instance, need: &Need) -> Option<String> {
        let (name, ecosystem) = (need.requirement.seen_as(), need.requirement.ecosystem());
        let kind = edge_kind(need.kind);
        let edges: Vec<&Edge> = instance
            .edges
            .iter()
            .filter(|edge| edge.name == *name && edge.to.package.id.ecosystem == ecosystem && edge.kind == kind)
            .collect();
        let is_dropped = || instance.dropped.iter().any(|dropped| dropped.name == *name);
        let missing = || {
            let range = need.requirement.range_text();
            format!("asks for `{name}` {range} in its metadata, and has no edge to it in the lock")
        };
        match need.kind {
            DependencyKind::OptionalPeer => None,
            // An optional requirement of Python may hold nowhere.
            DependencyKind::Optional if !ecosystem.has_scopes() => None,
            DependencyKind::Optional | DependencyKind::Peer => (edges.is_empty() && !is_dropped()).then(missing),
            DependencyKind::Normal => {
                let lacks = |platform: Platform, extra: Option<&ExtraName>| {
                    let holds = self.holds_on(need, extra.map_or(&[], std::slice::from_ref));
                    holds.contains(platform)
                        && !edges.iter().any(|edge| {
                            edge.extra.as_ref() == extra
                                && need.requirement.extras() == &*edge.extras
                                && (edge.platforms.is_empty() || edge.platforms.contains(&platform))
                        })
                };
                let reached = self.audited.reached.iter();
                let asked = reached.filter_map(|(platform, reached)| Some((*platform, reached.get(key)?)));
                let mut asked = asked.flat_map(|(platform, extras)| {
                    extras.iter().map(Some).chain([None]).map(move |extra| (platform, extra))
                });
                asked.any(|(platform, extra)| lacks(platform, extra)).then(missing)
            }
        }
    }

    /// Returns the platforms on which a need holds by itself, or by an extra of its dependent and not by itself.
    fn holds_on(&self, need: &Need, extra: &[ExtraName]) -> PlatformSet {
        let always = self.catalog.need_holds_on(need, &[]);
        if extra.is_empty() { always } else { self.catalog.need_holds_on(need, extra).without(always) }
    }
}

fn edge_kind(kind: DependencyKind) -> EdgeKind {
    match kind {
        DependencyKind::Normal => EdgeKind::Normal,
        DependencyKind::Optional => EdgeKind::Optional,
        DependencyKind::Peer => EdgeKind::Peer,
        DependencyKind::OptionalPeer => EdgeKind::OptionalPeer,
    }
}

/// Returns the facts that do not change with time, by their names in a lock: as locked, and as stated.
fn facts(locked: &Facts, stated: &Facts) -> [(&'static str, String, String); 8] {
    let list = |list: &[String]| format!("[{}]", list.join(", "));
    let text = |text: &Option<String>| text.as_ref().map_or_else(|| "absent".to_owned(), |text| format!("`{text}`"));
    let uid = |facts: &Facts| text(&facts.descriptor.as_ref().map(|facts| facts.uid.to_string()));
    [
        ("os", list(&locked.os), list(&stated.os)),
        ("cpu", list(&locked.cpu), list(&stated.cpu)),
        ("libc", list(&locked.libc), list(&stated.libc)),
        ("node", text(&locked.node), text(&stated.node)),
        ("requires-python", text(&locked.requires_python), text(&stated.requires_python)),
        ("bin", locked.bin.to_string(), stated.bin.to_string()),
        ("install-script", locked.install_script.to_string(), stated.install_script.to_string()),
        ("uid", uid(locked), uid(stated)),
    ]
}

/// Returns whether a registry states a digest. One that is stronger than all that it states can only be compared with the file.
fn is_stated(locked: &Digest, stated: &[Digest]) -> bool {
    let is_weak = |digest: &Digest| digest.algorithm() == Algorithm::Sha1;
    stated.contains(locked) || (!is_weak(locked) && stated.iter().all(is_weak))
}

fn served(artifact: &Artifact) -> String {
    let kind = artifact.kind.description();
    let platforms: Vec<_> = artifact.platforms.iter().map(|platform| platform.as_str()).collect();
    if platforms.is_empty() {
        format!("{kind} for all platforms")
    } else {
        format!("{kind} for {}", platforms.join(", "))
    }
}

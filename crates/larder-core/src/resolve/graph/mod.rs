//! From a solution to nodes and their edges: what is reachable, and how each thing binds.

mod links;
mod merged;
mod unsupported;
mod warnings;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

use crate::model::{Dropped, Edition, NpmPeers, Package, PackageName, RootEdge, Sides};

use super::Solution;
use super::catalog::UnsupportedNeed;
use super::index::{DependencyKind, IndexError, PlatformSet};
use super::instances::{self, DraftEdge, DraftInstance, TooManyInstances};
use super::peer_contexts::TooManyPeerContexts;
use super::problem::{PeerBinding, Problem};
use super::release::{Need, NeedOrigin};
use super::resolution::{Resolution, ResolveError, Warning, WarningKind};
use super::search_state::Droppable;
use super::sharing;
use super::variable::{ABSENT, ExtraIx, NodeIx, NodeOwner, PackageIx, ScopeNode, Variable};
use links::Condition;

/// Builds the graph of a solution, and returns what is needed in it where it does not run.
pub(super) fn build(problem: Problem, solution: &Solution) -> Result<(Resolution, Vec<UnsupportedNeed>), ResolveError> {
    let mut builder = GraphBuilder::new(problem, solution);
    if let Some(too_many) = &problem.search_state.merged {
        builder.bindings = merged::bindings(problem, solution)?;
        if builder.bindings.is_none() {
            return Err(too_many.clone().into());
        }
    }
    let mut lines = builder.draft_all()?;
    let mut unsupported = builder.unsupported(&lines)?;
    if !unsupported.is_empty() && builder.mark_unrunnable()? {
        builder = GraphBuilder {
            unrunnable: builder.unrunnable,
            bindings: builder.bindings,
            ..GraphBuilder::new(problem, solution)
        };
        lines = builder.draft_all()?;
        unsupported = builder.unsupported(&lines)?;
    }
    Ok((builder.finish(lines)?, unsupported))
}

struct GraphBuilder<'a> {
    problem: Problem<'a>,
    solution: &'a Solution,
    /// The bindings of peers, if each version is one node.
    bindings: Option<merged::Bindings>,
    /// The platforms and extras with which each version of a Python package is used, and the features with which each of a
    /// private one is.
    used: FxHashMap<(PackageIx, u32), PackageUse>,
    drafts: Vec<DraftInstance>,
    places: FxHashMap<NodeIx, usize>,
    /// The platforms on which a node does not run because something that it requires does not.
    unrunnable: FxHashMap<NodeIx, PlatformSet>,
    warnings: BTreeSet<Warning>,
}

#[derive(Default)]
struct PackageUse {
    platforms: PlatformSet,
    extras: BTreeMap<ExtraIx, PlatformSet>,
}

impl<'a> GraphBuilder<'a> {
    fn new(problem: Problem<'a>, solution: &'a Solution) -> Self {
        let mut used: FxHashMap<(PackageIx, u32), PackageUse> = FxHashMap::default();
        for (&variable, &ordinal) in solution.iter().filter(|(_, ordinal)| **ordinal != ABSENT) {
            match variable {
                Variable::PyOn(package, platform) => {
                    used.entry((package, ordinal)).or_default().platforms.insert(platform);
                }
                Variable::PyExtra(package, extra, platform) => {
                    let used = used.entry((package, ordinal)).or_default();
                    used.extras.entry(extra).or_default().insert(platform);
                }
                Variable::Bucket(package, _) => {
                    used.entry((package, ordinal)).or_default().platforms = PlatformSet::ALL;
                }
                Variable::BucketFeature(package, _, feature) => {
                    used.entry((package, ordinal)).or_default().extras.insert(feature, PlatformSet::ALL);
                }
                _ => {}
            }
        }
        let (drafts, warnings) = (Vec::new(), BTreeSet::new());
        let (places, unrunnable) = (FxHashMap::default(), FxHashMap::default());
        Self { problem, solution, bindings: None, used, drafts, places, unrunnable, warnings }
    }

    /// Drafts everything that the lines reach, and returns the lines' edges.
    fn draft_all(&mut self) -> Result<Vec<Vec<DraftEdge>>, IndexError> {
        let lines = (0..self.problem.catalog.lines.len() as u32).map(|place| self.line(place));
        let lines = lines.collect::<Result<Vec<_>, _>>()?;
        self.reach(&lines)?;
        self.bind_optional_peers()?;
        Ok(lines)
    }

    /// Returns the edges of a manifest line.
    fn line(&mut self, place: u32) -> Result<Vec<DraftEdge>, IndexError> {
        let catalog = self.problem.catalog;
        let line = &catalog.lines[place as usize];
        let mut links = Vec::new();
        let Some(need) = &line.need else { return Ok(links) };
        if self.problem.why_dropped(Droppable::Line(place), need)?.is_none() && line.holds(&catalog.platforms) {
            let scope = catalog.manifest_node(line.manifest);
            let holds = line.platforms.intersection(catalog.holds_on(&need.requirement, &[]));
            self.links(need, scope, &Condition::platforms(holds), &mut links)?;
        }
        Ok(links)
    }

    /// Follows edges from the lines, and drafts an instance for each node.
    fn reach(&mut self, lines: &[Vec<DraftEdge>]) -> Result<(), IndexError> {
        let mut open: Vec<NodeIx> = Vec::new();
        let mut seen = FxHashSet::default();
        open.extend(lines.iter().flatten().map(|link| link.to).filter(|&to| seen.insert(to)));
        let mut next = 0;
        while let Some(&place) = open.get(next) {
            next += 1;
            let draft = self.draft(place)?;
            open.extend(draft.links.iter().map(|link| link.to).filter(|&to| seen.insert(to)));
            self.places.insert(place, self.drafts.len());
            self.drafts.push(draft);
        }
        Ok(())
    }

    fn draft(&mut self, place: NodeIx) -> Result<DraftInstance, IndexError> {
        let catalog = self.problem.catalog;
        let node = catalog.interned.node(place);
        let NodeOwner::Release(package, ordinal) = node.owner else { return Ok(DraftInstance::default()) };
        let prepared = catalog.prepared(package, ordinal)?;
        let mut key = catalog.key(package, ordinal)?;
        if let Some(identity) = &prepared.release.identity {
            key.id.name = identity.name.clone();
        }
        let key_shares_folder = key.id.ecosystem.shares_one_folder();
        let mut draft =
            DraftInstance { node: place, key: Some(key), dropped: prepared.lost.clone(), links: Vec::new() };
        let used = self.used.remove(&(package, ordinal));
        for need in &prepared.needs {
            match need.kind {
                DependencyKind::Normal => self.conditional_links(need, place, used.as_ref(), &mut draft.links)?,
                DependencyKind::Optional if !self.is_asked(need, used.as_ref()) => {}
                DependencyKind::Optional => {
                    let what = Droppable::Need(node.owner, need.alias);
                    let before = draft.links.len();
                    let mut reason = self.problem.why_dropped(what, need)?;
                    if reason.is_none() {
                        self.conditional_links(need, place, used.as_ref(), &mut draft.links)?;
                        let nowhere = draft.links.len() == before && need.requirement.ecosystem().has_scopes();
                        reason = nowhere.then(|| "it runs on no declared platform".to_owned());
                    }
                    draft.dropped.extend(reason.map(|reason| dropped(need, reason)));
                }
                DependencyKind::Peer => self.peer(need, node, &mut draft)?,
                DependencyKind::OptionalPeer => {}
            }
        }
        if let Some(used) = used.as_ref().filter(|_| key_shares_folder) {
            self.warn_of_extras(&draft, used, &prepared.release.extras);
        }
        self.used.extend(used.map(|used| ((package, ordinal), used)));
        Ok(draft)
    }

    /// Returns whether a dependency that may belong to a feature of its dependent belongs to none, or to one that is asked for.
    fn is_asked(&self, need: &Need, used: Option<&PackageUse>) -> bool {
        let catalog = self.problem.catalog;
        let features = used.into_iter().flat_map(|used| used.extras.keys());
        let features: Vec<_> = features.map(|&feature| catalog.interned.extra_name(feature)).collect();
        need.when.is_always()
            || [&[][..], &features].iter().any(|asked| catalog.need_holds_on(need, asked) != PlatformSet::NONE)
    }

    fn peer(&mut self, need: &Need, node: ScopeNode, draft: &mut DraftInstance) -> Result<(), IndexError> {
        let links = self.peer_links(need, node)?;
        if !links.is_empty() {
            draft.links.extend(links);
            return Ok(());
        }
        if let Some(around) = node.around
            && self.problem.peer_binding(need, around)? == PeerBinding::Local
        {
            draft.dropped.push(dropped(need, "the project's own package is found".to_owned()));
            return Ok(());
        }
        let catalog = self.problem.catalog;
        let table = catalog.table(catalog.part(need.package, None))?;
        if table.missing.is_none() && catalog.requirements.settings.npm_peers == NpmPeers::Provided {
            draft.dropped.push(dropped(need, "nobody provides it".to_owned()));
            return Ok(());
        }
        let reason = match &table.missing {
            Some(missing) => missing.to_string(),
            None => "it has no version that may be chosen".to_owned(),
        };
        if let Some(package) = draft.key.clone() {
            let (name, range) = (need.requirement.seen_as(), need.requirement.range_text());
            let message = format!("wants peer {name} {range}, and {reason}");
            self.warnings.insert(Warning { package, kind: WarningKind::MissingPeer, message });
        }
        draft.dropped.push(dropped(need, reason));
        Ok(())
    }

    /// Binds optional peers to what is reachable without them. Those that nobody provides are recorded where packages of
    /// their name are there for others: a dependent might find one of these, and it has to be one that it takes.
    fn bind_optional_peers(&mut self) -> Result<(), IndexError> {
        let edition = self.problem.catalog.requirements.settings.package_extensions;
        let keys = self.drafts.iter().filter_map(|draft| draft.key.as_ref());
        let named: FxHashSet<PackageName> =
            keys.filter(|_| edition >= Edition::UNBOUND_PEERS).map(|key| key.id.name.clone()).collect();
        for place in 0..self.drafts.len() {
            let node = self.problem.catalog.interned.node(self.drafts[place].node);
            let Some(prepared) = self.problem.prepared(node)? else { continue };
            for need in prepared.needs.iter().filter(|need| need.kind == DependencyKind::OptionalPeer) {
                let mut links = self.peer_links(need, node)?;
                links.retain(|link| self.places.contains_key(&link.to));
                let draft = &mut self.drafts[place];
                if links.is_empty()
                    && need.origin != NeedOrigin::TypesOfPeer
                    && named.contains(need.requirement.seen_as())
                {
                    draft.dropped.push(dropped(need, "nobody provides it".to_owned()));
                }
                draft.links.extend(links);
            }
        }
        Ok(())
    }

    /// Shares instances where they can be, and gives them their names.
    fn finish(mut self, mut lines: Vec<Vec<DraftEdge>>) -> Result<Resolution, ResolveError> {
        let catalog = self.problem.catalog;
        if catalog.requirements.settings.package_extensions >= Edition::SHARED_INSTANCES {
            (self.drafts, self.places) = sharing::share((self.drafts, self.places), &mut lines);
        }
        let mut packages = BTreeMap::new();
        for draft in &self.drafts {
            let NodeOwner::Release(package, ordinal) = catalog.interned.node(draft.node).owner else { continue };
            let Some(key) = draft.key.clone() else { continue };
            let release = &catalog.prepared(package, ordinal)?.release;
            packages.insert(
                key,
                Package {
                    origin: catalog.table(package)?.versions.origin.clone(),
                    folder: release.folder.clone(),
                    artifacts: release.artifacts.clone(),
                    facts: release.facts.clone(),
                    attestation: release.attestation.clone(),
                },
            );
        }
        let named = match instances::name(self.drafts, &self.places) {
            Ok(named) => named,
            Err(TooManyInstances(nodes)) => return Err(TooManyPeerContexts::new(catalog, nodes.into_iter())?.into()),
        };
        let roots = catalog
            .lines
            .iter()
            .map(|line| &catalog.requirements.lines[line.id.0 as usize])
            .zip(lines)
            .map(|(line, links)| RootEdge {
                dependent: line.dependent.clone(),
                group: line.group.clone(),
                requirement: line.requirement.clone(),
                optional: line.optional,
                to: named.edges(links),
            })
            .collect();
        let graph = crate::model::Graph { roots, packages, instances: named.instances, sides: Sides::default() };
        Ok(Resolution { graph, warnings: self.warnings.into_iter().collect(), packages_from_cache: Vec::new() })
    }
}

fn dropped(need: &Need, reason: String) -> Dropped {
    Dropped { name: need.requirement.seen_as().clone(), range: need.requirement.range_text(), reason }
}

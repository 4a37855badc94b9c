//! From a solution to nodes and their edges: what is reachable, and how each thing binds.

use std::collections::{BTreeMap, BTreeSet};

use pubgrub::VersionSet;
use rustc_hash::{FxHashMap, FxHashSet};

use crate::diagnostic::nearest;
use crate::model::{Dropped, EdgeKind, Engines, ExtraName, Package, PackageName, Platform, Requirement, RootEdge};

use super::Solution;
use super::index::{DependencyKind, IndexError, PlatformSet};
use super::instances::{self, Draft};
use super::problem::{Place, Problem};
use super::release::Need;
use super::resolution::{Resolution, Warning};
use super::steering::Droppable;
use super::variable::{ABSENT, ExtraIx, Node, NodeIx, Owner, PackageIx, Variable};
use super::{larder, npm};

/// An edge between nodes, before instances have their names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Link {
    pub(super) name: PackageName,
    pub(super) to: NodeIx,
    pub(super) kind: EdgeKind,
    pub(super) extra: Option<ExtraName>,
    pub(super) extras: Vec<ExtraName>,
    pub(super) platforms: Vec<Platform>,
    pub(super) unmet: Option<String>,
}

/// Builds the graph of a solution.
pub(super) fn build(problem: Problem, solution: &Solution) -> Result<Resolution, IndexError> {
    let mut builder = Builder::new(problem, solution);
    let mut lines = Vec::new();
    for place in 0..problem.catalog.lines.len() as u32 {
        lines.push(builder.line(place)?);
    }
    builder.reach(&lines)?;
    builder.bind_optional_peers()?;
    builder.finish(lines)
}

struct Builder<'a> {
    problem: Problem<'a>,
    solution: &'a Solution,
    /// Where a Python version is used, and its extras there.
    python: FxHashMap<(PackageIx, u32), PythonUse>,
    drafts: Vec<Draft>,
    places: FxHashMap<NodeIx, usize>,
    warnings: BTreeSet<Warning>,
}

/// When a need holds.
struct Condition {
    /// The platforms on which it does.
    holds: PlatformSet,
    /// The platforms on which the dependent is there.
    active: PlatformSet,
    /// The extra of the dependent that it belongs to.
    extra: Option<ExtraName>,
}

impl Condition {
    fn platforms(holds: PlatformSet) -> Self {
        Self { holds, active: PlatformSet::ALL, extra: None }
    }
}

#[derive(Default)]
struct PythonUse {
    platforms: PlatformSet,
    extras: BTreeMap<ExtraIx, PlatformSet>,
}

impl<'a> Builder<'a> {
    fn new(problem: Problem<'a>, solution: &'a Solution) -> Self {
        let mut python: FxHashMap<(PackageIx, u32), PythonUse> = FxHashMap::default();
        for (&variable, &ordinal) in solution.iter().filter(|(_, ordinal)| **ordinal != ABSENT) {
            match variable {
                Variable::PyOn(package, platform) => {
                    python.entry((package, ordinal)).or_default().platforms.insert(platform);
                }
                Variable::PyExtra(package, extra, platform) => {
                    let used = python.entry((package, ordinal)).or_default();
                    used.extras.entry(extra).or_default().insert(platform);
                }
                _ => {}
            }
        }
        Self { problem, solution, python, drafts: Vec::new(), places: FxHashMap::default(), warnings: BTreeSet::new() }
    }

    /// Returns the edges of a manifest line.
    fn line(&mut self, place: u32) -> Result<Vec<Link>, IndexError> {
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
    fn reach(&mut self, lines: &[Vec<Link>]) -> Result<(), IndexError> {
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

    fn draft(&mut self, place: NodeIx) -> Result<Draft, IndexError> {
        let catalog = self.problem.catalog;
        let node = catalog.node(place);
        let Owner::Release(package, ordinal) = node.owner else { return Ok(Draft::default()) };
        let prepared = catalog.prepared(package, ordinal)?;
        let key = catalog.key(package, ordinal)?;
        let mut draft = Draft { node: place, key: Some(key), dropped: prepared.lost.clone(), links: Vec::new() };
        let used = self.python.remove(&(package, ordinal));
        for need in &prepared.needs {
            match need.kind {
                DependencyKind::Normal => match &used {
                    None => {
                        let holds = catalog.holds_on(&need.requirement, &[]);
                        self.links(need, place, &Condition::platforms(holds), &mut draft.links)?;
                    }
                    Some(used) => self.python_links(need, place, used, &mut draft.links)?,
                },
                DependencyKind::Optional => {
                    let what = Droppable::Need(node.owner, need.alias);
                    let before = draft.links.len();
                    let mut reason = self.problem.why_dropped(what, need)?;
                    if reason.is_none() {
                        let holds = catalog.holds_on(&need.requirement, &[]);
                        self.links(need, place, &Condition::platforms(holds), &mut draft.links)?;
                        let nowhere =
                            draft.links.len() == before && matches!(need.requirement, Requirement::Npm { .. });
                        reason = nowhere.then(|| "it runs on no declared platform".to_owned());
                    }
                    draft.dropped.extend(reason.map(|reason| dropped(need, reason)));
                }
                DependencyKind::Peer => self.peer(need, node, &mut draft)?,
                DependencyKind::OptionalPeer => {}
            }
        }
        self.warn_of_engine(&draft)?;
        if let Some(used) = &used {
            self.warn_of_extras(&draft, used, &prepared.release.extras);
        }
        self.python.extend(used.map(|used| ((package, ordinal), used)));
        Ok(draft)
    }

    /// A Python dependency: by itself, else under each extra that is asked for.
    fn python_links(
        &mut self,
        need: &Need,
        place: NodeIx,
        used: &PythonUse,
        links: &mut Vec<Link>,
    ) -> Result<(), IndexError> {
        let catalog = self.problem.catalog;
        let always = catalog.holds_on(&need.requirement, &[]);
        self.links(need, place, &Condition { holds: always, active: used.platforms, extra: None }, links)?;
        for (&extra, &active) in &used.extras {
            let name = catalog.extra_name(extra);
            let holds = catalog.holds_on(&need.requirement, std::slice::from_ref(&name)).without(always);
            self.links(need, place, &Condition { holds, active, extra: Some(name) }, links)?;
        }
        Ok(())
    }

    /// Adds the edges of a need.
    fn links(
        &self,
        need: &Need,
        scope: NodeIx,
        condition: &Condition,
        links: &mut Vec<Link>,
    ) -> Result<(), IndexError> {
        if condition.holds == PlatformSet::NONE {
            return Ok(());
        }
        let targets = self.targets(need, scope, condition)?;
        let extras = match &need.requirement {
            Requirement::Pypi { extras, .. } => extras.clone(),
            _ => Vec::new(),
        };
        let kind = if need.kind == DependencyKind::Optional { EdgeKind::Optional } else { EdgeKind::Normal };
        let alone = targets.len() == 1;
        for (to, on) in targets {
            let on = if alone { condition.holds } else { on };
            let Some(on) = self.runs_on(need, to, on)? else { continue };
            let link = Link {
                name: need.requirement.seen_as().clone(),
                to,
                kind,
                extra: condition.extra.clone(),
                extras: extras.clone(),
                platforms: Vec::new(),
                unmet: None,
            };
            let same = |known: &&mut Link| {
                (&known.name, known.to, known.kind, &known.extra, &known.extras)
                    == (&link.name, link.to, link.kind, &link.extra, &link.extras)
            };
            match links.iter_mut().find(same) {
                Some(known) if known.platforms.is_empty() => {}
                Some(known) => {
                    let mut both = on;
                    known.platforms.iter().for_each(|&platform| both.insert(platform));
                    known.platforms = self.listed(both);
                }
                None => links.push(Link { platforms: self.listed(on), ..link }),
            }
        }
        Ok(())
    }

    /// Returns what a need got, and on which of the platforms.
    fn targets(
        &self,
        need: &Need,
        scope: NodeIx,
        condition: &Condition,
    ) -> Result<Vec<(NodeIx, PlatformSet)>, IndexError> {
        let catalog = self.problem.catalog;
        let package = need.package;
        let (variable, scope) = match &need.requirement {
            Requirement::Npm { .. } => (Variable::Npm { package, alias: need.alias, scope }, scope),
            Requirement::Path { .. } => (Variable::Path(package), catalog.home()),
            Requirement::Larder { .. } => {
                let loaded = catalog.loaded(package)?;
                let bucket = larder::bucket(&loaded, &catalog.set(need)?);
                (Variable::Larder(package, bucket), catalog.home())
            }
            Requirement::Pypi { .. } => {
                let mut targets: Vec<(NodeIx, PlatformSet)> = Vec::new();
                for &platform in &catalog.platforms {
                    let variable = Variable::PyOn(package, platform);
                    let Some(&ordinal) = self.solution.get(&variable).filter(|ordinal| **ordinal != ABSENT) else {
                        continue;
                    };
                    if condition.holds.intersection(condition.active).contains(platform) {
                        let owner = Owner::Release(package, ordinal);
                        let to = catalog.intern_node(Node { owner, around: None });
                        if let Some((_, on)) = targets.iter_mut().find(|(known, _)| *known == to) {
                            on.insert(platform);
                        } else {
                            targets.push((to, platform.into()));
                        }
                    }
                }
                return Ok(targets);
            }
        };
        let Some(&ordinal) = self.solution.get(&variable) else { return Ok(Vec::new()) };
        Ok(vec![(self.problem.node_of(package, ordinal, scope)?, condition.holds)])
    }

    /// Narrows the platforms of an optional npm dependency to those that it runs on; none where there are none.
    fn runs_on(&self, need: &Need, to: NodeIx, on: PlatformSet) -> Result<Option<PlatformSet>, IndexError> {
        if need.kind != DependencyKind::Optional || !matches!(need.requirement, Requirement::Npm { .. }) {
            return Ok(Some(on));
        }
        let Some(prepared) = self.problem.prepared(self.problem.catalog.node(to))? else { return Ok(Some(on)) };
        let facts = &prepared.release.facts;
        let mut runs = PlatformSet::NONE;
        let mut any = false;
        for &platform in &self.problem.catalog.platforms {
            if on.contains(platform) && platform.allows(&facts.os, &facts.cpu, &facts.libc) {
                runs.insert(platform);
                any = true;
            }
        }
        Ok(any.then_some(runs))
    }

    /// Lists platforms as edges have them: nothing where all declared ones are meant.
    fn listed(&self, on: PlatformSet) -> Vec<Platform> {
        let declared = &self.problem.catalog.platforms;
        let listed: Vec<_> = declared.iter().copied().filter(|&platform| on.contains(platform)).collect();
        if listed.len() == declared.len() { Vec::new() } else { listed }
    }

    fn peer(&mut self, need: &Need, node: Node, draft: &mut Draft) -> Result<(), IndexError> {
        if let Some(link) = self.peer_link(need, node)? {
            self.warn_of_peer(draft, &link)?;
            draft.links.push(link);
            return Ok(());
        }
        let loaded = self.problem.catalog.loaded(need.package)?;
        let reason = match &loaded.missing {
            Some(registry) => format!("registry {registry} does not have it"),
            None => "it has no version that may be chosen".to_owned(),
        };
        if let Some(package) = draft.key.clone() {
            let (name, range) = (need.requirement.seen_as(), need.requirement.range_text());
            self.warnings.insert(Warning { package, message: format!("wants peer {name} {range}, and {reason}") });
        }
        draft.dropped.push(dropped(need, reason));
        Ok(())
    }

    /// Returns the edge to a peer, where it is there.
    fn peer_link(&self, need: &Need, node: Node) -> Result<Option<Link>, IndexError> {
        let Some(around) = node.around else { return Ok(None) };
        let place = self.problem.peer(need, around)?;
        let (to, ordinal) = match (place, Problem::peer_variable(need, place)) {
            (Place::Ancestor(to), _) => match self.problem.catalog.node(to).owner {
                Owner::Release(_, ordinal) => (to, ordinal),
                Owner::Manifest(_) => return Ok(None),
            },
            (_, Some(variable @ Variable::Npm { package, scope, .. })) => match self.solution.get(&variable) {
                Some(&ordinal) => (self.problem.node_of(package, ordinal, scope)?, ordinal),
                None => return Ok(None),
            },
            _ => return Ok(None),
        };
        let satisfied = self.problem.peer_set(need, place)?.contains(&ordinal);
        let optional = need.kind == DependencyKind::OptionalPeer;
        Ok(Some(Link {
            name: need.requirement.seen_as().clone(),
            to,
            kind: if optional { EdgeKind::OptionalPeer } else { EdgeKind::Peer },
            extra: None,
            extras: Vec::new(),
            platforms: Vec::new(),
            unmet: (!satisfied).then(|| need.requirement.range_text()),
        }))
    }

    /// Binds optional peers to what is reachable without them.
    fn bind_optional_peers(&mut self) -> Result<(), IndexError> {
        for place in 0..self.drafts.len() {
            let node = self.problem.catalog.node(self.drafts[place].node);
            let Some(prepared) = self.problem.prepared(node)? else { continue };
            for need in prepared.needs.iter().filter(|need| need.kind == DependencyKind::OptionalPeer) {
                if let Some(link) = self.peer_link(need, node)?
                    && self.places.contains_key(&link.to)
                {
                    let mut draft = std::mem::take(&mut self.drafts[place]);
                    self.warn_of_peer(&draft, &link)?;
                    draft.links.push(link);
                    self.drafts[place] = draft;
                }
            }
        }
        Ok(())
    }

    fn warn_of_peer(&mut self, draft: &Draft, link: &Link) -> Result<(), IndexError> {
        let (Some(range), Some(package)) = (&link.unmet, draft.key.clone()) else { return Ok(()) };
        if let Owner::Release(found, ordinal) = self.problem.catalog.node(link.to).owner {
            let found = self.problem.catalog.key(found, ordinal)?;
            let message = format!("wants peer {} {range}, and gets {} {}", link.name, found.id.name, found.version);
            self.warnings.insert(Warning { package, message });
        }
        Ok(())
    }

    fn warn_of_extras(&mut self, draft: &Draft, used: &PythonUse, declared: &[ExtraName]) {
        for &extra in used.extras.keys() {
            let extra = self.problem.catalog.extra_name(extra);
            if let Some(package) = draft.key.clone().filter(|_| !declared.contains(&extra)) {
                let names: Vec<&str> = declared.iter().map(ExtraName::as_str).collect();
                let meant = match nearest(extra.as_str(), names.iter().copied()) {
                    Some(near) => format!("; did you mean `{near}`?"),
                    None if names.is_empty() => ": it has none".to_owned(),
                    None => format!(": it has {}", names.join(", ")),
                };
                self.warnings.insert(Warning { package, message: format!("has no extra `{extra}`{meant}") });
            }
        }
    }

    fn warn_of_engine(&mut self, draft: &Draft) -> Result<(), IndexError> {
        let settings = &self.problem.catalog.requirements.settings;
        let Some(prepared) = self.problem.prepared(self.problem.catalog.node(draft.node))? else { return Ok(()) };
        let engine = prepared.release.facts.node.as_deref();
        if settings.engines == Engines::Warn
            && !npm::engine_admits(settings, engine)
            && let (Some(package), Some(engine), Some(node)) = (draft.key.clone(), engine, settings.node.as_deref())
        {
            let message = format!("wants Node {engine}, and the manifest declares {node}");
            self.warnings.insert(Warning { package, message });
        }
        Ok(())
    }

    /// Gives instances their names and puts everything in order.
    fn finish(self, lines: Vec<Vec<Link>>) -> Result<Resolution, IndexError> {
        let catalog = self.problem.catalog;
        let mut packages = BTreeMap::new();
        for draft in &self.drafts {
            let Owner::Release(package, ordinal) = catalog.node(draft.node).owner else { continue };
            let Some(key) = draft.key.clone() else { continue };
            let release = &catalog.prepared(package, ordinal)?.release;
            let mut artifacts = release.artifacts.clone();
            artifacts.sort();
            packages.insert(
                key,
                Package {
                    registry: catalog.loaded(package)?.versions.registry.clone(),
                    folder: release.folder.clone(),
                    artifacts,
                    facts: release.facts.clone(),
                },
            );
        }
        let named = instances::name(self.drafts, &self.places);
        let mut roots: Vec<_> = catalog
            .requirements
            .lines
            .iter()
            .zip(lines)
            .map(|(line, links)| RootEdge {
                dependent: line.dependent.clone(),
                group: line.group.clone(),
                requirement: line.requirement.clone(),
                optional: line.optional,
                to: named.edges(links),
            })
            .collect();
        roots.sort_by_cached_key(|root| {
            let requirement = &root.requirement;
            let marker = match requirement {
                Requirement::Pypi { marker, extras, .. } => format!("{marker} {extras:?}"),
                _ => String::new(),
            };
            let what = (requirement.package().ecosystem, requirement.seen_as().clone(), requirement.range_text());
            (root.dependent.clone(), root.group.clone(), what, marker)
        });
        let graph = crate::model::Graph { roots, packages, instances: named.instances };
        Ok(Resolution { graph, warnings: self.warnings.into_iter().collect() })
    }
}

fn dropped(need: &Need, reason: String) -> Dropped {
    Dropped { name: need.requirement.seen_as().clone(), range: need.requirement.range_text(), reason }
}

/// Returns the optional peers that are in place and do not satisfy, under strict peers: (dependent, name).
pub(super) fn broken_optional_peers(
    problem: Problem,
    solution: &Solution,
) -> Result<Vec<(NodeIx, PackageIx)>, IndexError> {
    let mut broken = Vec::new();
    if !problem.is_strict() {
        return Ok(broken);
    }
    for (&variable, &ordinal) in solution {
        let Variable::Npm { package, scope, .. } = variable else { continue };
        let place = problem.node_of(package, ordinal, scope)?;
        let Some(around) = problem.catalog.node(place).around else { continue };
        let prepared = problem.catalog.prepared(package, ordinal)?;
        for need in prepared.needs.iter().filter(|need| need.kind == DependencyKind::OptionalPeer) {
            let found = problem.peer(need, around)?;
            let Some(variable @ Variable::Npm { .. }) = Problem::peer_variable(need, found) else { continue };
            let Some(chosen) = solution.get(&variable) else { continue };
            let known = problem.steering.bound.contains(&(place, need.alias));
            if !known && matches!(found, Place::Absent(_)) && !problem.peer_set(need, found)?.contains(chosen) {
                broken.push((place, need.alias));
            }
        }
    }
    broken.sort_unstable();
    Ok(broken)
}

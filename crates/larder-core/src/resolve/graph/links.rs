//! The edges of a need, and the platforms on which they hold.

use pubgrub::VersionSet;

use super::{GraphBuilder, PackageUse};
use crate::model::{EdgeKind, ExtraName, Platform};
use crate::resolve::index::{DependencyKind, IndexError, PlatformSet};
use crate::resolve::instances::DraftEdge;
use crate::resolve::problem::PeerBinding;
use crate::resolve::release::Need;
use crate::resolve::variable::{ABSENT, NodeIx, NodeOwner, PackageIx, ScopeNode, Variable};
use crate::resolve::variable_rules::{self, DecidingVariable, ScopedNeed};

/// When a need holds.
#[derive(Clone)]
pub(super) struct Condition {
    /// The platforms on which it does.
    holds: PlatformSet,
    /// The platforms on which the dependent is there.
    active: PlatformSet,
    /// The extra of the dependent that it belongs to.
    extra: Option<ExtraName>,
}

impl Condition {
    pub(super) fn platforms(holds: PlatformSet) -> Self {
        Self { holds, active: PlatformSet::ALL, extra: None }
    }
}

impl GraphBuilder<'_> {
    /// Adds the edges of a dependency: by itself, else under each extra that is asked for.
    pub(super) fn conditional_links(
        &self,
        need: &Need,
        place: NodeIx,
        used: Option<&PackageUse>,
        links: &mut Vec<DraftEdge>,
    ) -> Result<(), IndexError> {
        let catalog = self.problem.catalog;
        let always = catalog.need_holds_on(need, &[]);
        let Some(used) = used else { return self.links(need, place, &Condition::platforms(always), links) };
        self.links(need, place, &Condition { holds: always, active: used.platforms, extra: None }, links)?;
        for (&extra, &active) in &used.extras {
            let name = catalog.interned.extra_name(extra);
            let holds = catalog.need_holds_on(need, std::slice::from_ref(&name)).without(always);
            self.links(need, place, &Condition { holds, active, extra: Some(name) }, links)?;
        }
        Ok(())
    }

    /// Adds the edges of a need.
    pub(super) fn links(
        &self,
        need: &Need,
        scope: NodeIx,
        condition: &Condition,
        links: &mut Vec<DraftEdge>,
    ) -> Result<(), IndexError> {
        if condition.holds == PlatformSet::NONE {
            return Ok(());
        }
        let targets = self.targets(need, scope, condition)?;
        let extras = need.requirement.extras();
        let kind = if need.kind == DependencyKind::Optional { EdgeKind::Optional } else { EdgeKind::Normal };
        let alone = targets.len() == 1 && !self.problem.catalog.is_routed(need.package);
        for (to, on) in targets {
            let on = if alone { condition.holds } else { on };
            let Some(on) = self.runs_on(need, to, on)? else { continue };
            let link = DraftEdge {
                name: need.requirement.seen_as().clone(),
                to,
                kind,
                extra: condition.extra.clone(),
                extras: extras.to_vec(),
                platforms: Vec::new(),
                unmet: None,
            };
            let same = |known: &&mut DraftEdge| {
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
                None => links.push(DraftEdge { platforms: self.listed(on), ..link }),
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
        let mut targets = Vec::new();
        for (package, on) in catalog.parts(need.package) {
            let holds = condition.holds.intersection(on);
            if holds != PlatformSet::NONE {
                targets.extend(self.part_targets(need, package, scope, &Condition { holds, ..condition.clone() })?);
            }
        }
        Ok(targets)
    }

    /// Returns what a need got of the package that it means on the condition's platforms.
    fn part_targets(
        &self,
        need: &Need,
        package: PackageIx,
        scope: NodeIx,
        condition: &Condition,
    ) -> Result<Vec<(NodeIx, PlatformSet)>, IndexError> {
        let scoped = ScopedNeed { need, package, platforms: condition.holds, scope };
        let mut targets: Vec<(NodeIx, PlatformSet)> = Vec::new();
        let decided =
            variable_rules::of(need.requirement.ecosystem()).decided(&self.problem, &scoped, self.solution)?;
        for DecidingVariable { variable, scope, platform } in decided {
            let on = match platform {
                None => condition.holds,
                Some(platform) if condition.holds.intersection(condition.active).contains(platform) => platform.into(),
                Some(_) => continue,
            };
            let Some(&ordinal) = self.solution.get(&variable).filter(|ordinal| **ordinal != ABSENT) else { continue };
            let to = self.problem.node_of(package, ordinal, scope)?;
            match targets.iter_mut().find(|(known, _)| *known == to) {
                Some((_, known)) => *known = known.union(on),
                None => targets.push((to, on)),
            }
        }
        Ok(targets)
    }

    /// Narrows the platforms of an optional npm dependency to those that it runs on; none where there are none.
    fn runs_on(&self, need: &Need, to: NodeIx, on: PlatformSet) -> Result<Option<PlatformSet>, IndexError> {
        if need.kind != DependencyKind::Optional || !need.requirement.ecosystem().has_scopes() {
            return Ok(Some(on));
        }
        let Some(prepared) = self.problem.prepared(self.problem.catalog.interned.node(to))? else {
            return Ok(Some(on));
        };
        let facts = &prepared.release.facts;
        let on = on.without(self.unrunnable.get(&to).copied().unwrap_or_default());
        let mut runs = PlatformSet::NONE;
        let mut any = false;
        for &platform in &self.problem.catalog.platforms {
            if on.contains(platform) && facts.admit(platform) {
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

    /// Returns the edges to a peer, where it is there: one, or one for each registry that it comes from.
    pub(super) fn peer_links(&self, need: &Need, node: ScopeNode) -> Result<Vec<DraftEdge>, IndexError> {
        let kind = if need.kind == DependencyKind::OptionalPeer { EdgeKind::OptionalPeer } else { EdgeKind::Peer };
        let bound = self.bound_peers(need, node)?;
        let link = |(to, satisfied, on): (NodeIx, bool, PlatformSet)| DraftEdge {
            name: need.requirement.seen_as().clone(),
            to,
            kind,
            extra: None,
            extras: Vec::new(),
            platforms: self.listed(on),
            unmet: (!satisfied).then(|| need.requirement.range_text()),
        };
        Ok(bound.into_iter().map(link).collect())
    }

    /// Returns what a peer is bound to, whether that satisfies it, and on which platforms it is bound to it.
    fn bound_peers(&self, need: &Need, node: ScopeNode) -> Result<Vec<(NodeIx, bool, PlatformSet)>, IndexError> {
        let catalog = self.problem.catalog;
        if let Some(bindings) = &self.bindings {
            let Some(&Some(owner @ NodeOwner::Release(package, ordinal))) = bindings.get(&(node.owner, need.alias))
            else {
                return Ok(Vec::new());
            };
            let satisfied = catalog.set_for(&need.requirement, package)?.contains(&ordinal);
            return Ok(vec![(
                catalog.interned.intern_node(ScopeNode { owner, around: None }),
                satisfied,
                PlatformSet::ALL,
            )]);
        }
        let Some(around) = node.around else { return Ok(Vec::new()) };
        let place = self.problem.peer_binding(need, around)?;
        let mut places = vec![(place, PlatformSet::ALL)];
        if let PeerBinding::Declared(Variable::Nested { package, alias, scope }) = place
            && let Some(parts) = catalog.parts_beside(package)
        {
            let declared = |&(package, on): &(PackageIx, PlatformSet)| {
                (PeerBinding::Declared(Variable::Nested { package, alias, scope }), on)
            };
            places = parts.iter().map(declared).collect();
        }
        let mut bound = Vec::new();
        for (place, on) in places {
            let (to, ordinal) = match (place, self.problem.peer_variable(need, place)) {
                (PeerBinding::Ancestor(to), _) => match catalog.interned.node(to).owner {
                    NodeOwner::Release(_, ordinal) => (to, ordinal),
                    NodeOwner::Manifest(_) => continue,
                },
                (_, Some(variable @ Variable::Nested { package, scope, .. })) => match self.solution.get(&variable) {
                    Some(&ordinal) => (self.problem.node_of(package, ordinal, scope)?, ordinal),
                    None => continue,
                },
                _ => continue,
            };
            bound.push((to, self.problem.peer_set(need, place)?.contains(&ordinal), on));
        }
        Ok(bound)
    }
}

//! The catalog under the rules of one run: where npm's peers are found, what is left out, what cannot be chosen.

use pubgrub::VersionSet;

use crate::model::NpmPeers;

use super::catalog::Catalog;
use super::index::{DependencyKind, IndexError, PlatformSet};
use super::ordinal_set::OrdinalSet;
use super::release::{Need, NeedOrigin, PreparedRelease};
use super::search_state::{Droppable, SearchState};
use super::variable::{NodeIx, NodeOwner, PackageIx, ScopeNode, Variable};
use super::version_rules;

/// The catalog under the rules of one run.
#[derive(Clone, Copy)]
pub(super) struct Problem<'a> {
    pub(super) catalog: &'a Catalog<'a>,
    pub(super) search_state: &'a SearchState,
}

/// The place where a peer is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PeerBinding {
    /// An ancestor depends on it.
    Declared(Variable),
    /// The peer is an ancestor itself.
    Ancestor(NodeIx),
    /// The owner depends on a package of the project itself that has this name. Packages of registries have no edges to folders of a
    /// checkout; they find it in the fallback.
    Local,
    /// Nobody provides it. If it is installed, then in this scope.
    Absent(NodeIx),
}

impl Problem<'_> {
    /// Returns the node that a version makes in a scope. Where the version is among the scopes around already, that
    /// one is taken, so that cycles end.
    pub(super) fn node_of(&self, package: PackageIx, ordinal: u32, scope: NodeIx) -> Result<NodeIx, IndexError> {
        let owner = NodeOwner::Release(package, ordinal);
        let mut around = None;
        if self.search_state.merged.is_none() && self.catalog.prepared(package, ordinal)?.has_peers {
            let mut outer = Some(scope);
            while let Some(node) = outer {
                let known = self.catalog.interned.node(node);
                if known.owner == owner {
                    return Ok(node);
                }
                outer = known.around;
            }
            around = Some(scope);
        }
        Ok(self.catalog.interned.intern_node(ScopeNode { owner, around }))
    }

    /// Finds where a name comes from, as seen by those that live in a scope.
    pub(super) fn binding_of(&self, name: PackageIx, scope: NodeIx) -> Result<PeerBinding, IndexError> {
        let mut scope = scope;
        loop {
            let node = self.catalog.interned.node(scope);
            let (package, ordinal) = match node.owner {
                NodeOwner::Manifest(manifest) => return Ok(self.binding_in_manifest(name, manifest, scope)),
                NodeOwner::Release(package, ordinal) => (package, ordinal),
            };
            let prepared = self.catalog.prepared(package, ordinal)?;
            match prepared.needs.iter().find(|need| need.alias == name) {
                Some(need) if need.is_peer() => match node.around {
                    Some(around) => scope = around,
                    None => return Ok(PeerBinding::Absent(scope)),
                },
                _ if prepared.needs.iter().any(|need| self.is_local(need, name)) => return Ok(PeerBinding::Local),
                Some(need) if self.why_dropped(Droppable::Need(node.owner, name), need)?.is_none() => {
                    let package = self.catalog.part(need.package, None);
                    return Ok(PeerBinding::Declared(Variable::Nested { package, alias: need.alias, scope }));
                }
                _ if package == name => return Ok(PeerBinding::Ancestor(scope)),
                _ => return Ok(PeerBinding::Absent(scope)),
            }
        }
    }

    /// Returns whether a need is for a package of the project that its dependent sees under a name.
    fn is_local(&self, need: &Need, name: PackageIx) -> bool {
        need.requirement.ecosystem().is_local() && *need.requirement.seen_as() == self.catalog.interned.id(name).name
    }

    /// Returns whether those that live in a scope get a peer that its owner wants itself.
    pub(super) fn forwards_peer(&self, name: PackageIx, scope: NodeIx) -> Result<bool, IndexError> {
        let Some(prepared) = self.prepared(self.catalog.interned.node(scope))? else { return Ok(false) };
        Ok(prepared.needs.iter().any(|need| need.alias == name && need.is_peer()))
    }

    /// A member sees its own lines before the project's.
    fn binding_in_manifest(&self, name: PackageIx, manifest: u32, scope: NodeIx) -> PeerBinding {
        let project = self.catalog.manifests.iter().position(|m| *m == crate::model::Dependent::Project);
        let is_local = |manifest: u32| {
            let mut lines = self.search_state.active.iter().map(|&place| &self.catalog.lines[place as usize]);
            lines.any(|line| {
                line.manifest == manifest && line.need.as_ref().is_some_and(|need| self.is_local(need, name))
            })
        };
        let declared = |manifest: u32| {
            self.search_state.active.iter().map(|&place| (place, &self.catalog.lines[place as usize])).find_map(
                |(place, line)| {
                    let need = line.need.as_ref()?;
                    let counts = line.manifest == manifest
                        && need.alias == name
                        && line.holds(&self.catalog.platforms)
                        && need.requirement.ecosystem().has_scopes();
                    (counts && matches!(self.why_dropped(Droppable::Line(place), need), Ok(None))).then_some(need)
                },
            )
        };
        [Some(manifest), project.map(|place| place as u32)]
            .into_iter()
            .flatten()
            .find_map(|manifest| {
                let Some(need) = declared(manifest) else {
                    return is_local(manifest).then_some(PeerBinding::Local);
                };
                let scope = self.catalog.manifest_node(manifest);
                let package = self.catalog.part(need.package, None);
                Some(PeerBinding::Declared(Variable::Nested { package, alias: need.alias, scope }))
            })
            .unwrap_or(PeerBinding::Absent(scope))
    }

    /// Finds a peer of those that live in a scope. Nothing is asked of the index about a peer that is not there.
    pub(super) fn peer_binding(&self, need: &Need, around: NodeIx) -> Result<PeerBinding, IndexError> {
        let place = self.binding_of(need.alias, around)?;
        if let PeerBinding::Ancestor(node) = place
            && self.is_strict()
        {
            let set = self.peer_set(need, place)?;
            if !matches!(self.catalog.interned.node(node).owner, NodeOwner::Release(_, ordinal) if set.contains(&ordinal))
            {
                return Ok(PeerBinding::Absent(around));
            }
        }
        Ok(place)
    }

    /// Returns the versions that satisfy a peer, of the package that was found for it.
    pub(super) fn peer_set(&self, need: &Need, place: PeerBinding) -> Result<OrdinalSet, IndexError> {
        if need.origin == NeedOrigin::TypesOfPeer {
            return Ok(OrdinalSet::full());
        }
        let package = match place {
            // Whatever somebody provides is a version of `*`.
            PeerBinding::Declared(_) if need.requirement.keeps_any_version() => return Ok(OrdinalSet::full()),
            PeerBinding::Declared(Variable::Nested { package, .. }) => package,
            _ => self.catalog.part(need.package, None),
        };
        self.catalog.set_for(&need.requirement, package)
    }

    /// Returns the variable that decides a peer, where one does.
    pub(super) fn peer_variable(&self, need: &Need, place: PeerBinding) -> Option<Variable> {
        match place {
            PeerBinding::Declared(variable) => Some(variable),
            PeerBinding::Absent(scope) => {
                Some(Variable::Nested { package: self.catalog.part(need.package, None), alias: need.alias, scope })
            }
            PeerBinding::Ancestor(_) | PeerBinding::Local => None,
        }
    }

    /// Returns whether peers are constraints.
    pub(super) fn is_strict(&self) -> bool {
        self.search_state.peers == NpmPeers::Strict
    }

    /// Returns why an optional dependency is left out, if it is: no version matches, or it was in a conflict.
    pub(super) fn why_dropped(&self, what: Droppable, need: &Need) -> Result<Option<String>, IndexError> {
        if need.kind != DependencyKind::Optional {
            return Ok(None);
        }
        if self.search_state.dropped.contains(&what) {
            return Ok(Some("it contradicts something that is not optional".to_owned()));
        }
        for (package, on) in self.catalog.parts(need.package) {
            let reason = self.why_unmatched(need, package, on)?;
            if reason.is_some() {
                return Ok(reason);
            }
        }
        Ok(None)
    }

    /// Returns why no version of `package`, which a need means on some platforms, can be taken.
    fn why_unmatched(&self, need: &Need, package: PackageIx, on: PlatformSet) -> Result<Option<String>, IndexError> {
        let table = self.catalog.table(package)?;
        if let Some(missing) = &table.missing {
            return Ok(Some(missing.to_string()));
        }
        let mut set = self.catalog.set_for(&need.requirement, package)?;
        if need.requirement.ecosystem().shares_one_folder() {
            let on = on.intersection(self.catalog.holds_on(&need.requirement, &[]));
            for &platform in self.catalog.platforms.iter().filter(|&&platform| on.contains(platform)) {
                set = self.catalog.installable(package, &table, &set, platform);
            }
        }
        Ok(set.is_empty().then(|| "no version matches".to_owned()))
    }

    /// Returns whether a Python package has one version for all platforms.
    pub(super) fn is_tied(&self, package: PackageIx) -> bool {
        self.catalog.ties() && !self.search_state.untied.contains(&package)
    }

    /// Returns what a peer of a node demands where peers are constraints, and of which variable.
    pub(super) fn strict_peer(&self, node: NodeIx, need: &Need) -> Result<Option<(Variable, OrdinalSet)>, IndexError> {
        if need.origin == NeedOrigin::TypesOfPeer {
            return Ok(None);
        }
        let Some(around) = self.catalog.interned.node(node).around else { return Ok(None) };
        let place = self.peer_binding(need, around)?;
        let Some(variable) = self.peer_variable(need, place) else { return Ok(None) };
        if need.kind == DependencyKind::OptionalPeer && !self.optional_peer_holds(node, need, place) {
            return Ok(None);
        }
        Ok(Some((variable, self.peer_set(need, place)?)))
    }

    /// Returns whether a Python package's source is taken as if it needed nothing.
    pub(super) fn is_assumed_built(&self, package: PackageIx) -> bool {
        self.search_state.assumed_built.contains(&package)
    }

    /// Returns why a version cannot be chosen, whatever else is.
    pub(super) fn refused(&self, package: PackageIx, ordinal: u32) -> Result<Option<String>, IndexError> {
        let prepared = self.catalog.prepared(package, ordinal)?;
        let engine = prepared.release.facts.node.as_deref();
        Ok(prepared
            .refused
            .clone()
            .or_else(|| version_rules::refused_engine(&self.catalog.requirements.settings, engine)))
    }

    /// Returns why a version cannot be had under a name in a scope: it is needed on a platform that it rules out itself.
    pub(super) fn refused_in_scope(
        &self,
        (package, ordinal): (PackageIx, u32),
        alias: PackageIx,
        scope: NodeIx,
    ) -> Result<Option<String>, IndexError> {
        let owner = self.catalog.interned.node(scope).owner;
        let on = self.catalog.must_run_on(owner, alias);
        if on == PlatformSet::NONE {
            return Ok(None);
        }
        if let NodeOwner::Release(package, ordinal) = owner {
            let needs = &self.catalog.prepared(package, ordinal)?.needs;
            if needs.iter().any(|need| need.alias == alias && need.kind == DependencyKind::Optional) {
                return Ok(None);
            }
        }
        let prepared = self.catalog.prepared(package, ordinal)?;
        let lacking = self.catalog.platforms.iter().filter(|platform| on.contains(**platform));
        let mut why =
            lacking.filter_map(|&platform| Some((prepared.release.facts.exclusion_reason(platform)?, platform)));
        Ok(why.next().map(|(why, platform)| format!("{why}, and it is needed on {platform}")))
    }

    /// Returns what a declared optional peer is held to under strict peers, if it is in place.
    pub(super) fn optional_peer_holds(&self, node: NodeIx, need: &Need, place: PeerBinding) -> bool {
        match place {
            PeerBinding::Declared(_) => true,
            PeerBinding::Absent(_) => self.search_state.bound.contains(&(node, need.alias)),
            PeerBinding::Ancestor(_) | PeerBinding::Local => false,
        }
    }

    /// Returns what a node's release needs.
    pub(super) fn prepared(&self, node: ScopeNode) -> Result<Option<std::rc::Rc<PreparedRelease>>, IndexError> {
        match node.owner {
            NodeOwner::Manifest(_) => Ok(None),
            NodeOwner::Release(package, ordinal) => self.catalog.prepared(package, ordinal).map(Some),
        }
    }
}

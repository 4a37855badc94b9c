//! The outcome of choosing a version: what it demands of other variables, or why it is refused.

use pubgrub::VersionSet;

use super::{PeerPreference, Provider};
use crate::model::{NpmPeers, Platform};
use crate::resolve::demands::Demands;
use crate::resolve::index::{DependencyKind, IndexError, PlatformSet};
use crate::resolve::interned::BucketRange;
use crate::resolve::ordinal_set::OrdinalSet;
use crate::resolve::problem::PeerBinding;
use crate::resolve::release::{Need, NeedOrigin};
use crate::resolve::search_state::Droppable;
use crate::resolve::variable::{ABSENT, ExtraIx, NodeIx, NodeOwner, PackageIx, Variable};
use crate::resolve::variable_rules::{demand, in_bucket, line_demands};
use crate::resolve::version_rules::larder;

/// The outcome of choosing a version for a variable.
#[derive(Debug)]
pub(super) enum ChoiceOutcome {
    /// The choice demands these versions of other variables.
    Demands(Demands),
    /// The version cannot be chosen, for this reason.
    Refused(String),
}

impl Provider<'_> {
    /// Returns the outcome of a choice.
    pub(super) fn outcome_of(&self, variable: Variable, ordinal: u32) -> Result<ChoiceOutcome, IndexError> {
        Ok(match variable {
            Variable::Root => {
                let lines = self.problem.search_state.active.iter();
                ChoiceOutcome::Demands(Demands(
                    lines.map(|&line| (Variable::Line(line), OrdinalSet::singleton(0))).collect(),
                ))
            }
            Variable::Line(place) => {
                let demands = line_demands(self.problem, place)?;
                if self.problem.catalog.lines[place as usize].optional {
                    self.note_optional(variable, Droppable::Line(place), &demands);
                }
                ChoiceOutcome::Demands(demands)
            }
            Variable::Nested { package, .. } | Variable::Bucket(package, _) | Variable::Single(package) => {
                self.release(variable, package, ordinal)?
            }
            Variable::BucketRange(package, range) => {
                let catalog = self.problem.catalog;
                let BucketRange { versions, features } = catalog.interned.range(range);
                let buckets = larder::buckets(&*catalog.table(package)?, &versions);
                let mut demands = Demands::default();
                if let Some(chosen) = buckets.into_iter().find(|(name, _)| *name == ordinal) {
                    in_bucket(package, &chosen, &features, &mut demands);
                }
                ChoiceOutcome::Demands(demands)
            }
            Variable::BucketFeature(package, bucket, feature) => {
                ChoiceOutcome::Demands(self.feature(variable, (package, bucket, ordinal), feature)?)
            }
            Variable::PythonHalf(_) => ChoiceOutcome::Demands(Demands::default()),
            Variable::PyOn(..) | Variable::PyExtra(..) if ordinal == ABSENT => {
                ChoiceOutcome::Demands(Demands::default())
            }
            Variable::Py(package) => {
                let everywhere = self.problem.catalog.platforms.iter();
                let same = |&platform| (Variable::PyOn(package, platform), OrdinalSet::this_or_none(ordinal));
                ChoiceOutcome::Demands(Demands(everywhere.map(same).collect()))
            }
            Variable::PyOn(package, platform) => self.python(package, ordinal, platform, None)?,
            Variable::PyExtra(package, extra, platform) => self.python(package, ordinal, platform, Some(extra))?,
        })
    }

    /// Returns what may be left out of the demands of one variable on another.
    pub(in crate::resolve) fn droppable(&self, from: Variable, to: Variable) -> Vec<Droppable> {
        self.optional.borrow().get(&(from, to)).cloned().unwrap_or_default()
    }

    /// Returns the outcome for a version of an npm or private package, or of one of which there is one version.
    fn release(&self, variable: Variable, package: PackageIx, ordinal: u32) -> Result<ChoiceOutcome, IndexError> {
        let catalog = self.problem.catalog;
        let prepared = catalog.prepared(package, ordinal)?;
        if let Some(reason) = self.problem.refused(package, ordinal)? {
            return Ok(ChoiceOutcome::Refused(reason));
        }
        if let Variable::Nested { alias, scope, .. } = variable
            && let Some(reason) = self.problem.refused_in_scope((package, ordinal), alias, scope)?
        {
            return Ok(ChoiceOutcome::Refused(reason));
        }
        let around = match variable {
            Variable::Nested { scope, .. } => scope,
            _ => catalog.home_of(package, ordinal)?,
        };
        let node = self.problem.node_of(package, ordinal, around)?;
        let around =
            if self.problem.search_state.merged.is_some() { Some(around) } else { catalog.interned.node(node).around };
        let on = match variable {
            Variable::Single(_) if catalog.interned.id(package).ecosystem.is_local() => catalog.present_on(package)?,
            _ => PlatformSet::ALL,
        };
        let mut demands = Demands::default();
        if let Variable::Bucket(..) = variable
            && catalog.table(package)?.candidate(ordinal).has_python_half()
        {
            demands.push(Variable::PythonHalf(package), OrdinalSet::singleton(ordinal));
        }
        for need in &prepared.needs {
            match need.kind {
                DependencyKind::Normal if need.origin == NeedOrigin::Extension => {
                    self.extension(node, need, &mut demands)?;
                }
                DependencyKind::Normal | DependencyKind::Optional => {
                    let on = on.intersection(catalog.need_holds_on(need, &[]));
                    self.dependency((variable, (package, ordinal)), (node, on), need, &mut demands)?;
                }
                DependencyKind::Peer | DependencyKind::OptionalPeer => {
                    self.peer((variable, ordinal), (node, around), need, &mut demands)?;
                }
            }
        }
        Ok(ChoiceOutcome::Demands(demands))
    }

    /// Returns the demands of a feature: that version of its package, and what the feature adds to the package's dependencies.
    fn feature(
        &self,
        variable: Variable,
        (package, bucket, ordinal): (PackageIx, u32, u32),
        feature: ExtraIx,
    ) -> Result<Demands, IndexError> {
        let catalog = self.problem.catalog;
        let prepared = catalog.prepared(package, ordinal)?;
        let node = self.problem.node_of(package, ordinal, catalog.home())?;
        let features = [catalog.interned.extra_name(feature)];
        let mut demands = Demands::default();
        demands.push(Variable::Bucket(package, bucket), OrdinalSet::singleton(ordinal));
        for need in prepared.needs.iter().filter(|need| !need.is_peer()) {
            let always = catalog.need_holds_on(need, &[]);
            let on = catalog.need_holds_on(need, &features).without(always);
            self.dependency((variable, (package, ordinal)), (node, on), need, &mut demands)?;
        }
        Ok(demands)
    }

    /// Demands a dependency of a version on some platforms, unless it is optional and left out.
    fn dependency(
        &self,
        (variable, (package, ordinal)): (Variable, (PackageIx, u32)),
        (node, on): (NodeIx, PlatformSet),
        need: &Need,
        demands: &mut Demands,
    ) -> Result<(), IndexError> {
        if on == PlatformSet::NONE && !need.when.is_always() {
            return Ok(());
        }
        if need.kind != DependencyKind::Optional {
            return demand(self.problem, need, node, on, demands);
        }
        let what = Droppable::Need(NodeOwner::Release(package, ordinal), need.alias);
        if self.problem.why_dropped(what, need)?.is_none() {
            let mut own = Demands::default();
            demand(self.problem, need, node, on, &mut own)?;
            self.note_optional(variable, what, &own);
            for (to, set) in own.0 {
                demands.push(to, set);
            }
        }
        Ok(())
    }

    /// Demands a dependency of the built-in package extensions. It is decided last, so that it brings no second version of a
    /// package. A registry that does not have it is no reason to refuse the dependent, which may be used without it.
    fn extension(&self, node: NodeIx, need: &Need, demands: &mut Demands) -> Result<(), IndexError> {
        let set = self.problem.catalog.set(need)?;
        if !set.is_empty() {
            let package = self.problem.catalog.part(need.package, None);
            let variable = Variable::Nested { package, alias: need.alias, scope: node };
            self.extensions.borrow_mut().insert(variable);
            demands.push(variable, set);
        }
        Ok(())
    }

    /// Adds the demands of a peer: its range under strict peers; under relaxed ones only that a missing peer be there.
    fn peer(
        &self,
        by: (Variable, u32),
        (node, around): (NodeIx, Option<NodeIx>),
        need: &Need,
        demands: &mut Demands,
    ) -> Result<(), IndexError> {
        let Some(around) = around else { return Ok(()) };
        if self.problem.search_state.merged.is_some() && self.problem.forwards_peer(need.alias, around)? {
            return Ok(());
        }
        let optional = need.kind == DependencyKind::OptionalPeer;
        if optional && !self.problem.is_strict() {
            return Ok(());
        }
        let catalog = self.problem.catalog;
        let place = self.problem.peer_binding(need, around)?;
        let Some(variable) = self.problem.peer_variable(need, place) else { return Ok(()) };
        let is_missing = matches!(place, PeerBinding::Absent(_));
        let mut preference = PeerPreference { by, set: None, locked: None };
        if is_missing && !optional {
            let table = catalog.table(catalog.part(need.package, None))?;
            preference.locked = catalog.locked_in_scope(&table, node, need.alias)?;
        }
        if self.problem.is_strict() {
            if let Some((variable, set)) = self.problem.strict_peer(node, need)? {
                demands.push(variable, set);
            }
        } else if is_missing {
            let table = catalog.table(catalog.part(need.package, None))?;
            let usable = if self.problem.search_state.peers == NpmPeers::Provided {
                table.usable.intersection(&table.locked_set())
            } else {
                table.usable.clone()
            };
            if !usable.is_empty() {
                preference.set = Some(self.problem.peer_set(need, place)?);
                demands.push(variable, usable);
            }
        }
        if preference.set.is_some() || preference.locked.is_some() {
            self.peer_preferences.borrow_mut().entry(variable).or_default().push(preference);
        }
        Ok(())
    }

    /// Returns the outcome for a Python version on a platform: by itself, or with an extra.
    fn python(
        &self,
        package: PackageIx,
        ordinal: u32,
        platform: Platform,
        extra: Option<ExtraIx>,
    ) -> Result<ChoiceOutcome, IndexError> {
        let catalog = self.problem.catalog;
        let may_be_refused = extra.is_none() && !self.problem.is_assumed_built(package);
        if may_be_refused && let Some(reason) = catalog.refused_unread(package, ordinal)? {
            return Ok(ChoiceOutcome::Refused(reason));
        }
        let prepared = catalog.prepared(package, ordinal)?;
        let mut demands = Demands::default();
        if extra.is_some() {
            demands.push(Variable::PyOn(package, platform), OrdinalSet::singleton(ordinal));
        } else if let Some(reason) = prepared.refused.clone().filter(|_| may_be_refused) {
            catalog.note_refused((package, ordinal), &prepared, &reason)?;
            return Ok(ChoiceOutcome::Refused(reason));
        } else if self.problem.is_tied(package) {
            demands.push(Variable::Py(package), OrdinalSet::singleton(ordinal));
        }
        if extra.is_none() {
            for extra in catalog.asked_extras(package) {
                demands.push(Variable::PyExtra(package, extra, platform), OrdinalSet::this_or_none(ordinal));
            }
        }
        let extras: Vec<_> = extra.map(|extra| catalog.interned.extra_name(extra)).into_iter().collect();
        let mut wanted_needs: Vec<&Need> = Vec::new();
        let scope = catalog.home();
        for need in &prepared.needs {
            let always = catalog.need_holds_on(need, &[]).contains(platform);
            let wanted = match extra {
                None => always,
                Some(_) => !always && catalog.need_holds_on(need, &extras).contains(platform),
            };
            if wanted {
                wanted_needs.push(need);
            }
        }
        if extra.is_some() {
            catalog.announce(wanted_needs.iter().copied());
        }
        for need in wanted_needs {
            demand(self.problem, need, scope, platform.into(), &mut demands)?;
        }
        Ok(ChoiceOutcome::Demands(demands))
    }

    fn note_optional(&self, from: Variable, what: Droppable, demands: &Demands) {
        let mut optional = self.optional.borrow_mut();
        for (to, _) in &demands.0 {
            let known = optional.entry((from, *to)).or_default();
            if !known.contains(&what) {
                known.push(what);
            }
        }
    }
}

//! The solver's questions, answered from the problem: what first, which version, what then.

mod choice;
mod decisions;

use std::cell::RefCell;
use std::cmp::Reverse;
use std::collections::BTreeSet;

use pubgrub::{Dependencies, DependencyProvider, PackageResolutionStatistics, VersionSet};
use rustc_hash::{FxHashMap, FxHashSet};

use super::Solution;
use super::direct_dependency::DirectDependency;
use super::index::IndexError;
use super::order::{Refusals, Reordering};
use super::ordinal_set::OrdinalSet;
use super::peer_contexts::{self, TooManyPeerContexts};
use super::prefetch::Prefetch;
use super::problem::Problem;
use super::search_state::Droppable;
use super::variable::{ABSENT, NodeIx, NodeOwner, PackageIx, Variable};
use super::version_rules::{self, VersionRules, larder, npm, pypi};
use super::version_table::VersionTable;
use choice::ChoiceOutcome;
use decisions::Decisions;

/// After this many conflicts an npm package is decided before others.
const STUBBORN: u32 = 5;

/// One run of the solver.
pub(super) struct Provider<'a> {
    problem: Problem<'a>,
    decisions: RefCell<Decisions>,
    /// For each peer that nobody provides: the ranges of the versions that want it, *including decisions since undone*, which
    /// do not count.
    peer_preferences: RefCell<FxHashMap<Variable, Vec<PeerPreference>>>,
    /// The variables that the built-in package extensions add.
    extensions: RefCell<FxHashSet<Variable>>,
    /// The droppable dependencies behind the demands of one variable on another.
    optional: RefCell<FxHashMap<(Variable, Variable), Vec<Droppable>>>,
    /// The position of each Python package in the order in which the solver first asked for it.
    met: RefCell<FxHashMap<PackageIx, u32>>,
    refusals: RefCell<Refusals>,
    prefetches: RefCell<FxHashMap<PackageIx, Prefetch>>,
}

/// The versions that a dependent prefers for a peer that nobody provides.
struct PeerPreference {
    by: (Variable, u32),
    /// The versions that satisfy it; none where peers are strict, and it is a demand.
    set: Option<OrdinalSet>,
    /// The version that is locked for it.
    locked: Option<u32>,
}

/// Why a run is stopped.
#[derive(Debug, thiserror::Error)]
pub(super) enum SolverStop {
    /// The index failed.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The run starts again with another order.
    #[error("the order changes")]
    Order(Reordering),
    /// Peers are bound in too many ways.
    #[error("peers are bound in too many ways")]
    TooManyPeerContexts,
}

/// The urgency of a variable: the greater, the earlier it is decided. Equal ones are decided in the order in which they were met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// A Python package on a platform where nothing asked for it so far.
    Absent,
    /// A missing peer, decided after everything that wants it, and a package extension, decided after everything else.
    Peer,
    /// A Python package that kept standing in the way of others.
    Late,
    /// Most packages.
    Normal,
    /// A package with a locked version.
    Settled,
    /// A package that is refused or in conflicts again and again.
    Early,
    /// A Python package that leaves no choice.
    Pinned,
    /// The manifest.
    Manifest,
}

/// The parts of a Python package are decided one after the other, as far as they are met together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PackagePart {
    /// An extra, which follows its package.
    Extra,
    /// The package on a platform, which follows the choice for all platforms.
    OnPlatform,
    /// The package, or anything else that has one part.
    Whole,
}

impl<'a> Provider<'a> {
    /// Starts a run.
    pub(super) fn new(problem: Problem<'a>) -> Self {
        Self {
            problem,
            decisions: RefCell::default(),
            peer_preferences: RefCell::default(),
            extensions: RefCell::default(),
            optional: RefCell::default(),
            met: RefCell::default(),
            refusals: RefCell::default(),
            prefetches: RefCell::default(),
        }
    }

    /// Returns whether a solution consists of the decisions that stand.
    pub(super) fn agrees_with(&self, solution: &Solution) -> bool {
        self.decisions.borrow().agree(solution)
    }

    /// Returns the version that is decided for a variable.
    fn decided(&self, variable: Variable) -> Option<u32> {
        self.decisions.borrow().get(variable).map(|(_, ordinal)| ordinal)
    }

    /// Returns those that are bound to their peers in the most ways so far.
    pub(super) fn too_many_peer_contexts(&self) -> Result<TooManyPeerContexts, IndexError> {
        let decisions = self.decisions.borrow();
        let mut nodes = Vec::new();
        for &(variable, ordinal) in decisions.all() {
            if let Variable::Nested { package, scope, .. } = variable {
                nodes.push(self.problem.node_of(package, ordinal, scope)?);
            }
        }
        TooManyPeerContexts::new(self.problem.catalog, nodes.into_iter())
    }

    /// Returns the version that the same dependent has under the same name where its peers are bound otherwise, so that it
    /// differs in what it binds and in nothing else.
    fn otherwise_bound(
        &self,
        package: PackageIx,
        (alias, scope): (PackageIx, NodeIx),
        range: &OrdinalSet,
    ) -> Option<u32> {
        let catalog = self.problem.catalog;
        let dependent = catalog.interned.node(scope);
        dependent.around?;
        let is_same = |variable: &Variable| match *variable {
            Variable::Nested { alias: other, scope, .. } => {
                other == alias && catalog.interned.node(scope).owner == dependent.owner
            }
            _ => false,
        };
        let decisions = self.decisions.borrow();
        let same = decisions.of(package).iter().find(|(other, ordinal)| range.contains(ordinal) && is_same(other));
        same.map(|(_, ordinal)| *ordinal)
    }

    /// Returns the highest version within a range that is decided for the package in another place.
    fn elsewhere(&self, package: PackageIx, range: &OrdinalSet) -> Option<u32> {
        let decisions = self.decisions.borrow();
        decisions.of(package).iter().map(|(_, ordinal)| *ordinal).filter(|ordinal| range.contains(ordinal)).max()
    }

    /// Returns the place of a Python package in the order in which they were met.
    fn place(&self, package: PackageIx) -> u32 {
        let mut met = self.met.borrow_mut();
        let next = met.len() as u32;
        *met.entry(package).or_insert(next)
    }

    /// Tells the index which versions of a Python package may be asked for next. Source distributions are not: each is fetched whole.
    fn prefetch_releases(&self, variable: Variable, ordinal: u32, range: &OrdinalSet) {
        let package = match variable {
            Variable::Py(package) => package,
            Variable::PyOn(package, _) if !self.problem.is_tied(package) => package,
            _ => return,
        };
        let Ok(table) = self.problem.catalog.table(package) else { return };
        let mut next = self.prefetches.borrow_mut().entry(package).or_default().asks(ordinal, range);
        next.retain(|ordinal| !table.candidate(*ordinal).is_source_only());
        if !next.is_empty() {
            self.problem.catalog.index.prefetch_releases(&self.problem.catalog.interned.id(package), &next);
        }
    }

    fn pick(&self, variable: Variable, range: &OrdinalSet) -> Result<Option<u32>, IndexError> {
        let Some(package) = variable.package() else { return Ok(Some(0)) };
        let table = self.problem.catalog.table(package)?;
        Ok(match variable {
            Variable::Root | Variable::Line(_) => Some(0),
            Variable::Nested { alias, scope, .. } => {
                let agreed = self.preferred_range(variable, range);
                let fits = |ordinal: &u32| agreed.contains(ordinal);
                let locked = self.locked_there(&table, (scope, alias))?.filter(fits);
                let preferred = || self.preferred_locked(variable, &agreed);
                // A relaxed peer that was bound to a version outside of its range stays so.
                let bound = || self.preferred_locked(variable, range);
                let of_manifests = || self.peer_of_manifests(variable, range, &agreed);
                let shared = match DirectDependency::of(self.problem, variable)? {
                    Some(line) => line.shared(&agreed)?,
                    None => self
                        .otherwise_bound(package, (alias, scope), &agreed)
                        .or_else(|| self.elsewhere(package, &agreed)),
                };
                locked
                    .or_else(preferred)
                    .or_else(bound)
                    .or_else(|| self.peer_of_scopes_around(variable, &agreed))
                    .or_else(of_manifests)
                    .or_else(|| npm::pick(&table, &agreed, shared))
            }
            Variable::Py(_) => pypi::pick(&table, range, None),
            Variable::PyOn(..) if self.problem.is_tied(package) => self
                .decided(Variable::Py(package))
                .filter(|ordinal| range.contains(ordinal))
                .or_else(|| pypi::pick(&table, range, None)),
            Variable::PyOn(..) => pypi::pick(&table, range, self.elsewhere(package, range)),
            Variable::PyExtra(_, _, platform) => self
                .decided(Variable::PyOn(package, platform))
                .filter(|ordinal| range.contains(ordinal))
                .or_else(|| pypi::pick(&table, range, None)),
            Variable::Bucket(..) | Variable::Single(_) => self.rules(package).pick(&table, range),
            Variable::BucketFeature(_, bucket, _) => self
                .decided(Variable::Bucket(package, bucket))
                .filter(|ordinal| range.contains(ordinal))
                .or_else(|| self.rules(package).pick(&table, range)),
            Variable::BucketRange(_, asked) => {
                larder::pick_bucket(&table, &self.problem.catalog.interned.range(asked).versions, range)
            }
            Variable::PythonHalf(_) => range.descending().next(),
        })
    }

    /// Returns the rules by which versions of a package are chosen.
    fn rules(&self, package: PackageIx) -> &'static dyn VersionRules {
        version_rules::of(self.problem.catalog.interned.id(package).ecosystem)
    }

    /// Returns the locked version that a dependent has under a name; none where it may be moved.
    fn locked_there(
        &self,
        table: &VersionTable,
        (scope, alias): (NodeIx, PackageIx),
    ) -> Result<Option<u32>, IndexError> {
        if table.locked.len() < 2 {
            return Ok(None);
        }
        self.problem.catalog.locked_in_scope(table, scope, alias)
    }

    /// Returns whether a variable is a missing peer for which dependents have preferences.
    fn is_preferred_peer(&self, variable: &Variable) -> bool {
        self.peer_preferences
            .borrow()
            .get(variable)
            .is_some_and(|preferences| preferences.iter().any(|preference| preference.set.is_some()))
    }

    /// Returns the preferences for a missing peer whose dependents are still decided, in the order of those decisions.
    fn current_preferences<T>(&self, variable: Variable, of: impl Fn(&PeerPreference) -> T) -> Vec<T> {
        let (preferences, decisions) = (self.peer_preferences.borrow(), self.decisions.borrow());
        let place = |preference: &PeerPreference| match decisions.get(preference.by.0) {
            Some((place, ordinal)) if ordinal == preference.by.1 => Some(place),
            _ => None,
        };
        let preferences = preferences.get(&variable).into_iter().flatten();
        let mut standing: Vec<_> =
            preferences.filter_map(|preference| Some((place(preference)?, of(preference)))).collect();
        standing.sort_by_key(|(place, _)| *place);
        standing.into_iter().map(|(_, preference)| preference).collect()
    }

    /// Returns the locked version within a range that the first of those has who want a missing peer.
    fn preferred_locked(&self, variable: Variable, range: &OrdinalSet) -> Option<u32> {
        let locked = self.current_preferences(variable, |preference| preference.locked);
        locked.into_iter().flatten().find(|ordinal| range.contains(ordinal))
    }

    /// Returns the version of a missing peer that the nearest scope around has which has any, the project's last: npm and pnpm find it there.
    fn peer_of_scopes_around(&self, variable: Variable, range: &OrdinalSet) -> Option<u32> {
        let Variable::Nested { package, alias, scope } = variable else { return None };
        if !self.is_preferred_peer(&variable) {
            return None;
        }
        let catalog = self.problem.catalog;
        let around = |scope: NodeIx| catalog.interned.node(scope).around;
        let scopes = std::iter::successors(around(scope), |&scope| around(scope)).chain([catalog.home()]);
        let mut decided = scopes.filter_map(|scope| self.decided(Variable::Nested { package, alias, scope }));
        decided.next().filter(|ordinal| range.contains(ordinal))
    }

    /// Returns the version of a missing peer that a manifest has, where `agreed`, the range on which those who want it agree, has
    /// none of these versions, and most take this one. Whoever lives beside two copies of React fails at run time; whoever is
    /// outvoted is warned of.
    fn peer_of_manifests(&self, variable: Variable, range: &OrdinalSet, agreed: &OrdinalSet) -> Option<u32> {
        let Variable::Nested { package, alias, .. } = variable else { return None };
        let wanted = self.current_preferences(variable, |preference| preference.set.clone());
        let wanted: Vec<OrdinalSet> = wanted.into_iter().flatten().collect();
        if wanted.len() < 2 {
            return None;
        }
        let interned = &self.problem.catalog.interned;
        let is_of_manifest = |other: &Variable| {
            matches!(*other, Variable::Nested { alias: other, scope, .. }
                if other == alias && matches!(interned.node(scope).owner, NodeOwner::Manifest(_)))
        };
        let decisions = self.decisions.borrow();
        let of_manifests = decisions.of(package).iter().filter(|(other, _)| is_of_manifest(other));
        let of_manifests: BTreeSet<u32> =
            of_manifests.map(|(_, ordinal)| *ordinal).filter(|ordinal| range.contains(ordinal)).collect();
        if of_manifests.iter().any(|ordinal| agreed.contains(ordinal)) {
            return None;
        }
        let takers = |ordinal: &u32| wanted.iter().filter(|set| set.contains(ordinal)).count();
        let most = of_manifests.into_iter().max_by_key(|ordinal| (takers(ordinal), *ordinal))?;
        (2 * takers(&most) > wanted.len()).then_some(most)
    }

    /// Narrows a missing peer's range to what those who want it would like, as far as they agree.
    fn preferred_range(&self, variable: Variable, range: &OrdinalSet) -> OrdinalSet {
        let mut range = range.clone();
        for preference in self.current_preferences(variable, |preference| preference.set.clone()).into_iter().flatten()
        {
            let narrower = range.intersection(&preference);
            if !narrower.is_empty() {
                range = narrower;
            }
        }
        range
    }
}

impl DependencyProvider for Provider<'_> {
    type P = Variable;
    type V = u32;
    type VS = OrdinalSet;
    /// The urgency, then the place among variables of that urgency, then the part of a package.
    type Priority = (Urgency, Reverse<u32>, PackagePart);
    type M = String;
    type Err = SolverStop;

    fn prioritize(
        &self,
        variable: &Variable,
        range: &OrdinalSet,
        conflicts: &PackageResolutionStatistics,
    ) -> Self::Priority {
        self.decisions.borrow_mut().undecided(*variable);
        let absent = (Urgency::Absent, Reverse(0), PackagePart::Whole);
        let part = match *variable {
            Variable::PyOn(..) | Variable::PyExtra(..) if range.contains(&ABSENT) => return absent,
            Variable::Root | Variable::Line(_) => return (Urgency::Manifest, Reverse(0), PackagePart::Whole),
            Variable::Nested { .. }
                if self.is_preferred_peer(variable) || self.extensions.borrow().contains(variable) =>
            {
                return (Urgency::Peer, Reverse(0), PackagePart::Whole);
            }
            Variable::Nested { .. }
            | Variable::Bucket(..)
            | Variable::BucketFeature(..)
            | Variable::BucketRange(..)
            | Variable::PythonHalf(_)
            | Variable::Single(_) => {
                let is_stubborn = conflicts.conflict_count() >= STUBBORN;
                let (urgency, width) = if is_stubborn { (Urgency::Early, range.len()) } else { (Urgency::Normal, 0) };
                return (urgency, Reverse(width), PackagePart::Whole);
            }
            Variable::Py(_) => PackagePart::Whole,
            Variable::PyOn(..) => PackagePart::OnPlatform,
            Variable::PyExtra(..) => PackagePart::Extra,
        };
        let Some(package) = variable.package() else { return (Urgency::Normal, Reverse(0), part) };
        let order = &self.problem.search_state.order;
        let is_locked = || self.problem.catalog.table(package).is_ok_and(|table| table.locked_in(range).is_some());
        let urgency = match () {
            () if range.len() <= 1 => Urgency::Pinned,
            () if order.is_early(package) => Urgency::Early,
            () if is_locked() => Urgency::Settled,
            () if order.is_late(package) => Urgency::Late,
            () => Urgency::Normal,
        };
        (urgency, Reverse(self.place(package)), part)
    }

    fn choose_version(&self, variable: &Variable, range: &OrdinalSet) -> Result<Option<u32>, SolverStop> {
        if range.contains(&ABSENT) && matches!(variable, Variable::PyOn(..) | Variable::PyExtra(..)) {
            self.decisions.borrow_mut().push(*variable, ABSENT);
            return Ok(Some(ABSENT));
        }
        let chooses = match *variable {
            Variable::Py(_) => true,
            Variable::PyOn(package, _) => !self.problem.is_tied(package),
            _ => false,
        };
        if chooses {
            let reordering = self.refusals.borrow_mut().asked(&self.problem.search_state.order, *variable, range);
            if let Some(reordering) = reordering {
                return Err(SolverStop::Order(reordering));
            }
        }
        let (decisions, packages) = (self.decisions.borrow().all().len(), self.decisions.borrow().packages());
        if peer_contexts::are_too_many(decisions, packages, self.problem.search_state.active.len()) {
            return Err(SolverStop::TooManyPeerContexts);
        }
        let picked = self.pick(*variable, range)?;
        if let Some(ordinal) = picked {
            self.decisions.borrow_mut().push(*variable, ordinal);
            self.refusals.borrow_mut().chosen(*variable, ordinal);
            self.prefetch_releases(*variable, ordinal, range);
        }
        Ok(picked)
    }

    fn get_dependencies(
        &self,
        variable: &Variable,
        ordinal: &u32,
    ) -> Result<Dependencies<Variable, OrdinalSet, String>, SolverStop> {
        let demands = match self.outcome_of(*variable, *ordinal)? {
            ChoiceOutcome::Demands(demands) => self.problem.search_state.picks.narrowed(demands),
            ChoiceOutcome::Refused(reason) => return Ok(Dependencies::Unavailable(reason)),
        };
        let on_itself = |demand: &(Variable, OrdinalSet)| demand.0 == *variable;
        if demands.0.iter().any(|demand| on_itself(demand) && !demand.1.contains(ordinal)) {
            return Ok(Dependencies::Unavailable("it asks for another version of itself".to_owned()));
        }
        let demands: Vec<_> = demands.0.into_iter().filter(|demand| !on_itself(demand)).collect();
        if *ordinal != ABSENT && matches!(variable, Variable::PyOn(..) | Variable::PyExtra(..)) {
            self.refusals.borrow_mut().demanded(*variable, &demands);
        }
        for (variable, _) in &demands {
            if let Variable::PyOn(package, _) = variable {
                self.place(*package);
            }
        }
        Ok(Dependencies::Available(demands.into_iter().collect()))
    }
}

//! The solver's questions, answered from the problem.

use std::cell::RefCell;
use std::cmp::Reverse;

use pubgrub::{Dependencies, DependencyProvider, PackageResolutionStatistics, VersionSet};
use rustc_hash::FxHashMap;

use crate::model::Platform;

use super::catalog::Loaded;
use super::index::{DependencyKind, IndexError};
use super::problem::{Demands, Place, Problem};
use super::release::Need;
use super::set::Set;
use super::steering::Droppable;
use super::variable::{ExtraIx, NodeIx, Owner, PackageIx, Variable};
use super::{larder, npm, path, pypi};

/// After this many conflicts a package is decided before others.
const STUBBORN: u32 = 5;

/// One run of the solver.
pub(super) struct Provider<'a> {
    problem: Problem<'a>,
    /// The last choice for each variable, by package. What is decided now is among them.
    chosen: RefCell<FxHashMap<PackageIx, Vec<(Variable, u32)>>>,
    /// For each peer that nobody provides: what those who want it would like.
    wishes: RefCell<FxHashMap<Variable, Vec<Set>>>,
    /// For each peer that nobody provides: the locked version that the first has who wants it.
    locked_wishes: RefCell<FxHashMap<Variable, u32>>,
    /// Which demands come from something that may be left out.
    optional: RefCell<FxHashMap<(Variable, Variable), Vec<Droppable>>>,
}

/// What is decided first: the greater, the earlier. Equal ones are decided in the order in which they were met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Urgency {
    /// A missing peer, which waits for all that want it.
    Peer,
    /// An extra, which follows its package.
    Extra,
    /// A Python package on a platform, which follows the choice for all platforms.
    Follower,
    /// Most packages.
    Normal,
    /// What is locked, or has no choice.
    Settled,
    /// What keeps being in conflicts.
    Stubborn,
    /// The manifest.
    Manifest,
}

impl<'a> Provider<'a> {
    /// Starts a run.
    pub(super) fn new(problem: Problem<'a>) -> Self {
        Self {
            problem,
            chosen: RefCell::default(),
            wishes: RefCell::default(),
            locked_wishes: RefCell::default(),
            optional: RefCell::default(),
        }
    }

    /// Returns what may be left out of the demands of one variable on another.
    pub(super) fn droppable(&self, from: Variable, to: Variable) -> Vec<Droppable> {
        self.optional.borrow().get(&(from, to)).cloned().unwrap_or_default()
    }

    /// Returns the last choice for a variable.
    fn chosen(&self, package: PackageIx, variable: Variable) -> Option<u32> {
        let chosen = self.chosen.borrow();
        chosen.get(&package)?.iter().find(|(known, _)| *known == variable).map(|(_, ordinal)| *ordinal)
    }

    /// Returns the highest version within a range that was chosen for the package in another place.
    fn elsewhere(&self, package: PackageIx, range: &Set) -> Option<u32> {
        let chosen = self.chosen.borrow();
        chosen.get(&package)?.iter().map(|(_, ordinal)| *ordinal).filter(|ordinal| range.contains(ordinal)).max()
    }

    fn remember(&self, variable: Variable, ordinal: u32) {
        let Some(package) = variable.package() else { return };
        let mut chosen = self.chosen.borrow_mut();
        let known = chosen.entry(package).or_default();
        match known.iter_mut().find(|(known, _)| *known == variable) {
            Some(place) => place.1 = ordinal,
            None => known.push((variable, ordinal)),
        }
    }

    fn pick(&self, variable: Variable, range: &Set) -> Result<Option<u32>, IndexError> {
        let Some(package) = variable.package() else { return Ok(Some(0)) };
        let loaded = self.problem.catalog.loaded(package)?;
        Ok(match variable {
            Variable::Root | Variable::Line(_) => Some(0),
            Variable::Npm { alias, scope, .. } => {
                let range = self.wished(variable, range);
                let fits = |ordinal: &u32| range.contains(ordinal);
                let locked = self.locked_there(&loaded, (scope, alias))?.filter(fits);
                let wished = || self.locked_wish(variable).filter(fits);
                locked.or_else(wished).or_else(|| npm::pick(&loaded, &range, self.elsewhere(package, &range)))
            }
            Variable::Py(_) => pypi::pick(&loaded, range, None),
            Variable::PyOn(..) if self.problem.is_tied(package) => self
                .chosen(package, Variable::Py(package))
                .filter(|ordinal| range.contains(ordinal))
                .or_else(|| pypi::pick(&loaded, range, None)),
            Variable::PyOn(..) => pypi::pick(&loaded, range, self.elsewhere(package, range)),
            Variable::PyExtra(_, _, platform) => self
                .chosen(package, Variable::PyOn(package, platform))
                .filter(|ordinal| range.contains(ordinal))
                .or_else(|| pypi::pick(&loaded, range, None)),
            Variable::Larder(..) => larder::pick(&loaded, range),
            Variable::Path(_) => path::pick(range),
        })
    }

    /// Returns the locked version that a dependent has under a name; none where it may be moved.
    fn locked_there(&self, loaded: &Loaded, (scope, alias): (NodeIx, PackageIx)) -> Result<Option<u32>, IndexError> {
        if loaded.locked.len() < 2 {
            return Ok(None);
        }
        let catalog = self.problem.catalog;
        let (preferences, name) = (&catalog.requirements.preferences, catalog.id(alias).name);
        let version = match catalog.node(scope).owner {
            Owner::Manifest(place) => preferences.lines.get(&(catalog.manifests[place as usize].clone(), name)),
            Owner::Release(dependent, ordinal) => preferences.edges.get(&(catalog.key(dependent, ordinal)?, name)),
        };
        let is_it = |&ordinal: &u32| version.is_some_and(|version| loaded.candidate(ordinal).version == *version);
        Ok(loaded.locked.iter().copied().find(is_it))
    }

    /// Returns the locked version that the first of those has who want a missing peer.
    fn locked_wish(&self, variable: Variable) -> Option<u32> {
        self.locked_wishes.borrow().get(&variable).copied()
    }

    /// Narrows a missing peer's range to what those who want it would like, as far as they agree.
    fn wished(&self, variable: Variable, range: &Set) -> Set {
        let mut range = range.clone();
        for wish in self.wishes.borrow().get(&variable).into_iter().flatten() {
            let narrower = range.intersection(wish);
            if !narrower.is_empty() {
                range = narrower;
            }
        }
        range
    }

    /// What a version of an npm, private or local package demands.
    fn release(&self, variable: Variable, package: PackageIx, ordinal: u32) -> Result<Answer, IndexError> {
        let catalog = self.problem.catalog;
        let prepared = catalog.prepared(package, ordinal)?;
        let engine = prepared.release.facts.node.as_deref();
        if let Some(reason) = prepared.refused.clone() {
            return Ok(Answer::Refused(reason));
        }
        if let Some(reason) = npm::refused_engine(&catalog.requirements.settings, engine) {
            return Ok(Answer::Refused(reason));
        }
        let around = match variable {
            Variable::Npm { scope, .. } => scope,
            _ => catalog.home(),
        };
        let node = self.problem.node_of(package, ordinal, around)?;
        let mut demands = Demands::default();
        for need in &prepared.needs {
            match need.kind {
                DependencyKind::Normal => {
                    self.problem.demand(need, node, catalog.holds_on(&need.requirement, &[]), &mut demands)?;
                }
                DependencyKind::Optional => {
                    let what = Droppable::Need(Owner::Release(package, ordinal), need.alias);
                    if self.problem.why_dropped(what, need)?.is_none() {
                        let mut own = Demands::default();
                        self.problem.demand(need, node, catalog.holds_on(&need.requirement, &[]), &mut own)?;
                        self.note_optional(variable, what, &own);
                        for (to, set) in own.0 {
                            demands.push(to, set);
                        }
                    }
                }
                DependencyKind::Peer | DependencyKind::OptionalPeer => self.peer(node, need, &mut demands)?,
            }
        }
        Ok(Answer::Demands(demands))
    }

    /// What a peer demands: everything where peers are strict; where they are relaxed, that a missing one be there.
    fn peer(&self, node: NodeIx, need: &Need, demands: &mut Demands) -> Result<(), IndexError> {
        let Some(around) = self.problem.catalog.node(node).around else { return Ok(()) };
        let optional = need.kind == DependencyKind::OptionalPeer;
        if optional && !self.problem.is_strict() {
            return Ok(());
        }
        let place = self.problem.peer(need, around)?;
        let Some(variable) = Problem::peer_variable(need, place) else { return Ok(()) };
        if matches!(place, Place::Absent(_)) && !optional {
            let loaded = self.problem.catalog.loaded(need.package)?;
            if let Some(ordinal) = self.locked_there(&loaded, (node, need.alias))? {
                self.locked_wishes.borrow_mut().entry(variable).or_insert(ordinal);
            }
        }
        if self.problem.is_strict() {
            if !optional || self.problem.optional_peer_holds(node, need, place) {
                demands.push(variable, self.problem.peer_set(need, place)?);
            }
        } else if matches!(place, Place::Absent(_)) {
            let usable = self.problem.catalog.loaded(need.package)?.usable.clone();
            if !usable.is_empty() {
                let wish = self.problem.peer_set(need, place)?;
                let mut wishes = self.wishes.borrow_mut();
                let wishes = wishes.entry(variable).or_default();
                if !wishes.contains(&wish) {
                    wishes.push(wish);
                }
                demands.push(variable, usable);
            }
        }
        Ok(())
    }

    /// What a Python version demands on a platform: by itself, or with an extra.
    fn python(
        &self,
        package: PackageIx,
        ordinal: u32,
        platform: Platform,
        extra: Option<ExtraIx>,
    ) -> Result<Answer, IndexError> {
        let catalog = self.problem.catalog;
        let prepared = catalog.prepared(package, ordinal)?;
        let mut demands = Demands::default();
        if extra.is_some() {
            demands.push(Variable::PyOn(package, platform), Set::singleton(ordinal));
        } else if let Some(reason) = prepared.refused.clone() {
            return Ok(Answer::Refused(reason));
        } else if self.problem.is_tied(package) {
            demands.push(Variable::Py(package), Set::singleton(ordinal));
        }
        let extras: Vec<_> = extra.map(|extra| catalog.extra_name(extra)).into_iter().collect();
        let mut wanted_needs: Vec<&Need> = Vec::new();
        let scope = catalog.home();
        for need in &prepared.needs {
            let always = catalog.holds_on(&need.requirement, &[]).contains(platform);
            let wanted = match extra {
                None => always,
                Some(_) => !always && catalog.holds_on(&need.requirement, &extras).contains(platform),
            };
            if wanted {
                wanted_needs.push(need);
            }
        }
        if extra.is_some() {
            catalog.announce(wanted_needs.iter().copied());
        }
        for need in wanted_needs {
            self.problem.demand(need, scope, platform.into(), &mut demands)?;
        }
        Ok(Answer::Demands(demands))
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

    /// Returns what a choice demands.
    pub(super) fn answer(&self, variable: Variable, ordinal: u32) -> Result<Answer, IndexError> {
        Ok(match variable {
            Variable::Root => {
                let lines = self.problem.steering.active.iter();
                Answer::Demands(Demands(lines.map(|&line| (Variable::Line(line), Set::singleton(0))).collect()))
            }
            Variable::Line(place) => {
                let demands = self.problem.line(place)?;
                if self.problem.catalog.lines[place as usize].optional {
                    self.note_optional(variable, Droppable::Line(place), &demands);
                }
                Answer::Demands(demands)
            }
            Variable::Npm { package, .. } | Variable::Larder(package, _) | Variable::Path(package) => {
                self.release(variable, package, ordinal)?
            }
            Variable::Py(_) => Answer::Demands(Demands::default()),
            Variable::PyOn(package, platform) => self.python(package, ordinal, platform, None)?,
            Variable::PyExtra(package, extra, platform) => self.python(package, ordinal, platform, Some(extra))?,
        })
    }
}

/// What a choice comes to.
#[derive(Debug)]
pub(super) enum Answer {
    /// It demands this.
    Demands(Demands),
    /// It cannot be made.
    Refused(String),
}

impl DependencyProvider for Provider<'_> {
    type P = Variable;
    type V = u32;
    type VS = Set;
    type Priority = (Urgency, Reverse<u32>);
    type M = String;
    type Err = IndexError;

    fn prioritize(&self, variable: &Variable, range: &Set, conflicts: &PackageResolutionStatistics) -> Self::Priority {
        let settled = |package: PackageIx| {
            range.len() <= 1
                || self.problem.catalog.loaded(package).is_ok_and(|loaded| loaded.locked_in(range).is_some())
        };
        let urgency = match *variable {
            Variable::Root | Variable::Line(_) => Urgency::Manifest,
            Variable::PyExtra(..) => Urgency::Extra,
            Variable::PyOn(package, _) if self.problem.is_tied(package) => Urgency::Follower,
            Variable::Npm { .. } if self.wishes.borrow().contains_key(variable) => Urgency::Peer,
            _ if conflicts.conflict_count() >= STUBBORN => Urgency::Stubborn,
            Variable::Py(package) | Variable::PyOn(package, _) if settled(package) => Urgency::Settled,
            _ => Urgency::Normal,
        };
        let width = if urgency == Urgency::Stubborn { range.len() } else { 0 };
        (urgency, Reverse(width))
    }

    fn choose_version(&self, variable: &Variable, range: &Set) -> Result<Option<u32>, IndexError> {
        let picked = self.pick(*variable, range)?;
        if let Some(ordinal) = picked {
            self.remember(*variable, ordinal);
        }
        Ok(picked)
    }

    fn get_dependencies(
        &self,
        variable: &Variable,
        ordinal: &u32,
    ) -> Result<Dependencies<Variable, Set, String>, IndexError> {
        let demands = match self.answer(*variable, *ordinal)? {
            Answer::Demands(demands) => demands,
            Answer::Refused(reason) => return Ok(Dependencies::Unavailable(reason)),
        };
        let on_itself = |demand: &(Variable, Set)| demand.0 == *variable;
        if demands.0.iter().any(|demand| on_itself(demand) && !demand.1.contains(ordinal)) {
            return Ok(Dependencies::Unavailable("it asks for another version of itself".to_owned()));
        }
        Ok(Dependencies::Available(demands.0.into_iter().filter(|demand| !on_itself(demand)).collect()))
    }
}

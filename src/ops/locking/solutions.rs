//! Solving a project: once, or once for each side where groups exclude each other.
//!
//! Sides are solved in the order of their names, each preferring what the ones before chose for the packages that lines of
//! every side lead to. Where they still differ in one, the sides before are asked whether they can do with the others'
//! choice: so the packages outside of a conflict agree as far as they can, whichever side limits them.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Exit;
use crate::model::{Graph, Label, PackageId, Routes, Settings, Side, Version};
use crate::registry::Registries;
use crate::resolve::{
    self, IndexError, LineId, Preferences, RequiredLine, Requirements, Resolution, ResolveError, UnbuiltRelease,
    UnknownSource,
};

use super::further_conflicts;
use super::unmoved;
use super::wish::Contradictions;
use crate::ops::failure::{self, Underlined, Unsatisfiable};
use crate::ops::{Error, Project, Result};

/// What a solve stopped for, to go on when it is known.
#[derive(Clone, Copy, Debug)]
pub(in crate::ops) enum Unknown<'a> {
    /// What a version needs, which only a build tells.
    Unbuilt(&'a UnbuiltRelease),
    /// A package that another one brings from outside of registries.
    Outside(&'a UnknownSource),
}

/// Finds out what a solve stopped for, and tells the registries.
pub(in crate::ops) type FindOut<'a> = dyn Fn(Unknown<'_>) -> Result<()> + 'a;

/// A project's solution, and what it does without.
pub(in crate::ops) struct Solved {
    /// The solution.
    pub(in crate::ops) resolution: Resolution,
    /// The groups that no environment includes and that have no solution beside the others, each with the reason.
    pub(in crate::ops) left_out: BTreeMap<Label, String>,
}

/// Solves a project's requirements; `preferences` returns what is preferred on a side. A group that no environment includes is left
/// out where there is no solution with it; some are left out already.
pub(in crate::ops) fn solve(
    project: &Project,
    settings: &Settings,
    (registries, left_out, locked_groups): (&Registries, BTreeMap<Label, String>, BTreeSet<Label>),
    (find_out, contradictions): (&FindOut<'_>, Contradictions),
    preferences: impl Fn(Option<&Side>) -> Preferences,
) -> Result<Solved> {
    let (idle, left_out) = (project.idle_groups(), RefCell::new(left_out));
    let problem =
        SolveInputs { project, settings, registries, find_out, contradictions, idle, locked_groups, left_out };
    let resolution = solve_sides(&problem, preferences)?;
    Ok(Solved { resolution, left_out: problem.left_out.into_inner() })
}

fn solve_sides(problem: &SolveInputs<'_>, preferences: impl Fn(Option<&Side>) -> Preferences) -> Result<Resolution> {
    let project = problem.project;
    let sides: Vec<&Side> = project.sides.iter().collect();
    if sides.is_empty() {
        return problem.solve(None, &preferences(None));
    }
    let own: Vec<Preferences> = sides.iter().map(|side| preferences(Some(side))).collect();
    let mut solved: Vec<Resolution> = Vec::with_capacity(sides.len());
    for (place, side) in sides.iter().enumerate() {
        let shared: Vec<_> = solved.iter().zip(&sides).map(|(one, side)| problem.shared(one, side)).collect();
        solved.push(problem.solve(Some((place, side)), &joined(&own[place], shared.iter()))?);
    }
    for (place, side) in sides.iter().enumerate() {
        let shared: Vec<_> = solved.iter().zip(&sides).map(|(one, side)| problem.shared(one, side)).collect();
        let others = || shared.iter().enumerate().filter(move |(other, _)| *other != place).map(|(_, graph)| graph);
        let apart = |one: &Graph| others().map(|other| differences(one, other, &own[place])).sum::<usize>();
        let before = apart(&shared[place]);
        if before == 0 {
            continue;
        }
        // The last that was solved has had to respect most.
        let wish = joined(&own[place], others().collect::<Vec<_>>().into_iter().rev());
        let again = problem.solve(Some((place, side)), &wish)?;
        if apart(&problem.shared(&again, side)) < before {
            solved[place] = again;
        }
    }
    let mut warnings: Vec<_> = solved.iter().flat_map(|one| one.warnings.iter().cloned()).collect();
    warnings.sort();
    warnings.dedup();
    let solutions = sides.into_iter().cloned().zip(solved.into_iter().map(|one| one.graph)).collect();
    Ok(Resolution { graph: Graph::joined(solutions), warnings, packages_from_cache: Vec::new() })
}

struct SolveInputs<'a> {
    project: &'a Project,
    settings: &'a Settings,
    registries: &'a Registries,
    find_out: &'a FindOut<'a>,
    contradictions: Contradictions,
    /// The groups that no environment includes.
    idle: BTreeSet<Label>,
    /// The groups that the old lock has lines of, and those that are asked for: what is locked of them is not lost because a registry does
    /// not answer.
    locked_groups: BTreeSet<Label>,
    /// Those of them that have no solution beside the other lines.
    left_out: RefCell<BTreeMap<Label, String>>,
}

impl SolveInputs<'_> {
    /// Solves for one side, given with its place, or for all lines. A group that no environment includes and that the old lock does not have
    /// is left out where a preferred version of what environments have would move for it.
    fn solve(&self, side: Option<(usize, &Side)>, preferences: &Preferences) -> Result<Resolution> {
        let found = self.solve_as_far_as_possible(side, preferences)?;
        let left_out = self.left_out.borrow().clone();
        let is_open = |group: &&Label| !left_out.contains_key(*group) && !self.locked_groups.contains(*group);
        let open: Vec<&Label> = self.idle.iter().filter(is_open).collect();
        if open.is_empty() || !unmoved::lacks_preferred(&found.graph, preferences) {
            return Ok(found);
        }
        self.left_out.borrow_mut().extend(open.iter().map(|group| ((*group).clone(), String::new())));
        let Ok(without) = self.solve_once(side, preferences) else {
            self.left_out.replace(left_out);
            return Ok(found);
        };
        if unmoved::moved(&without.graph, &found.graph, preferences).is_none() {
            self.left_out.replace(left_out);
            return Ok(found);
        }
        let mut best = None;
        for group in open {
            self.left_out.borrow_mut().remove(group);
            let reason = match self.solve_once(side, preferences) {
                Ok(with) => match unmoved::moved(&without.graph, &with.graph, preferences) {
                    None => {
                        best = Some(with);
                        continue;
                    }
                    Some(moved) => format!("it would move {moved}"),
                },
                Err(failed) => one_line(&self.failure(failed.1, &failed.0, side.map(|(_, side)| side))),
            };
            self.left_out.borrow_mut().insert(group.clone(), reason);
        }
        Ok(best.unwrap_or(without))
    }

    fn solve_as_far_as_possible(&self, side: Option<(usize, &Side)>, preferences: &Preferences) -> Result<Resolution> {
        loop {
            let (counting, mut error) = match self.solve_once(side, preferences) {
                Ok(resolution) => return Ok(resolution),
                Err(failed) => *failed,
            };
            let idle = match &error {
                ResolveError::NoSolution(core) => core.lines.iter().find_map(|line| {
                    let line = &self.project.lines[*counting.get(line.0 as usize)?];
                    line.group.clone().filter(|group| self.idle.contains(group))
                }),
                _ => None,
            };
            if is_of_network(&error) && self.leave_out_unreachable(side, preferences) {
                continue;
            }
            if let ResolveError::NoSolution(core) = &mut error
                && idle.is_none()
                && self.contradictions == Contradictions::All
            {
                further_conflicts::add(&self.requirements(&counting, side, preferences), self.registries, core);
            }
            let failure = self.failure(error, &counting, side.map(|(_, side)| side));
            match idle {
                Some(group) => drop(self.left_out.borrow_mut().insert(group, one_line(&failure))),
                None => return Err(failure),
            }
        }
    }

    /// Leaves out the groups that no environment includes and whose registries do not answer. Returns `false` if there is no solution
    /// without them either.
    fn leave_out_unreachable(&self, side: Option<(usize, &Side)>, preferences: &Preferences) -> bool {
        let before = self.left_out.borrow().clone();
        let is_open = |group: &&Label| !before.contains_key(*group) && !self.locked_groups.contains(*group);
        let open: Vec<&Label> = self.idle.iter().filter(is_open).collect();
        let error_with = |left_out: BTreeMap<Label, String>| {
            self.left_out.replace(left_out);
            self.solve_once(side, preferences).err().map(|failed| failed.1)
        };
        let without = |groups: &[&Label], reason: &str| {
            let groups = groups.iter().map(|group| ((*group).clone(), reason.to_owned()));
            before.clone().into_iter().chain(groups).collect::<BTreeMap<_, _>>()
        };
        if open.is_empty() || error_with(without(&open, "")).is_some_and(|error| is_of_network(&error)) {
            self.left_out.replace(before);
            return false;
        }
        let mut unreachable = before.clone();
        for (at, group) in open.iter().enumerate() {
            let others = [&open[..at], &open[at + 1..]].concat();
            if let Some(ResolveError::Index(error)) = error_with(without(&others, "")).filter(is_of_network) {
                unreachable.insert((*group).clone(), error.to_string());
            }
        }
        let is_any_found = unreachable.len() > before.len();
        self.left_out.replace(unreachable);
        is_any_found
    }

    /// Solves for one side, without the groups that are left out. An error comes with the lines that counted.
    fn solve_once(
        &self,
        side: Option<(usize, &Side)>,
        preferences: &Preferences,
    ) -> std::result::Result<Resolution, Box<(Vec<usize>, ResolveError)>> {
        let left_out = self.left_out.borrow();
        let counts = |line: &RequiredLine| {
            side.is_none_or(|(_, side)| self.project.sides.counts(line.group.as_ref(), side))
                && line.group.as_ref().is_none_or(|group| !left_out.contains_key(group))
        };
        let counting: Vec<usize> =
            (0..self.project.lines.len()).filter(|&at| counts(&self.project.lines[at])).collect();
        let requirements = self.requirements(&counting, side, preferences);
        resolve_for_sure(&requirements, self.registries, self.find_out).map_err(|error| Box::new((counting, error)))
    }

    /// Returns what the lines that count ask for, on one side.
    fn requirements(
        &self,
        counting: &[usize],
        side: Option<(usize, &Side)>,
        preferences: &Preferences,
    ) -> Requirements {
        let place = side.map_or(0, |(place, _)| place);
        Requirements {
            lines: counting.iter().map(|&at| self.project.lines[at].clone()).collect(),
            settings: self.settings.clone(),
            preferences: preferences.clone(),
            routes: self.project.routes.get(place).cloned().unwrap_or_else(Routes::default),
        }
    }

    /// Says why there is no solution, of the lines that counted.
    fn failure(&self, error: ResolveError, counting: &[usize], side: Option<&Side>) -> Error {
        let declared = |line: &mut LineId| {
            *line = LineId(counting.get(line.0 as usize).map_or(u32::MAX, |&at| at as u32));
        };
        match error {
            ResolveError::NoSolution(mut core) => {
                core.lines.iter_mut().for_each(declared);
                core.others.iter_mut().flat_map(|other| &mut other.lines).for_each(declared);
                // A group that no environment includes keeps nothing from being locked.
                let is_idle = |line: &LineId| {
                    let group = self.project.lines.get(line.0 as usize).and_then(|line| line.group.as_ref());
                    group.is_some_and(|group| self.idle.contains(group))
                };
                core.others.retain(|other| !other.lines.iter().all(is_idle));
                Unsatisfiable::new(self.project, &core, side).into()
            }
            ResolveError::TooManyPeerContexts(mut entangled) => {
                entangled.lines.iter_mut().for_each(declared);
                Unsatisfiable::entangled(self.project, &entangled).into()
            }
            ResolveError::Index(error) => self.underlined(failure::of_index(error)),
        }
    }

    /// Underlines the lines that ask for the package that a failure is about.
    fn underlined(&self, error: Error) -> Error {
        let Some((ecosystem, name)) = error.failure().asked_for() else { return error };
        let asks = |line: &RequiredLine| {
            line.requirement.ecosystem().as_str() == ecosystem && line.requirement.name().as_str() == name
        };
        let lines = (0u32..).zip(&self.project.lines).filter(|(_, line)| asks(line)).map(|(at, _)| LineId(at));
        let lines: Vec<LineId> = lines.collect();
        if lines.is_empty() { error } else { Underlined::new(self.project, &lines, error).into() }
    }

    /// Returns of a side's solution what lines of every side lead to.
    fn shared(&self, solved: &Resolution, side: &Side) -> Graph {
        Graph { sides: self.project.sides.clone(), ..solved.graph.clone() }.shared_on(side)
    }
}

/// Resolves, and once more where the outcome rests on cached answers that may be too old: without a version, a tag or a file that
/// was asked for. Their registries are asked then, each once.
pub(in crate::ops) fn resolve_for_sure(
    requirements: &Requirements,
    registries: &Registries,
    find_out: &FindOut<'_>,
) -> std::result::Result<Resolution, ResolveError> {
    let mut outcome = resolve_building(requirements, registries, find_out);
    loop {
        let packages_from_cache = match &outcome {
            Ok(resolution) => &resolution.packages_from_cache[..],
            Err(ResolveError::NoSolution(core)) => &core.packages_from_cache[..],
            Err(ResolveError::Index(_) | ResolveError::TooManyPeerContexts(_)) => &[],
        };
        if !registries.drop_cached(packages_from_cache) {
            return outcome;
        }
        outcome = match (outcome, resolve_building(requirements, registries, find_out)) {
            // A registry that does not answer is no reason to give up what was found without it.
            (Ok(found), Err(ResolveError::Index(_))) => return Ok(found),
            (_, outcome) => outcome,
        };
    }
}

/// Resolves, and again each time that something had to be found out: by building a version, or by fetching what a version brings
/// from outside of registries. Each is done once.
fn resolve_building(
    requirements: &Requirements,
    registries: &Registries,
    find_out: &FindOut<'_>,
) -> std::result::Result<Resolution, ResolveError> {
    let (mut built, mut fetched) = (BTreeSet::new(), BTreeSet::new());
    loop {
        match resolve::resolve(requirements, registries) {
            Err(ResolveError::Index(IndexError::Unbuilt(unbuilt))) if built.insert(unbuilt.package.clone()) => {
                find_out(Unknown::Unbuilt(&unbuilt)).map_err(|error| IndexError::Failed(error.into()))?;
            }
            Err(ResolveError::Index(IndexError::Outside(asked))) if fetched.insert(asked.package.clone()) => {
                find_out(Unknown::Outside(&asked)).map_err(|error| IndexError::Failed(error.into()))?;
            }
            outcome => return outcome,
        }
    }
}

/// Adds the versions that the solutions of other sides chose to the preferences of a side. Earlier ones take precedence.
fn joined<'g>(own: &Preferences, others: impl Iterator<Item = &'g Graph>) -> Preferences {
    others.fold(own.clone(), |all, other| all.or(crate::lock::chosen(other)))
}

/// Counts the packages that two solutions have in different versions, and that a side need not keep.
fn differences(one: &Graph, other: &Graph, kept: &Preferences) -> usize {
    let versions = |graph: &Graph, package: &PackageId| -> BTreeSet<Version> {
        graph.packages.keys().filter(|key| key.id == *package).map(|key| key.version.clone()).collect()
    };
    let packages: BTreeSet<&PackageId> = one.packages.keys().map(|key| &key.id).collect();
    let differs = |package: &&PackageId| {
        let there = versions(other, package);
        !there.is_empty() && there != versions(one, package)
    };
    packages.into_iter().filter(|package| !kept.versions.contains_key(*package)).filter(differs).count()
}

/// Returns whether a registry did not answer.
fn is_of_network(error: &ResolveError) -> bool {
    matches!(error, ResolveError::Index(IndexError::Failed(failure)) if failure.exit() == Exit::Network)
}

/// Returns an error's message in one line.
fn one_line(error: &Error) -> String {
    let text = error.failure().to_string();
    let (head, list) = text.split_once(":\n- ").unwrap_or((&text, ""));
    if list.is_empty() { head.to_owned() } else { format!("{head}: {}", list.replace("\n- ", "; ")) }
}

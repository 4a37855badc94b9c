//! The smallest set of moves that cures vulnerabilities: the project is solved again, without the versions that have them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::advisory::Vulnerability;
use crate::diagnostic::Exit;
use crate::lock::{Closure, Lockfile};
use crate::manifest::Environment;
use crate::model::{PackageId, PackageKey, Version};
use crate::policy::SolveNotes;
use crate::registry::{AdvisoryDatabases, CachePolicy, Registries};
use crate::resolve::Index;

use crate::ops::lock::{self, Contradictions, Wish};
use crate::ops::locking::age::{self, AgeCutoff};
use crate::ops::project::selection;
use crate::ops::session::release;
use crate::ops::{Error, Project, Result, Session, advisories, failure, registries, runtimes};

use super::unavoidable;

/// The most packages that are tried to be kept although a first solution moves them.
const MOST_TRIES: usize = 32;

/// The most vulnerabilities that are looked at one after the other where it is only told whether they can be cured.
const MOST_LOOKED_AT: usize = 8;

/// Versions that must not be chosen.
type Excluded = BTreeMap<PackageId, BTreeSet<Version>>;

/// A lock without vulnerabilities that can be cured.
pub(super) struct Cure {
    /// The lock.
    pub(super) lockfile: Lockfile,
    /// What only its solve knows.
    pub(super) solved: SolveNotes,
    /// The vulnerabilities that stay: with every version that may be chosen, something has them.
    pub(super) incurable: Vec<Incurable>,
}

/// How many times it is solved to say of vulnerabilities whether they can be cured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Effort {
    /// As many times as there are vulnerabilities.
    Whole,
    /// So many times: to only tell of it must not take long.
    Solves(usize),
}

/// A vulnerability that stays.
#[derive(Clone, Debug)]
pub(super) struct Incurable {
    /// The vulnerability.
    pub(super) vulnerability: Vulnerability,
    /// What would come in with every version that is without it: `GHSA-… of npm:left@1.0.0`. Nothing if there is no such version.
    pub(super) brings: Vec<String>,
}

/// Vulnerabilities, sorted into those that can be cured together, and the others.
struct Sorted {
    found: Option<(Lockfile, SolveNotes)>,
    curable: Vec<Vulnerability>,
    incurable: Vec<Incurable>,
    /// Those that were not looked at.
    unknown: Vec<Vulnerability>,
}

/// What only tells of cures knows of vulnerabilities. All others can be cured together.
pub(super) struct Outlook {
    /// Those that cannot be cured.
    pub(super) incurable: Vec<Incurable>,
    /// Those of which it is not known.
    pub(super) unknown: Vec<Vulnerability>,
}

/// What came of a solve.
enum Attempt {
    Solved(Box<(Lockfile, SolveNotes)>),
    /// There is no solution.
    Unsolvable,
    /// Each solution brings vulnerabilities in: these, and with others more.
    Vulnerable(Vec<Vulnerability>),
}

/// A project whose vulnerabilities are to be cured, with its registries, which stay open from one solve to the next.
pub(super) struct Patient<'a> {
    session: &'a Session<'a>,
    /// The project, with the cutoff of `age` and the runtimes applied.
    project: Project,
    /// The project without its runtimes.
    declared: Project,
    before: &'a Lockfile,
    /// The vulnerabilities that it has.
    known: Exposure,
    registries: Registries,
    databases: AdvisoryDatabases,
}

impl<'a> Patient<'a> {
    /// Opens the registries; nothing is asked yet.
    pub(super) fn new(session: &'a Session<'a>, project: &Project, before: &'a Lockfile) -> Result<Self> {
        let declared = age::applied(project, Some(before), AgeCutoff::Moved).into_owned();
        let project = runtimes::applied(&declared, &before.runtimes).into_owned();
        let registries = registries::open(session, &project, CachePolicy::MaxAge)?;
        let databases = advisories::of_lock(session.context, &project, before);
        let known = exposure(&databases, &project, before)?;
        Ok(Self { session, project, declared, before, known, registries, databases })
    }

    /// Takes the lines of another project, which has the same registries.
    pub(super) fn take_lines_of(&mut self, project: &Project) {
        self.declared = age::applied(project, Some(self.before), AgeCutoff::Moved).into_owned();
        self.project = runtimes::applied(&self.declared, &self.before.runtimes).into_owned();
    }

    /// Returns the versions of a package, as its registry has them.
    pub(super) fn versions(&self, id: &PackageId) -> Result<Vec<Version>> {
        let versions = self.registries.versions(id).map_err(failure::of_index)?;
        Ok(versions.candidates.iter().map(|candidate| candidate.version.clone()).collect())
    }

    /// Returns whether all of these vulnerabilities can be cured together.
    pub(super) fn is_curable(&self, wanted: &[Vulnerability]) -> Result<bool> {
        Ok(matches!(self.solve(&self.versions_with(wanted)?, wanted)?, Attempt::Solved(_)))
    }

    /// Closes the registries. They are large, and the end of the process need not wait for them.
    pub(super) fn release(self) {
        release(self.registries);
    }

    /// Finds the lock that has as few of these vulnerabilities as possible, the worst first, and moves as few packages as possible.
    pub(super) fn cure(&self, wanted: &[Vulnerability]) -> Result<Cure> {
        let Sorted { found, curable, incurable, .. } = self.sort(wanted, Effort::Whole)?;
        let (lockfile, solved) = match found {
            Some(found) => self.with_fewer_moves(found, &self.versions_with(&curable)?, &curable)?,
            None => (self.before.clone(), SolveNotes::default()),
        };
        Ok(Cure { lockfile, solved, incurable })
    }

    /// Returns those of these vulnerabilities that cannot be cured.
    pub(super) fn incurable(&self, wanted: &[Vulnerability]) -> Result<Vec<Incurable>> {
        Ok(self.sort(wanted, Effort::Whole)?.incurable)
    }

    /// Returns what can be said soon of whether these vulnerabilities can be cured.
    pub(super) fn outlook(&self, wanted: &[Vulnerability]) -> Result<Outlook> {
        let Sorted { incurable, unknown, .. } = self.sort(wanted, Effort::Solves(MOST_LOOKED_AT))?;
        Ok(Outlook { incurable, unknown })
    }

    /// Tries all of them together that are not in every solution, and if that has no solution, one after the other, the worst first.
    fn sort(&self, wanted: &[Vulnerability], effort: Effort) -> Result<Sorted> {
        let mut sorted = Sorted { found: None, curable: Vec::new(), incurable: Vec::new(), unknown: Vec::new() };
        let unavoidable = self.unavoidable(wanted)?;
        let is_open = |(at, one): (usize, &Vulnerability)| (!unavoidable[at]).then(|| one.clone());
        let mut open: Vec<Vulnerability> = wanted.iter().enumerate().filter_map(is_open).collect();
        let others = wanted.iter().zip(&unavoidable).filter(|(_, is_unavoidable)| **is_unavoidable);
        sorted.incurable.extend(others.map(|(one, _)| Incurable::of(one, &[])));
        if open.is_empty() && !wanted.is_empty() {
            sorted.incurable.sort_by_key(|one| Reverse(one.vulnerability.severity()));
            return Ok(sorted);
        }
        if let Attempt::Solved(solved) = self.solve(&self.versions_with(&open)?, &open)? {
            sorted.incurable.sort_by_key(|one| Reverse(one.vulnerability.severity()));
            return Ok(Sorted { found: Some(*solved), curable: open, ..sorted });
        }
        open.sort_by_key(|vulnerability| Reverse(vulnerability.severity()));
        for (solves, vulnerability) in open.into_iter().enumerate() {
            if matches!(effort, Effort::Solves(most) if solves >= most) {
                sorted.unknown.push(vulnerability);
                continue;
            }
            sorted.curable.push(vulnerability);
            let brings = match self.solve(&self.versions_with(&sorted.curable)?, &sorted.curable)? {
                Attempt::Solved(solved) => {
                    sorted.found = Some(*solved);
                    continue;
                }
                Attempt::Unsolvable => Vec::new(),
                Attempt::Vulnerable(brought) => brought,
            };
            let vulnerability = sorted.curable.pop();
            sorted.incurable.extend(vulnerability.map(|one| Incurable::of(&one, &brings)));
        }
        sorted.incurable.sort_by_key(|one| Reverse(one.vulnerability.severity()));
        Ok(sorted)
    }

    /// Returns of each of these vulnerabilities whether every solution has it, as far as that is known without a solve.
    fn unavoidable(&self, wanted: &[Vulnerability]) -> Result<Vec<bool>> {
        let versions = |one: &Vulnerability| -> Result<_> {
            let id = one.package.id.clone();
            let versions = self.versions_with(std::slice::from_ref(one))?.remove(&id).unwrap_or_default();
            Ok((id, versions))
        };
        let vulnerable = wanted.iter().map(versions).collect::<Result<Vec<_>>>()?;
        let wish = wish(self.before, &Excluded::new());
        Ok(unavoidable::find(&self.project, (self.before, &wish), &self.registries, vulnerable))
    }

    /// Returns the versions of the vulnerable packages that have one of these vulnerabilities.
    fn versions_with(&self, vulnerabilities: &[Vulnerability]) -> Result<Excluded> {
        let mut excluded = Excluded::new();
        for id in vulnerabilities.iter().map(|vulnerability| &vulnerability.package.id).collect::<BTreeSet<_>>() {
            let versions = self.versions(id)?.into_iter();
            let keys: Vec<PackageKey> = versions.map(|version| PackageKey { id: id.clone(), version }).collect();
            let known = self.databases.vulnerabilities(keys.iter()).map_err(Error::from)?.found;
            let having = known.into_iter().filter(|found| is_among(vulnerabilities, found));
            excluded.entry(id.clone()).or_default().extend(having.map(|found| found.package.version));
        }
        Ok(excluded)
    }

    /// Solves without some versions, so that no vulnerability comes in; where that cannot be, so that none does that is as severe as the
    /// worst of those to be cured.
    fn solve(&self, excluded: &Excluded, cured: &[Vulnerability]) -> Result<Attempt> {
        let Some(first) = self.solve_once(excluded)? else { return Ok(Attempt::Unsolvable) };
        let brought = self.brought_in(&first.0)?;
        if brought.is_empty() {
            return Ok(Attempt::Solved(Box::new(first)));
        }
        let attempt = self.solve_without(excluded, brought.clone(), |_| true)?;
        if let Attempt::Solved(_) = attempt {
            return Ok(attempt);
        }
        let worst = cured.iter().map(Vulnerability::severity).max();
        let is_severe = |found: &Vulnerability| Some(found.severity()) >= worst;
        let severe: Vec<Vulnerability> = brought.into_iter().filter(is_severe).collect();
        if severe.is_empty() {
            return Ok(Attempt::Solved(Box::new(first)));
        }
        self.solve_without(excluded, severe, is_severe)
    }

    /// Solves without some versions and without those that bring a vulnerability in: those of which that is known, and of what is seen then,
    /// such as is meant.
    fn solve_without(
        &self,
        excluded: &Excluded,
        mut brought: Vec<Vulnerability>,
        is_meant: impl Fn(&Vulnerability) -> bool,
    ) -> Result<Attempt> {
        let (mut excluded, mut new) = (excluded.clone(), brought.clone());
        let count = |excluded: &Excluded| excluded.values().map(BTreeSet::len).sum::<usize>();
        loop {
            let before = count(&excluded);
            for (id, versions) in self.versions_with(&new)? {
                excluded.entry(id).or_default().extend(versions);
            }
            // What no registry lists cannot be excluded.
            if count(&excluded) == before {
                return Ok(Attempt::Vulnerable(brought));
            }
            let Some(solved) = self.solve_once(&excluded)? else { return Ok(Attempt::Vulnerable(brought)) };
            new = self.brought_in(&solved.0)?;
            new.retain(|found| is_meant(found));
            if new.is_empty() {
                return Ok(Attempt::Solved(Box::new(solved)));
            }
            let unknown: Vec<Vulnerability> = new.iter().filter(|one| !is_among(&brought, one)).cloned().collect();
            brought.extend(unknown);
        }
    }

    /// Returns the vulnerabilities that a lock would bring in.
    fn brought_in(&self, lockfile: &Lockfile) -> Result<Vec<Vulnerability>> {
        let now = exposure(&self.databases, &self.project, lockfile)?;
        let mut brought: Vec<Vulnerability> = Vec::new();
        for found in now.since(&self.known) {
            if !brought.contains(found) {
                brought.push(found.clone());
            }
        }
        Ok(brought)
    }

    /// Solves without some versions. Returns `None` if there is no solution, or only one that leaves out what was there.
    fn solve_once(&self, excluded: &Excluded) -> Result<Option<(Lockfile, SolveNotes)>> {
        let wish = wish(self.before, excluded);
        let runtimes = &self.before.runtimes;
        match lock::solve_with(self.session, &self.project, &wish, &self.registries, runtimes) {
            Ok((lockfile, _)) if leaves_out(self.before, &lockfile) => Ok(None),
            Ok((lockfile, solved)) => Ok(Some((runtimes::locked(lockfile, &self.declared, runtimes.clone()), solved))),
            Err(error) if error.failure().exit() == Exit::NoSolution => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Tries to keep each package that moved although it has no vulnerability: the solver prefers what is locked, but it does not
    /// go back to it once it had to leave it.
    fn with_fewer_moves(
        &self,
        found: (Lockfile, SolveNotes),
        excluded: &Excluded,
        cured: &[Vulnerability],
    ) -> Result<(Lockfile, SolveNotes)> {
        let (mut best, mut excluded) = (found, excluded.clone());
        let mut tried = BTreeSet::new();
        for _ in 0..MOST_TRIES {
            let moved = moved(self.before, &best.0);
            let Some(id) = moved.iter().find(|id| !excluded.contains_key(*id) && tried.insert((*id).clone())) else {
                break;
            };
            let kept: BTreeSet<&Version> = versions_of(self.before, id);
            let others = self.versions(id)?.into_iter().filter(|version| !kept.contains(version)).collect();
            let mut stricter = excluded.clone();
            stricter.insert(id.clone(), others);
            if let Attempt::Solved(solved) = self.solve(&stricter, cured)?
                && self::moved(self.before, &solved.0).len() < moved.len()
            {
                (best, excluded) = (*solved, stricter);
            }
        }
        Ok(best)
    }
}

impl Incurable {
    fn of(vulnerability: &Vulnerability, brings: &[Vulnerability]) -> Self {
        let brings = brings.iter().map(|one| format!("{} of {}", one.id, one.package)).collect();
        Self { vulnerability: vulnerability.clone(), brings }
    }
}

/// Wishes to keep what a lock has, less some versions.
fn wish<'l>(before: &'l Lockfile, excluded: &Excluded) -> Wish<'l> {
    Wish {
        excluded: excluded.clone(),
        age_cutoff: AgeCutoff::Moved,
        contradictions: Contradictions::First,
        ..Wish::keeping(before)
    }
}

/// The vulnerabilities of a lock that are not ignored: those of each environment, and of all that is locked.
struct Exposure(Vec<Vec<Vulnerability>>);

impl Exposure {
    /// Returns the vulnerabilities that an environment has and that it had not before.
    fn since<'e>(&'e self, before: &'e Self) -> impl Iterator<Item = &'e Vulnerability> {
        self.0.iter().zip(&before.0).flat_map(|(now, known)| now.iter().filter(move |found| !is_among(known, found)))
    }
}

/// Returns the vulnerabilities of a lock of a project.
fn exposure(databases: &AdvisoryDatabases, project: &Project, lockfile: &Lockfile) -> Result<Exposure> {
    let all = databases.vulnerabilities(lockfile.graph.packages.keys()).map_err(Error::from)?.found;
    let today = advisories::today();
    let is_ignored = |environment: &Environment, found: &Vulnerability| {
        let mut rules = environment.policy.advisories.ignored.iter().filter(|rule| found.is_named(&rule.id));
        rules.any(|rule| rule.holds_on(today))
    };
    let environments = &project.manifest.environments;
    let mut exposure = Vec::with_capacity(environments.len() + 1);
    for environment in environments {
        let closure = Closure::of(&lockfile.graph, &selection(environment, None));
        let packages: BTreeSet<&PackageKey> = closure.packages().map(|(key, _)| key).collect();
        let here = |found: &&Vulnerability| packages.contains(&found.package) && !is_ignored(environment, found);
        exposure.push(all.iter().filter(here).cloned().collect());
    }
    let anywhere = |found: &Vulnerability| !environments.iter().any(|environment| is_ignored(environment, found));
    exposure.push(all.into_iter().filter(anywhere).collect());
    Ok(Exposure(exposure))
}

/// Returns whether these have a vulnerability already: the same package does, in whichever version.
fn is_among(known: &[Vulnerability], found: &Vulnerability) -> bool {
    let mut same = known.iter().filter(|one| one.package.id == found.package.id);
    same.any(|one| found.names().any(|name| one.is_named(name)))
}

/// Returns the packages of a lock that have other versions in another one, or are gone.
fn moved(before: &Lockfile, after: &Lockfile) -> BTreeSet<PackageId> {
    let ids: BTreeSet<&PackageId> = before.graph.packages.keys().map(|key| &key.id).collect();
    ids.into_iter().filter(|id| versions_of(before, id) != versions_of(after, id)).cloned().collect()
}

fn versions_of<'l>(lockfile: &'l Lockfile, id: &PackageId) -> BTreeSet<&'l Version> {
    lockfile.graph.packages.keys().filter(|key| key.id == *id).map(|key| &key.version).collect()
}

/// Returns whether a lock lacks what another one has: a line, or an optional dependency. To leave something out is no cure.
fn leaves_out(before: &Lockfile, after: &Lockfile) -> bool {
    let lines = |lockfile: &Lockfile| lockfile.graph.roots.iter().filter(|root| !root.to.is_empty()).count();
    let dropped = |lockfile: &Lockfile| -> BTreeSet<String> {
        let instances = lockfile.graph.instances.values();
        instances.flat_map(|instance| instance.dropped.iter().map(|dropped| dropped.name.to_string())).collect()
    };
    let (known, now) = (dropped(before), dropped(after));
    lines(after) < lines(before) || !now.is_subset(&known)
}

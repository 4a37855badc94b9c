//! Groups of direct dependencies that move together.

use std::collections::BTreeSet;

use crate::diagnostic::{Exit, nearest};
use crate::difference::Difference;
use crate::lock::Lockfile;
use crate::model::PackageId;
use crate::policy::SolveNotes;
use crate::registry::{CachePolicy, Registries};

use crate::ops::lock::{self, Contradictions, Wish};
use crate::ops::locking::age::{self, AgeCutoff};
use crate::ops::project::spec::Known;
use crate::ops::session::release;
use crate::ops::update::NotLocked;
use crate::ops::{Project, Result, Session, registries, runtimes};

/// Direct dependencies that move together: one of them alone takes the others along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Group {
    direct: BTreeSet<PackageId>,
    /// What has to be free to move so that they can.
    moved: BTreeSet<PackageId>,
}

impl Group {
    /// Returns how messages name it.
    pub(super) fn title(&self) -> String {
        self.direct.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    }
}

/// The groups that are tried, and the direct dependencies that are left for another time.
pub(super) struct FoundGroups {
    pub(super) groups: Vec<Group>,
    pub(super) waiting: Vec<String>,
}

/// A lock in which one more group has moved.
pub(super) struct GroupUpdate {
    pub(super) lockfile: Lockfile,
    pub(super) solved: SolveNotes,
    /// How it differs from the lock before.
    pub(super) difference: Difference,
}

/// A project whose dependencies are to move, with its registries, which stay open from one solve to the next.
pub(super) struct Planner<'a> {
    session: &'a Session<'a>,
    /// The project with the cutoff of `age` and the runtimes applied.
    project: Project,
    /// The project without its runtimes.
    declared: Project,
    before: &'a Lockfile,
    registries: Registries,
}

impl<'a> Planner<'a> {
    /// Opens the registries; nothing is asked yet.
    pub(super) fn new(session: &'a Session<'a>, project: &Project, before: &'a Lockfile) -> Result<Self> {
        let declared = age::applied(project, Some(before), AgeCutoff::Moved).into_owned();
        let project = runtimes::applied(&declared, &before.runtimes).into_owned();
        let registries = registries::open(session, &project, CachePolicy::Revalidate)?;
        Ok(Self { session, project, declared, before, registries })
    }

    /// Closes the registries.
    pub(super) fn release(self) {
        release(self.registries);
    }

    /// Finds the direct dependencies that can move, sorted by name, and puts together those that move together. At most `limit`
    /// groups are made.
    pub(super) fn groups(&self, names: &[String], limit: usize) -> Result<FoundGroups> {
        let wanted = self.wanted(names)?;
        let all = self.before.graph.packages.keys().map(|key| key.id.clone()).collect();
        let Some((newest, _)) = self.solve(self.before, &all)? else {
            return Ok(FoundGroups { groups: Vec::new(), waiting: Vec::new() });
        };
        let possible = lock::compare(self.before, &newest);
        let changed: BTreeSet<PackageId> = possible.changed.iter().map(|(id, ..)| id.clone()).collect();
        let mut groups: Vec<Group> = Vec::new();
        let (mut tied, mut waiting) = (BTreeSet::new(), Vec::new());
        for id in direct(&possible).into_iter().filter(|id| wanted.as_ref().is_none_or(|wanted| wanted.contains(id))) {
            if groups.iter().any(|group| group.direct.contains(&id)) {
                continue;
            }
            if groups.len() >= limit {
                waiting.push(id.to_string());
                continue;
            }
            let alone = self.step(self.before, &Group::of(BTreeSet::from([id.clone()])))?;
            let together = alone.map(|step| direct(&step.difference)).unwrap_or_default();
            if !together.contains(&id) {
                tied.insert(id);
                continue;
            }
            let (sharing, others): (Vec<Group>, Vec<Group>) =
                groups.into_iter().partition(|group| !group.direct.is_disjoint(&together));
            let joined = sharing.into_iter().flat_map(|group| group.direct).chain(together).collect();
            groups = others.into_iter().chain([Group::of(joined)]).collect();
        }
        if !tied.is_empty() && groups.len() < limit {
            // What none of them can do alone, they may do together with all that moves.
            groups.push(Group { direct: tied, moved: changed });
        } else {
            waiting.extend(tied.iter().map(ToString::to_string));
        }
        Ok(FoundGroups { groups, waiting })
    }

    /// Moves a group, and keeps everything else as `current` has it. Returns `None` if none of its direct dependencies moves.
    pub(super) fn step(&self, current: &Lockfile, group: &Group) -> Result<Option<GroupUpdate>> {
        let Some((lockfile, solved)) = self.solve(current, &group.moved)? else { return Ok(None) };
        let difference = lock::compare(current, &lockfile);
        let is_moved = direct(&difference).iter().any(|id| group.direct.contains(id));
        Ok(is_moved.then_some(GroupUpdate { lockfile, solved, difference }))
    }

    /// Solves with some packages free to move. Returns `None` if there is no solution.
    fn solve(&self, kept: &Lockfile, moved: &BTreeSet<PackageId>) -> Result<Option<(Lockfile, SolveNotes)>> {
        let wish = Wish {
            moved: moved.clone(),
            age_cutoff: AgeCutoff::Moved,
            contradictions: Contradictions::First,
            ..Wish::keeping(kept)
        };
        let runtimes = &self.before.runtimes;
        match lock::solve_with(self.session, &self.project, &wish, &self.registries, runtimes) {
            Ok((lockfile, solved)) => Ok(Some((runtimes::locked(lockfile, &self.declared, runtimes.clone()), solved))),
            Err(error) if error.failure().exit() == Exit::NoSolution => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Returns the packages that are named, or `None` if none is. A name that is not locked is an error.
    fn wanted(&self, names: &[String]) -> Result<Option<BTreeSet<PackageId>>> {
        let mut wanted = BTreeSet::new();
        for name in names {
            let known = Known::parse(name);
            let locked = || self.before.graph.packages.keys().map(|key| &key.id);
            let before = wanted.len();
            wanted.extend(locked().filter(|id| known.names(id)).cloned());
            if wanted.len() == before && !locked().any(|id| known.names(id)) {
                let meant = nearest(name, locked().map(|id| id.name.as_str())).map(str::to_owned);
                return Err(NotLocked { name: name.clone(), meant }.into());
            }
        }
        Ok((!names.is_empty()).then_some(wanted))
    }
}

impl Group {
    fn of(direct: BTreeSet<PackageId>) -> Self {
        Self { moved: direct.clone(), direct }
    }
}

/// Returns the direct dependencies that have other versions.
fn direct(difference: &Difference) -> BTreeSet<PackageId> {
    let changed = difference.changed.iter().map(|(id, ..)| id);
    changed.filter(|id| difference.direct.contains(*id)).cloned().collect()
}

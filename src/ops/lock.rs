//! Bringing `larder.lock` up to date.

use std::time::Duration;

use serde::Serialize;

use crate::diagnostic::Exit;
use crate::difference::Difference;
use crate::fs::{self, Durability};
use crate::import::locks::LockedVersions;
use crate::lock::{self, DeclaredState, Freshness, Lockfile, StaleReason};
use crate::model::{Label, PackageId, Runtimes, Settings, Side, Source};
use crate::policy::{Finding, FindingReport, SolveNotes};
use crate::profile;
use crate::registry::{self, Registries};
use crate::resolve::{self, Resolution};

use super::building::Probe;
use super::facts::registry_notices::Notices;
use super::failure::{self, Unsatisfiable};
use super::locking::age;
pub(super) use super::locking::comparison::compare;
use super::locking::routing::{self, RoutingExtent};
use super::locking::solutions::Unknown;
use super::locking::sources::{self, LockedSource};
pub(super) use super::locking::wish::{Contradictions, UnusedPatches, Wish};
use super::locking::{unbuilt, unserved, witnesses};
use super::moving::added::AddedDependencies;
pub use super::moving::locked::Kept;
use super::moving::{gone, locked, misfit, pending, places};
use super::policies::Subject;
use super::project::lockfile::{self, LockError, Old};
pub use super::project::lockfile::{Absent, LockUse};
use super::project::own_runtimes::{self, Misfit};
use super::project::snapshot::{self, InputSnapshot};
use super::project::target::{EditTarget, Edited};
use super::project::{self, deployment};
use super::runtimes;
use super::session::release;
use super::summary::DifferenceSummary;
use super::{
    Context, Event, Project, Result, Session, artifacts, facts::attestations, facts::registry_notices,
    locking::optional_lines, locking::passed_over, locking::solutions, order, policies, registries,
};

/// What became of the lock.
#[derive(Debug)]
pub struct Locked {
    /// The lock as it is now.
    pub lockfile: Lockfile,
    /// The packages that differ from those of the old lock.
    pub difference: Difference,
    /// Whether the file was written.
    pub changed: bool,
    /// What a user should hear about.
    pub findings: Vec<Finding>,
    /// What became of the versions that other tools chose, if it is the first lock after `init`.
    pub kept: Option<Kept>,
}

/// What became of an edited manifest.
#[derive(Debug)]
pub struct Changes {
    /// The edits, a line each.
    pub lines: Vec<String>,
    /// What became of the lock.
    pub locked: Locked,
}

/// `{"changed": …, "packages": …}`: see `schema/lock.json`.
#[derive(Serialize)]
pub struct LockSummary {
    changed: bool,
    packages: usize,
    #[serde(rename = "plan")]
    difference: DifferenceSummary,
    warnings: Vec<String>,
    findings: Vec<FindingReport>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<Kept>,
}

impl Locked {
    pub(super) fn unchanged(project: &Project, lockfile: Lockfile) -> Self {
        let findings = policies::standing_alone(project, &lockfile);
        Self { lockfile, difference: Difference::default(), changed: false, findings, kept: None }
    }

    /// Says what is to be said of a lock that a project goes on with.
    fn serving(context: &Context<'_>, project: &Project, lockfile: Lockfile) -> Result<Self> {
        let findings = Subject::new(context, project, &lockfile).standing()?;
        Ok(Self { lockfile, difference: Difference::default(), changed: false, findings, kept: None })
    }

    /// Says also what registries of private packages say of it today.
    fn asking(session: &Session<'_>, project: &Project, lockfile: Lockfile) -> Result<Self> {
        let notices = Notices::ask_briefly(session, project, &lockfile, NOTICES_WAIT)?;
        if !notices.has_news() {
            return Self::serving(session.context, project, lockfile);
        }
        let today = Subject::new(session.context, project, &notices.lockfile);
        let news = notices.news(today.with_yank_reasons(&notices.yank_reasons).whole()?);
        let mut locked = Self::serving(session.context, project, lockfile)?;
        locked.findings.extend(news);
        Ok(locked)
    }

    /// Returns what a user should hear about, a lowercase sentence each.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        policies::messages(&self.findings)
    }

    /// Returns the findings of the lock, followed by those of one of its environments, as `--json` prints them.
    pub(super) fn reports(&self, of_environment: Vec<Finding>) -> Vec<FindingReport> {
        let findings: Vec<Finding> = self.findings.iter().cloned().chain(of_environment).collect();
        if findings.is_empty() {
            return Vec::new();
        }
        let text = self.lockfile.to_text();
        policies::reports(&policies::describe(findings, &self.lockfile, &text), &text)
    }

    /// Returns what `--json` prints.
    pub fn summary(&self) -> LockSummary {
        LockSummary {
            changed: self.changed,
            packages: self.lockfile.graph.packages.len(),
            difference: DifferenceSummary::from(&self.difference),
            warnings: self.warnings().collect(),
            findings: self.reports(Vec::new()),
            kept: self.kept.clone(),
        }
    }
}

/// How long a command that locks nothing new waits for registries to say what was yanked since.
const NOTICES_WAIT: Duration = Duration::from_secs(2);

/// Brings the lock up to date, moving nothing that still fits. Where nothing moves, the registries of private packages are asked briefly what
/// was yanked or deprecated since; the lock stays as it is.
pub fn lock(session: &Session<'_>) -> Result<Locked> {
    let root = project::find_root(session.context)?;
    snapshot::undisturbed(&root, |snapshot| {
        let project = Project::read(root.clone())?;
        match standing(&project, LockUse::Update)? {
            Standing::Serves(lockfile) => {
                let Some((more, solved)) = with_left_out_groups(session, &project, &lockfile) else {
                    return Locked::asking(session, &project, lockfile).map(Some);
                };
                let replacement = Replacement { project: &project, edited: None, old: &lockfile, snapshot };
                replacement.write(session.context, (more, &solved))
            }
            Standing::Stale(old) => relock(session, &project, &old, snapshot),
        }
    })
}

/// Returns a lock with groups besides that no environment includes and that had no solution before; `None` if they have none now either.
fn with_left_out_groups(session: &Session<'_>, project: &Project, old: &Lockfile) -> Option<(Lockfile, SolveNotes)> {
    let has = |lock: &Lockfile, group: &Label| lock.graph.roots.iter().any(|root| root.group.as_ref() == Some(group));
    let mut left_out = project.idle_groups();
    left_out.retain(|group| !has(old, group));
    if left_out.is_empty() {
        return None;
    }
    // What is locked serves, whatever keeps the groups from it.
    let found = solve(session, project, &Wish::keeping(old)).ok()?;
    left_out.iter().any(|group| has(&found.0, group)).then_some(found)
}

/// Brings the lock up to date, preferring what other tools' lockfiles chose, which are given by their paths, to newer
/// versions and to those that the lock has.
pub fn lock_preferring(session: &Session<'_>, files: &[String]) -> Result<(Locked, Kept)> {
    let root = project::find_root(session.context)?;
    snapshot::undisturbed(&root, |snapshot| {
        let project = Project::read(root.clone())?;
        let before = locked::read(&root, files, &project.members, &project.manifest.settings)?;
        take_over(session, &project, (&before, UnusedPatches::Refused), snapshot)
    })
}

/// Solves, preferring what other tools chose, and writes the lock; none where somebody else was faster. Where the manifest is the one of
/// `init`, it gets lines for what packages had beyond what they declare.
pub(super) fn take_over(
    session: &Session<'_>,
    project: &Project,
    (before, unused_patches): (&LockedVersions, UnusedPatches),
    snapshot: &InputSnapshot,
) -> Result<Option<(Locked, Kept)>> {
    let old = read(project)?.lockfile().unwrap_or_default();
    let wish = Wish { chosen_elsewhere: Some(before), unused_patches, ..Wish::keeping(&old) };
    let project = &*age::applied(project, wish.old, wish.age_cutoff);
    let target = EditTarget::root(project);
    let (first, mended) = match FirstSolution::find(session, project, (before, &wish)) {
        Err(error) if matches!(unused_patches, UnusedPatches::LeftOut) => {
            let mended = gone::mended(session, (project, &target), (before, &wish), error)?;
            (FirstSolution::find(session, &mended, (before, &wish))?, Some(mended))
        }
        found => (found?, None),
    };
    let project = mended.as_ref().unwrap_or(project);
    let (first, extended) = match unused_patches {
        UnusedPatches::LeftOut => first.extended(session, (project, &target), (before, &wish))?,
        UnusedPatches::Refused => (first, None),
    };
    let FirstSolution { mut lockfile, notes, kept, from_elsewhere, .. } = first;
    for told in from_elsewhere {
        (session.context.reporter)(Event::Warning(told));
    }
    let project = extended.as_ref().unwrap_or(project);
    let changed = extended.as_ref().or(mended.as_ref()).map(|project| project.manifest.text.to_string());
    let text = project.without_unused_patches(session.context, &mut lockfile).or(changed);
    let edited = text.as_ref().map(|text| Edited { target: &target, text });
    let replacement = Replacement { project, edited: edited.as_ref(), old: &old, snapshot };
    Ok(replacement.write(session.context, (lockfile, &notes))?.map(|locked| (locked, kept)))
}

/// A solution that begins with what other tools chose.
struct FirstSolution {
    lockfile: Lockfile,
    notes: SolveNotes,
    kept: Kept,
    added: AddedDependencies,
    /// Packages that came from other registries, a sentence each.
    from_elsewhere: Vec<String>,
}

impl FirstSolution {
    fn find(session: &Session<'_>, project: &Project, (before, wish): (&LockedVersions, &Wish<'_>)) -> Result<Self> {
        let runtimes = runtimes::choose(session, project, wish.old.map(|old| &old.runtimes), wish.runtimes)?;
        let with_runtimes = runtimes::applied(project, &runtimes);
        let registries = registries::open_with(session, &with_runtimes, wish.open_options())?;
        let asked = (session, project);
        let (lockfile, notes) = match solve_with(session, &with_runtimes, wish, &registries, &runtimes) {
            // What the registries do not have may be why.
            Err(error) if error.failure().exit() == Exit::NoSolution => {
                places::check(asked, before, None, &registries)?;
                return Err(error);
            }
            solved => solved?,
        };
        let lockfile = runtimes::locked(lockfile, project, runtimes);
        let from_elsewhere = places::check(asked, before, Some(&lockfile), &registries)?;
        locked::check_digests(before, &lockfile)?;
        misfit::check_built(before, &lockfile)?;
        misfit::check_sources(before, &lockfile, &registries)?;
        let kept = locked::compare(before, &lockfile, &registries);
        let added = AddedDependencies::find(before, &lockfile, &registries);
        release(registries);
        Ok(Self { lockfile, notes, kept, added, from_elsewhere })
    }

    /// Returns the solution with what packages had beyond what they declare, and the project that has lines for it. Those packages for
    /// whose lines there are no versions go without: a project is as its packages declare it then.
    fn extended(
        mut self,
        session: &Session<'_>,
        (project, target): (&Project, &EditTarget),
        (before, wish): (&LockedVersions, &Wish<'_>),
    ) -> Result<(Self, Option<Project>)> {
        /// So many solutions are looked for: each takes as long as the first.
        const MOST_ATTEMPTS: usize = 32;

        // It is only asked whether there is a solution.
        let wish = &Wish { contradictions: Contradictions::First, ..wish.clone() };
        let mut open = vec![self.added.by_package()];
        let (mut text, mut extended) = (project.manifest.text.to_string(), None);
        let (mut taken, mut unsolved, mut attempts) = (Vec::new(), Vec::new(), 0);
        while let Some(mut packages) = open.pop().filter(|packages| !packages.is_empty()) {
            let names =
                |packages: &[AddedDependencies]| packages.iter().map(AddedDependencies::name).collect::<Vec<_>>();
            if attempts == MOST_ATTEMPTS {
                unsolved.extend(names(&packages));
                continue;
            }
            attempts += 1;
            let with_lines = packages.iter().try_fold(text.clone(), |text, one| one.added_to(&text))?;
            let tried = target.tried(project, &with_lines)?;
            let tried = age::applied(&tried, wish.old, wish.age_cutoff).into_owned();
            match Self::find(session, &tried, (before, wish)) {
                Ok(solution) => {
                    (self, text, extended) = (solution, with_lines, Some(tried));
                    taken.extend(names(&packages));
                }
                Err(error) if error.failure().exit() != Exit::NoSolution => return Err(error),
                Err(_) if packages.len() == 1 => unsolved.extend(names(&packages)),
                Err(_) => {
                    let rest = packages.split_off(packages.len() / 2);
                    open.extend([rest, packages]);
                }
            }
        }
        taken.sort();
        self.kept.extended = taken;
        self.kept.unsaid = self.added.unsaid();
        self.kept.unsaid.extend(unsolved);
        Ok((self, extended))
    }
}

/// Fails where the lock is not fresh.
pub fn check(session: &Session<'_>) -> Result<Locked> {
    treat(session, LockUse::Locked)
}

fn treat(session: &Session<'_>, lock_use: LockUse) -> Result<Locked> {
    let root = project::find_root(session.context)?;
    snapshot::undisturbed(&root, |snapshot| update_lock(session, &Project::read(root.clone())?, lock_use, snapshot))
}

/// Returns the lock, treated as `lock_use` says; none where somebody else wrote it meanwhile.
pub(super) fn update_lock(
    session: &Session<'_>,
    project: &Project,
    lock_use: LockUse,
    snapshot: &InputSnapshot,
) -> Result<Option<Locked>> {
    match standing(project, lock_use)? {
        Standing::Serves(lockfile) => Ok(Some(Locked::serving(session.context, project, lockfile)?)),
        Standing::Stale(old) => relock(session, project, &old, snapshot),
    }
}

/// Returns the lock as [`update_lock`] would leave it, and writes nothing.
pub(super) fn dry_run(session: &Session<'_>, project: &Project, lock_use: LockUse) -> Result<Locked> {
    match standing(project, lock_use)? {
        Standing::Serves(lockfile) => Locked::serving(session.context, project, lockfile),
        Standing::Stale(old) => {
            let is_first = !pending::files(project)?.is_empty();
            let unused_patches = if is_first { UnusedPatches::LeftOut } else { UnusedPatches::Refused };
            let (lockfile, solved) = solve(session, project, &Wish { unused_patches, ..Wish::keeping(&old) })?;
            let findings = Subject::new(session.context, project, &lockfile).solved(&old, &solved)?;
            Ok(Locked { difference: compare(&old, &lockfile), lockfile, changed: false, findings, kept: None })
        }
    }
}

/// Whether the lock that is there can be used.
enum Standing {
    /// As it is.
    Serves(Lockfile),
    /// Only to solve anew with its choices.
    Stale(Lockfile),
}

fn standing(project: &Project, lock_use: LockUse) -> Result<Standing> {
    Ok(match lock_use {
        LockUse::Frozen(_) => Standing::Serves(frozen(project)?),
        LockUse::Locked => Standing::Serves(fresh(project)?),
        LockUse::Update => match read(project)? {
            Old::Lock(lockfile) if freshness(project, &lockfile).reasons.is_empty() => Standing::Serves(lockfile),
            old => Standing::Stale(old.lockfile().unwrap_or_default()),
        },
    })
}

/// Returns the lock, which must be fresh.
pub(super) fn fresh(project: &Project) -> Result<Lockfile> {
    let lockfile = existing(project)?;
    match freshness(project, &lockfile).reasons {
        reasons if reasons.is_empty() => Ok(lockfile),
        reasons => Err(LockError::Stale { reasons: reasons.iter().map(ToString::to_string).collect() }.into()),
    }
}

/// Returns the lock, whether it is fresh or not; its registries must be those that the manifest's claims and lines demand.
pub(super) fn frozen(project: &Project) -> Result<Lockfile> {
    let lockfile = existing(project)?;
    match routing::misrouted(project, &lockfile, RoutingExtent::Demanded) {
        reasons if reasons.is_empty() => Ok(lockfile),
        reasons => Err(LockError::Misrouted { reasons: reasons.iter().map(ToString::to_string).collect() }.into()),
    }
}

/// Solves anew, preferring what `old` holds, and writes the lock.
fn relock(
    session: &Session<'_>,
    project: &Project,
    old: &Lockfile,
    snapshot: &InputSnapshot,
) -> Result<Option<Locked>> {
    let pending = pending::versions(project)?;
    let Some(before) = pending else { return replace(session, project, old, &Wish::keeping(old), snapshot) };
    let taken = take_over(session, project, (&before, UnusedPatches::LeftOut), snapshot)?;
    Ok(taken.map(|(locked, kept)| Locked { kept: Some(kept), ..locked }))
}

/// Solves anew and writes the lock. Returns `None` if another process wrote the lock meanwhile.
pub(super) fn replace(
    session: &Session<'_>,
    project: &Project,
    old: &Lockfile,
    wish: &Wish<'_>,
    snapshot: &InputSnapshot,
) -> Result<Option<Locked>> {
    order::refuse_cycles(project)?;
    let (lockfile, solved) = solve(session, project, wish)?;
    Replacement { project, edited: None, old, snapshot }.write(session.context, (lockfile, &solved))
}

/// What a lock that was just solved takes the place of.
#[derive(Clone, Copy)]
pub(super) struct Replacement<'a> {
    /// The project that it was solved for.
    pub(super) project: &'a Project,
    /// The manifest's new text, if it was solved for another one than is there.
    pub(super) edited: Option<&'a Edited<'a>>,
    /// The lock as it was.
    pub(super) old: &'a Lockfile,
    pub(super) snapshot: &'a InputSnapshot,
}

impl Replacement<'_> {
    /// Writes the manifest, if it was edited, and the lock; none, and nothing is written, where somebody else was faster.
    pub(super) fn write(
        &self,
        context: &Context<'_>,
        (lockfile, solved): (Lockfile, &SolveNotes),
    ) -> Result<Option<Locked>> {
        let Self { project, edited, old, snapshot } = *self;
        let findings = Subject::new(context, project, &lockfile).solved(old, solved)?;
        let difference = compare(old, &lockfile);
        let written = write(context, project, edited, &lockfile, snapshot)?;
        Ok(written.map(|changed| Locked { lockfile, difference, changed, findings, kept: None }))
    }
}

/// Solves a project's requirements, without writing anything.
pub(super) fn solve(session: &Session<'_>, project: &Project, wish: &Wish<'_>) -> Result<(Lockfile, SolveNotes)> {
    deployment::refuse(&project.root)?;
    // What asks registries anew wants what is newest.
    let is_first = wish.chosen_elsewhere.is_none() && wish.cache_policy == registry::CachePolicy::default();
    let pending = if is_first { pending::versions(project)? } else { None };
    let wish = &Wish { chosen_elsewhere: wish.chosen_elsewhere.or(pending.as_ref()), ..wish.clone() };
    let project = &*unbuilt::applied(age::applied(project, wish.old, wish.age_cutoff), wish.old);
    let runtimes = runtimes::choose(session, project, wish.old.map(|old| &old.runtimes), wish.runtimes)?;
    let with_runtimes = runtimes::applied(project, &runtimes);
    let registries = registries::open_with(session, &with_runtimes, wish.open_options())?;
    let (lockfile, solved) = solve_with(session, &with_runtimes, wish, &registries, &runtimes)?;
    if let Some(before) = &pending {
        for told in places::check((session, project), before, Some(&lockfile), &registries)? {
            (session.context.reporter)(Event::Warning(told));
        }
    }
    release(registries);
    Ok((runtimes::locked(lockfile, project, runtimes), solved))
}

/// Solves the requirements of a project with its runtimes applied, with registries that stay open, without writing anything.
pub(super) fn solve_with(
    session: &Session<'_>,
    project: &Project,
    wish: &Wish<'_>,
    registries: &Registries,
    runtimes: &Runtimes,
) -> Result<(Lockfile, SolveNotes)> {
    let own = resolve::EXTENSIONS_EDITION;
    let package_extensions = wish.edition.unwrap_or(own);
    if package_extensions > own {
        return Err(LockError::NewerList { found: package_extensions, own }.into());
    }
    let unmet = own_runtimes::unmet(project);
    if !unmet.is_empty() {
        return Err(Unsatisfiable::new(project, &own_runtimes::contradiction(unmet), None).into());
    }
    unserved::check(project)?;
    let settings = Settings { package_extensions, ..project.manifest.settings.clone() };
    let locked_source = |package: &PackageId, source: &Source| {
        let kept = wish.kept.filter(|_| !wish.moved.contains(package))?;
        let found = LockedSource::find(kept, package, source)?;
        // A file of the checkout is what it is now, as a manifest is.
        let is_kept = source.local_file().is_none_or(|file| project.is_as_locked(file, found.digest()));
        is_kept.then_some(found)
    };
    let unfetched = sources::resolve(session, project, registries, locked_source)?;
    (session.context.reporter)(Event::Resolving(0));
    let preferences = |side: Option<&Side>| wish.preferences(&project.lines, side);
    let probe = Probe::new(session, project, (registries, runtimes), wish.old, &wish.rebuilt);
    let find_out = |unknown: Unknown<'_>| match unknown {
        Unknown::Unbuilt(unbuilt) => probe.metadata(unbuilt),
        Unknown::Outside(asked) => {
            let package = (&asked.package, &asked.source);
            sources::resolve_one(session, project, registries, package, &locked_source)
        }
    };
    let locked_lines = wish.old.into_iter().flat_map(|old| &old.graph.roots);
    let locked_groups = locked_lines.filter_map(|root| root.group.clone()).chain(wish.asked_groups.clone()).collect();
    let solutions::Solved { resolution, left_out } = solutions::solve(
        project,
        &settings,
        (registries, unfetched, locked_groups),
        (&find_out, wish.contradictions),
        preferences,
    )?;
    for warning in registries.warnings() {
        (session.context.reporter)(Event::Warning(warning));
    }
    for (group, reason) in left_out {
        let message = format!("group `{group}`, which no environment includes, is left out of the lock: {reason}");
        (session.context.reporter)(Event::Warning(message));
    }
    let Resolution { mut graph, warnings, .. } = resolution;
    if let Some(old) = wish.old {
        resolve::check_identities_kept(&old.graph, &graph).map_err(failure::of_index)?;
    }
    own_runtimes::refuse_undeclared_python(project, &graph)?;
    let declared: Vec<_> = settings.platforms.iter().map(|target| target.platform).collect();
    lock::leave_out_unneeded_files(&mut graph, &declared);
    artifacts::complete(session, registries, &mut graph, wish.old)?;
    let builds = probe.finish(&graph)?;
    let mut lockfile = Lockfile { builds, ..Lockfile::new(settings, graph) };
    witnesses::note(project, registries, wish.old, &mut lockfile)?;
    attestations::note(session, project, registries, wish.old, &mut lockfile)?;
    if wish.unused_patches == UnusedPatches::Refused {
        project.check_patches_are_used(&lockfile)?;
    }
    optional_lines::tell(session, project, registries, &lockfile);
    let held_back = passed_over::held_back(registries, &lockfile)?;
    let too_young = passed_over::too_young(registries, &lockfile.settings, &lockfile.graph.roots)?;
    let yank_reasons = registry_notices::yank_reasons(registries, &lockfile.graph);
    Ok((lockfile, SolveNotes { warnings, held_back, too_young, yank_reasons }))
}

/// Writes the lock, unless its text stays the same; tells which. None, and nothing is written, where somebody else wrote
/// manifest or lock meanwhile.
pub(super) fn write(
    context: &Context<'_>,
    project: &Project,
    edited: Option<&Edited<'_>>,
    lockfile: &Lockfile,
    snapshot: &InputSnapshot,
) -> Result<Option<bool>> {
    let (text, path) = (lockfile.to_text(), project.lockfile());
    if edited.is_none() && fs::read_if_exists(&path)?.as_deref() == Some(text.as_bytes()) {
        return Ok(Some(false));
    }
    deployment::refuse(&project.root)?;
    let held = snapshot::hold(context, &profile::Profiles::open(&project.root)?)?;
    profile::exclude_from_git(&project.root)?;
    let stands = snapshot.stands(&project.root)?;
    let manifest = edited.map(|edited| edited.target.path());
    held.note_replaced_files(&manifest.into_iter().chain([&*path]).collect::<Vec<_>>())?;
    let mut written = None;
    if stands && edited.map_or(Ok(true), Edited::write)? {
        let changed = fs::read_if_exists(&path)?.as_deref() != Some(text.as_bytes());
        if changed {
            fs::write_atomic(&path, text.as_bytes(), Durability::Whole)?;
        }
        pending::forget(&project.root)?;
        written = Some(changed);
    }
    held.release()?;
    Ok(written)
}

/// Returns whether a lock still is what the project asks for.
pub(super) fn freshness(project: &Project, lockfile: &Lockfile) -> Freshness {
    let folders = project.local_packages();
    let idle_groups = project.idle_groups();
    let declared = DeclaredState {
        idle_groups: &idle_groups,
        lines: &project.lines,
        settings: &project.manifest.settings,
        folders: &folders,
        sides: &project.sides,
        routes: &project.routes,
    };
    let mut freshness = lock::freshness(lockfile, &declared);
    freshness.reasons.extend(routing::misrouted(project, lockfile, RoutingExtent::All));
    freshness.reasons.extend(project.changed_files(lockfile));
    let has = |folder: &str| lockfile.graph.packages.values().any(|package| package.folder.as_deref() == Some(folder));
    let stale = own_runtimes::stale(&runtimes::applied(project, &lockfile.runtimes), has);
    freshness.reasons.extend(stale.into_iter().map(|Misfit { folder, what }| StaleReason::Folder { folder, what }));
    freshness
}

/// Reads the lock.
pub(super) fn read(project: &Project) -> Result<Old> {
    lockfile::read(&project.root)
}

/// Reads the lock for a command that only looks: a missing or broken one is an error.
pub(super) fn existing(project: &Project) -> Result<Lockfile> {
    let lockfile = lockfile::existing(&project.root)?;
    if !project.has_every_side(&lockfile) {
        return Err(LockError::Stale { reasons: vec![lock::StaleReason::Setting("conflicts").to_string()] }.into());
    }
    Ok(lockfile)
}

//! Building the environment that the lock describes.
//!
//! The project's lock is held to look and to switch, not while the network is waited for.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::difference::{self, Difference};
use crate::fs::{self, Kind};
use crate::lock::{Closure, Lockfile, Selection};
use crate::manifest::{Environment, HookTime, LockedMode};
use crate::model::{Platform, RuntimeName};
use crate::policy::{Finding, FindingReport};
use crate::profile::python::Interpreter;
use crate::profile::{self, RequiredLinks, Rollback};

use super::deployed_flows::FlowUse;
use super::generations::state::{self, Facts, LockCheck};
use super::install::{self, Activation, BytecodeUse, Ingredients, Installation, Installed, Purpose};
use super::lock::{self, Absent, Kept, LockUse, Locked};
use super::policies::Subject;
use super::programs::interpreter::{self, Ask};
use super::project;
use super::project::deployment::IsDeployment;
use super::project::snapshot::{self, InputSnapshot};
use super::rollback::IsRolledBack;
use super::session::LOCKFILE;
use super::summary::DifferenceSummary;
use super::sync_hooks::{self, RunOf};
use super::{Context, Project, Result, Session, advisories, notes, variables};

pub use super::sync_hooks::HookUse;

/// How to sync.
#[derive(Clone, Copy, Debug, Default)]
pub struct SyncOptions {
    /// What is to be done.
    pub mode: Mode,
    /// What to do about a stale lock.
    pub lock: LockUse,
    /// Whether the environment becomes the active one.
    pub activation: Activation,
    /// When Python's byte-code is made.
    pub bytecode: BytecodeUse,
    /// Whether the manifest's hooks run.
    pub hooks: HookUse,
}

/// What a sync is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Build what is not there yet.
    Build(AfterRollback),
    /// The same, and look for damage and heal it.
    Repair(AfterRollback),
    /// Tell what would change, and change nothing.
    DryRun,
}

impl Default for Mode {
    fn default() -> Self {
        Self::Build(AfterRollback::default())
    }
}

/// What becomes of an environment that was rolled back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AfterRollback {
    /// It stays at the generation that was gone back to: a repair heals that one, and anything else is refused.
    #[default]
    Stay,
    /// It follows the lock again.
    Forward,
}

/// What a sync came to.
#[derive(Debug)]
pub struct Synced {
    /// The environment.
    pub environment: String,
    /// Its current generation; none after a dry run.
    pub generation: Option<u64>,
    /// The generation's folder; empty after a dry run.
    pub folder: PathBuf,
    /// Whether the generation is new.
    pub built: bool,
    /// How its packages differ from those of the generation before it.
    pub difference: Difference,
    /// How many artifacts were fetched.
    pub fetched: usize,
    /// How many bytes came.
    pub bytes: u64,
    /// What a user should hear about.
    pub warnings: Vec<String>,
    /// What a user should know of what is new.
    pub notes: Vec<String>,
    /// Those of the warnings and notes that checks found.
    pub findings: Vec<FindingReport>,
    /// What became of the versions that other tools chose, if it wrote the first lock after `init`.
    pub kept: Option<Kept>,
}

/// `larder sync --json`: see `schema/sync.json`.
#[derive(Serialize)]
pub struct SyncSummary<'a> {
    environment: &'a str,
    generation: Option<u64>,
    built: bool,
    #[serde(rename = "plan")]
    difference: DifferenceSummary,
    fetched: usize,
    bytes: u64,
    warnings: &'a [String],
    notes: &'a [String],
    findings: &'a [FindingReport],
    #[serde(skip_serializing_if = "Option::is_none")]
    kept: Option<&'a Kept>,
}

impl Synced {
    /// Tells that there was nothing to do.
    pub(super) fn unchanged(environment: String, generation: u64, folder: PathBuf) -> Self {
        Self {
            environment,
            generation: Some(generation),
            folder,
            built: false,
            difference: Difference::default(),
            fetched: 0,
            bytes: 0,
            warnings: Vec::new(),
            notes: Vec::new(),
            findings: Vec::new(),
            kept: None,
        }
    }

    /// Returns what `--json` prints.
    pub fn summary(&self) -> SyncSummary<'_> {
        SyncSummary {
            environment: &self.environment,
            generation: self.generation,
            built: self.built,
            difference: DifferenceSummary::from(&self.difference),
            fetched: self.fetched,
            bytes: self.bytes,
            warnings: &self.warnings,
            notes: &self.notes,
            findings: &self.findings,
            kept: self.kept.as_ref(),
        }
    }
}

impl SyncOptions {
    /// Returns whether nothing is asked for but that the environment is what the lock says.
    fn is_plain(self) -> bool {
        self.mode == Mode::default() && self.bytecode == BytecodeUse::AsDeclared
    }
}

/// Makes the environment what the lock says.
pub fn sync(session: &Session<'_>, options: SyncOptions) -> Result<Synced> {
    let root = project::find_root(session.context)?;
    if options.is_plain()
        && let Some(synced) = unchanged(session, &root, options)
    {
        return Ok(synced);
    }
    let context = session.context;
    let hook_use = match options.mode {
        Mode::DryRun => HookUse::Never,
        _ if options.is_plain() && is_built(session, &root, options) => HookUse::Never,
        Mode::Build(_) | Mode::Repair(_) => options.hooks.under(options.lock, &context.variables),
    };
    let before = RunOf { environment: context.environment.as_deref(), generation: None };
    sync_hooks::run(context, &root, hook_use, HookTime::BeforeSync, &before)?;
    let mut written = None;
    let synced = snapshot::undisturbed(&root, |snapshot| {
        let project = Project::read_for(root.clone(), options.lock)?;
        let sync = Sync::new(session, options, &project)?;
        match options.mode {
            Mode::Build(after) => sync.build(after, &mut written, snapshot),
            Mode::Repair(after) => sync.repair(after, &mut written, snapshot),
            Mode::DryRun => sync.dry_run().map(Some),
        }
    })?;
    let after = RunOf { environment: Some(&synced.environment), generation: synced.generation };
    sync_hooks::run(context, &root, hook_use, HookTime::AfterSync, &after)?;
    Ok(synced)
}

/// Returns whether the environment is what a fresh lock says, though it was built under `--frozen`, where nobody looked at whether it is
/// fresh: a sync has nothing to do then.
fn is_built(session: &Session<'_>, root: &Path, options: SyncOptions) -> bool {
    let Some(environment) = wanted(session.context, root, options) else { return false };
    let variables = &session.context.variables;
    state::current(root, &environment, variables, LockCheck::Unseen).is_some()
        && Project::read_for(root.to_path_buf(), options.lock).is_ok_and(|project| lock::fresh(&project).is_ok())
}

/// Returns the environment that is meant, unless a sync switches to it.
fn wanted(context: &Context<'_>, root: &Path, options: SyncOptions) -> Option<String> {
    let active = state::active(root);
    let environment = context.environment.clone().or_else(|| active.clone())?;
    (options.activation != Activation::Activate || active.as_ref() == Some(&environment)).then_some(environment)
}

/// Answers from the record of the last sync, where nothing has changed since.
fn unchanged(session: &Session<'_>, root: &Path, options: SyncOptions) -> Option<Synced> {
    let context = session.context;
    let environment = wanted(context, root, options)?;
    let generation = state::current(root, &environment, &context.variables, options.lock.into())?;
    let folder = profile::generation_folder(root, &environment, generation);
    // Killed runs leave leases behind, and what they were about to fetch.
    if session.store.has_leases().ok()? {
        session.store.tidy().ok()?;
    }
    Some(Synced::unchanged(environment, generation, folder))
}

fn healed(packages: usize, how: &str) -> Option<String> {
    let what = if packages == 1 { "package" } else { "packages" };
    (packages > 0).then(|| format!("healed: {packages} {what} {how}"))
}

/// Fails where a sync of this lock would be refused: by a rollback that was meant, by the environment's policy, by this
/// machine, or by what another tool put in the way.
pub(super) fn check(session: &Session<'_>, project: &Project, lockfile: &Lockfile) -> Result<()> {
    let context = session.context;
    let (environment, platform) = (project.environment(context)?, project.platform()?);
    let profile = profile::Profiles::open(&project.root)?;
    variables::check_path(profile.root())?;
    if let Some(note) = profile.rollback(&environment.name)? {
        return Err(IsRolledBack::new(&environment.name, &note).into());
    }
    let closure = Closure::of(&lockfile.graph, &project::selection(environment, Some(platform)));
    let subject = Subject::looking_up(session, (project, lockfile), || closure.packages(), &[environment])?;
    subject.check(environment, &closure)?;
    let interpreter = interpreter::find(context, project, &closure, platform)?;
    let brings_python = lockfile.runtimes.on(RuntimeName::Python, platform).is_some();
    Ok(profile.check_links(RequiredLinks::of(&closure, interpreter.is_some() || brings_python))?)
}

/// Members of the lock that are not on disk.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("larder.lock has {}, of which there is nothing on disk", folders.join(", "))]
#[diagnostic(
    code(larder::sync::members_absent),
    help("bring them here, or leave them out: `larder sync --frozen --members-present`")
)]
struct MembersAbsent {
    folders: Vec<String>,
}

impl Failure for MembersAbsent {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// Folders of members and local packages, relative to the root.
type Folders = BTreeSet<Arc<str>>;

/// A sync under way.
struct Sync<'a> {
    session: &'a Session<'a>,
    options: SyncOptions,
    project: &'a Project,
    environment: &'a Environment,
    platform: Platform,
    profile: profile::Profiles,
    facts: Facts,
}

impl<'a> Sync<'a> {
    fn new(session: &'a Session<'a>, options: SyncOptions, project: &'a Project) -> Result<Self> {
        let mut facts = Facts::new(&session.context.variables, options.lock.into());
        facts.note_watched(&project.watched);
        let profile = project.profile()?;
        variables::check_path(profile.root())?;
        let environment = project.environment(session.context)?;
        // A record that cannot be read is no reason not to build a new one.
        if profile.current_summary(&environment.name).ok().flatten().is_some_and(|head| head.is_bundled()) {
            return Err(IsDeployment(environment.name.to_string()).into());
        }
        Ok(Self { session, options, project, environment, platform: project.platform()?, profile, facts })
    }

    /// Builds what is not there yet. Returns `None` if somebody else wrote manifest or lock meanwhile; so do
    /// [`Self::repair`] and [`Self::install`].
    fn build(
        self,
        after: AfterRollback,
        written: &mut Option<Locked>,
        snapshot: &InputSnapshot,
    ) -> Result<Option<Synced>> {
        if let Some(note) = self.rolled_back(after)? {
            return Err(IsRolledBack::new(&self.environment.name, &note).into());
        }
        self.lock_and_install(Purpose::Sync, written, snapshot)
    }

    /// Builds what is not there yet, and heals what is damaged: of an environment that stays rolled back, the generation
    /// that was gone back to.
    fn repair(
        self,
        after: AfterRollback,
        written: &mut Option<Locked>,
        snapshot: &InputSnapshot,
    ) -> Result<Option<Synced>> {
        let name = &self.environment.name;
        let held = snapshot::hold(self.session.context, &self.profile)?;
        self.profile.clear_links(&held, name)?;
        held.release()?;
        if let Some(note) = self.rolled_back(after)? {
            let text = self.profile.lock_text(name, note.to).ok();
            return match text.and_then(|text| crate::lock::parse(LOCKFILE, &text).ok()) {
                Some(lockfile) => {
                    let locked = Locked::unchanged(self.project, lockfile);
                    self.install(&locked, Purpose::RepairRolledBack, snapshot)
                }
                None => Err(IsRolledBack::new(name, &note).into()),
            };
        }
        self.lock_and_install(Purpose::Repair, written, snapshot)
    }

    /// Brings the lock up to date and builds what it says. A first lock may write lines into the manifest, with which all is read anew:
    /// `written` keeps until then what is to be told of that lock.
    fn lock_and_install(
        self,
        purpose: Purpose<'_>,
        written: &mut Option<Locked>,
        snapshot: &InputSnapshot,
    ) -> Result<Option<Synced>> {
        let Some(now) = lock::update_lock(self.session, self.project, self.lock_use(), snapshot)? else {
            return Ok(None);
        };
        let locked = match written.take() {
            Some(first) if !now.changed && first.lockfile.to_text() == now.lockfile.to_text() => first,
            _ => now,
        };
        let synced = self.install(&locked, purpose, snapshot)?;
        *written = synced.is_none().then_some(locked);
        Ok(synced)
    }

    /// Tells what would change, and changes nothing.
    fn dry_run(self) -> Result<Synced> {
        let locked = lock::dry_run(self.session, self.project, self.lock_use())?;
        let selection = project::selection(self.environment, Some(self.platform));
        let (lockfile, _) = self.present(&locked.lockfile, &selection)?;
        let closure = Closure::of(&lockfile.graph, &selection);
        self.subject(&lockfile, &closure)?.check(self.environment, &closure)?;
        Ok(Synced {
            environment: self.environment.name.to_string(),
            generation: None,
            folder: PathBuf::new(),
            built: false,
            difference: install::compare_with_current(
                &self.profile,
                &self.environment.name,
                (&lockfile, &closure),
                &difference::runtimes_of(&lockfile.runtimes, Some(self.platform)),
            ),
            fetched: 0,
            bytes: 0,
            warnings: locked.warnings().collect(),
            notes: Vec::new(),
            findings: locked.reports(Vec::new()),
            kept: None,
        })
    }

    /// Returns what the environment was rolled back to, if it is to stay there.
    fn rolled_back(&self, after: AfterRollback) -> Result<Option<Rollback>> {
        match after {
            AfterRollback::Stay => Ok(self.profile.rollback(&self.environment.name)?),
            AfterRollback::Forward => Ok(None),
        }
    }

    /// Returns how the lock is treated: an environment may want it to be fresh.
    fn lock_use(&self) -> LockUse {
        match (self.environment.locked, self.options.lock) {
            (LockedMode::Required, LockUse::Update) => LockUse::Locked,
            (_, lock_use) => lock_use,
        }
    }

    /// Returns a lock without the members and local packages that the environment reaches and the disk has not, and their
    /// folders; an error, unless they may be left out.
    fn present<'l>(&self, lockfile: &'l Lockfile, selection: &Selection) -> Result<(Cow<'l, Lockfile>, Folders)> {
        let mut absent = match self.options.lock {
            // The lock was compared with the manifests: all are there.
            LockUse::Update | LockUse::Locked => Folders::new(),
            LockUse::Frozen(_) => self.project.absent(lockfile)?,
        };
        if !absent.is_empty() {
            let closure = Closure::of(&lockfile.graph, selection);
            let reached: BTreeSet<&Arc<str>> = closure.folders().collect();
            absent.retain(|folder| reached.contains(folder));
        }
        if absent.is_empty() {
            return Ok((Cow::Borrowed(lockfile), absent));
        }
        if self.options.lock == LockUse::Frozen(Absent::Refused) {
            return Err(MembersAbsent { folders: absent.iter().map(|folder| format!("`{folder}`")).collect() }.into());
        }
        Ok((Cow::Owned(lockfile.without_folders(&absent)), absent))
    }

    /// Returns a lock to be judged, with what has to be looked up for it.
    fn subject<'l>(&'l self, lockfile: &'l Lockfile, closure: &Closure<'_>) -> Result<Subject<'l>> {
        let Self { session, project, environment, .. } = self;
        Subject::looking_up(session, (project, lockfile), || closure.packages(), &[environment])
    }

    /// Makes the environment what a lock says.
    fn install(mut self, locked: &Locked, purpose: Purpose<'_>, snapshot: &InputSnapshot) -> Result<Option<Synced>> {
        self.facts.note(&self.project.lockfile())?;
        let text = locked.lockfile.to_text();
        let snapshot = if locked.changed { &snapshot.relocked(&text) } else { snapshot };
        if locked.changed && !snapshot.stands(&self.project.root)? {
            return Ok(None);
        }
        let selection = project::selection(self.environment, Some(self.platform));
        let (lockfile, absent) = self.present(&locked.lockfile, &selection)?;
        let closure = Closure::of(&lockfile.graph, &selection);
        let installation = Installation {
            session: self.session,
            project: self.project,
            profile: &self.profile,
            environment: self.environment,
            platform: self.platform,
            lock: &lockfile,
            purpose,
            activation: self.options.activation,
            bytecode: self.options.bytecode,
            flows: FlowUse::Keep,
            bundled: None,
        };
        let mut found = installation.check(&closure)?;
        let ingredients = installation.gather(&selection, closure)?;
        found.extend(installation.check_gathered(&ingredients)?);
        let held = snapshot::hold(self.session.context, &self.profile)?;
        // While the network was waited for, another larder may have got further than this one.
        if !snapshot.stands(&self.project.root)? {
            return Ok(None);
        }
        let installed = installation.build(&held, &text, &ingredients)?;
        // What was left out is tried again the next time, and who stays rolled back is told each time.
        let is_whole = ingredients.left_out.not_fetched.is_empty() && absent.is_empty();
        if is_whole && !matches!(purpose, Purpose::RepairRolledBack) {
            // What larder brings is of the checkout, as packages are.
            let brings_python = ingredients.runtimes.of(RuntimeName::Python).is_some();
            self.remember(installed.number, ingredients.interpreter.as_ref().filter(|_| !brings_python))?;
        }
        held.release()?;
        let is_made = installed.built.is_new;
        let found =
            if is_made { notes::of_new_packages(&installed.difference, found, !locked.changed) } else { Vec::new() };
        let notes = self.notes(&found, &ingredients, &installed, &absent)?;
        let Installed { number, built, difference, mut warnings } = installed;
        warnings.extend(is_made.then(|| self.older_node()).flatten());
        let (fetched, bytes) = ingredients.fetched();
        Ok(Some(Synced {
            environment: self.environment.name.to_string(),
            generation: Some(number),
            folder: self.profile.folder(&self.environment.name, number),
            built: built.is_new,
            difference,
            fetched,
            bytes,
            warnings: locked.warnings().chain(ingredients.left_out.warnings()).chain(warnings).collect(),
            notes,
            findings: locked.reports(found),
            kept: locked.kept.clone(),
        }))
    }

    /// Returns what is wrong with the Node on PATH, as far as files tell: starting it would cost as much as a small sync.
    fn older_node(&self) -> Option<String> {
        let has_npm = self.project.lines.iter().any(|line| line.requirement.ecosystem().has_scopes());
        let older = || interpreter::older_node(self.session.context, &self.project.manifest.settings, Ask::Files);
        has_npm.then(older)?.ok().flatten()
    }

    /// Returns what a user should know of what is new.
    fn notes(
        &self,
        found: &[Finding],
        from: &Ingredients<'_>,
        Installed { number, built, .. }: &Installed,
        absent: &Folders,
    ) -> Result<Vec<String>> {
        let mut notes = if built.is_new { notes::notes(self.project, &from.closure, found)? } else { Vec::new() };
        if built.relocated {
            notes.push(format!("the project lies elsewhere than before: generation {number} was linked to this place"));
        }
        if !absent.is_empty() {
            let folders: Vec<&str> = absent.iter().map(|folder| &**folder).collect();
            notes.push(format!("not on disk and left out: {}", folders.join(", ")));
        }
        if let Mode::Repair(_) = self.options.mode {
            notes.extend(healed(from.fetched().0, "fetched again"));
            notes.extend(healed(built.realised, "built anew"));
            notes.extend(built.record_rewritten.then(|| format!("healed: the record of generation {number}")));
        }
        Ok(notes)
    }

    /// Records what was looked at, so that the next sync can answer at once.
    fn remember(&mut self, generation: u64, interpreter: Option<&Interpreter>) -> Result<()> {
        let name = &self.environment.name;
        self.facts.note_link(&self.profile.current_link(name))?;
        self.facts.note(&self.profile.record(name, generation))?;
        if self.environment.policy.advisories.span.is_some() {
            for database in advisories::files(self.session.context, self.project) {
                self.facts.note(&database)?;
            }
        }
        if self.options.activation == Activation::Activate {
            for link in self.profile.links_in_checkout(name)? {
                // What another tool has there stays where nothing of larder's goes.
                if fs::lstat(&link)?.is_some_and(|stat| stat.kind == Kind::Symlink) {
                    self.facts.note_link(&link)?;
                }
            }
        }
        if let Some(interpreter) = interpreter {
            self.facts.note(&interpreter.path)?;
        }
        Ok(state::write(self.profile.root(), name.as_str(), generation, &self.facts)?)
    }
}

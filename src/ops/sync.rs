//! Building the environment that the lock describes.
//!
//! The project's lock is held to look and to switch, not while the network is waited for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::lock::{Closure, Lockfile};
use crate::manifest::Environment;
use crate::model::{Label, PackageKey, Platform};
use crate::plan::{self, Plan};
use crate::profile::python::{Bytecode, Interpreter};
use crate::profile::{self, Needs, ProjectLock};
use crate::store::Tree;

use super::context::LOCKFILE;
use super::lock::{LockUse, Locked};
use super::registries::LazyRegistries;
use super::rollback::IsRolledBack;
use super::seen::{self, Seen};
use super::state::{self, Facts};
use super::summary::PlanSummary;
use super::{
    Context, Event, Project, Result, Session, bytecode, gather, generations, interpreter, lock, notes, policies,
    project, repair, switch, variables,
};

/// How to sync.
#[derive(Clone, Debug)]
#[allow(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct Options {
    /// What to do about a stale lock.
    pub lock: LockUse,
    /// Whether the environment becomes the active one.
    pub activate: bool,
    /// When Python's byte-code is made.
    pub bytecode: BytecodeUse,
    /// Whether damage is looked for and healed.
    pub repair: bool,
    /// Whether nothing is to be changed.
    pub dry_run: bool,
    /// Whether a profile that was rolled back goes forward again.
    pub forward: bool,
}

/// When Python's byte-code is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BytecodeUse {
    /// As the environment says: ahead, or as Python runs.
    #[default]
    AsDeclared,
    /// Ahead.
    Ahead,
}

impl Default for Options {
    fn default() -> Self {
        let bytecode = BytecodeUse::default();
        Self { lock: LockUse::Update, activate: true, bytecode, repair: false, dry_run: false, forward: false }
    }
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
    /// What changed.
    pub plan: Plan,
    /// How many artifacts were fetched.
    pub fetched: usize,
    /// How many bytes came.
    pub bytes: u64,
    /// What a user should hear about.
    pub warnings: Vec<String>,
    /// What a user should know of what is new.
    pub notes: Vec<String>,
}

/// `larder sync --json`: see `schema/sync.json`.
#[derive(Serialize)]
pub struct Summary<'a> {
    environment: &'a str,
    generation: Option<u64>,
    built: bool,
    plan: PlanSummary,
    fetched: usize,
    bytes: u64,
    warnings: &'a [String],
    notes: &'a [String],
}

impl Synced {
    /// Tells that there was nothing to do.
    pub(super) fn unchanged(environment: String, generation: u64, folder: PathBuf) -> Self {
        Self {
            environment,
            generation: Some(generation),
            folder,
            built: false,
            plan: Plan::default(),
            fetched: 0,
            bytes: 0,
            warnings: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// Returns what `--json` prints.
    pub fn summary(&self) -> Summary<'_> {
        Summary {
            environment: &self.environment,
            generation: self.generation,
            built: self.built,
            plan: PlanSummary::from(&self.plan),
            fetched: self.fetched,
            bytes: self.bytes,
            warnings: &self.warnings,
            notes: &self.notes,
        }
    }
}

/// Makes the environment what the lock says.
pub fn sync(session: &Session<'_>, options: &Options) -> Result<Synced> {
    let root = project::find_root(session.context)?;
    if !(options.repair || options.dry_run || options.forward)
        && options.bytecode == BytecodeUse::AsDeclared
        && let Some(synced) = unchanged(session, &root, options)
    {
        return Ok(synced);
    }
    seen::undisturbed(&root, |seen| {
        let project = Project::read_for(root.clone(), options.lock)?;
        Sync::new(session, options, &project)?.run(seen)
    })
}

/// Answers from the record of the last sync, where nothing has changed since.
fn unchanged(session: &Session<'_>, root: &std::path::Path, options: &Options) -> Option<Synced> {
    let context = session.context;
    let active = state::active(root);
    let environment = context.environment.clone().or_else(|| active.clone())?;
    if options.activate && active.as_ref() != Some(&environment) {
        return None;
    }
    let generation = state::current(root, &environment, &context.variables, options.lock)?;
    let folder = root.join(format!(".larder/node_modules/.profiles/{environment}/{generation}"));
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
pub(super) fn foresee(context: &Context<'_>, project: &Project, lockfile: &Lockfile) -> Result<()> {
    let (environment, platform) = (project.environment(context)?, project.platform()?);
    let profile = profile::Project::open(&project.root)?;
    variables::check_path(profile.root())?;
    if let Some(note) = profile.rolled_back(&environment.name)? {
        return Err(IsRolledBack::new(&environment.name, &note).into());
    }
    let closure = Closure::of(&lockfile.graph, &project::selection(environment, Some(platform)));
    policies::check(project, environment, lockfile, &closure)?;
    let interpreter = interpreter::find(context, project, &closure, platform)?;
    Ok(profile.check_links(Needs::of(&closure, interpreter.as_ref()))?)
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

/// What an environment is built from, besides the lock.
struct Ingredients<'a> {
    trees: &'a BTreeMap<PackageKey, Arc<Tree>>,
    interpreter: Option<&'a Interpreter>,
    bytecode: Option<Bytecode>,
    /// Whether the lock is that of a generation that was gone back to and stays so.
    is_back: bool,
}

impl Ingredients<'_> {
    fn store_trees(&self) -> impl Iterator<Item = &Arc<Tree>> {
        self.trees.values().chain(self.bytecode.iter().flat_map(BTreeMap::values))
    }
}

/// A sync under way.
struct Sync<'a> {
    session: &'a Session<'a>,
    options: &'a Options,
    project: &'a Project,
    environment: &'a Environment,
    platform: Platform,
    profile: profile::Project,
    facts: Facts,
}

impl<'a> Sync<'a> {
    fn new(session: &'a Session<'a>, options: &'a Options, project: &'a Project) -> Result<Self> {
        let mut facts = Facts::new(&session.context.variables, options.lock);
        facts.note_watched(&project.watched);
        let profile = project.profile()?;
        variables::check_path(profile.root())?;
        Ok(Self {
            session,
            options,
            project,
            environment: project.environment(session.context)?,
            platform: project.platform()?,
            profile,
            facts,
        })
    }

    /// None where somebody else wrote manifest or lock meanwhile.
    fn run(mut self, seen: &Seen) -> Result<Option<Synced>> {
        if self.options.repair && !self.options.dry_run {
            let held = seen::hold(self.session.context, &self.profile)?;
            self.profile.clear_links(&held, &self.environment.name)?;
            held.finish()?;
        }
        let back = self.gone_back_to()?;
        let lock_use = match self.environment.locked {
            crate::manifest::LockedMode::Required if self.options.lock == LockUse::Update => LockUse::Locked,
            _ => self.options.lock,
        };
        let is_back = back.is_some();
        let locked = match back {
            Some(lockfile) => Some(Locked::unchanged(lockfile)),
            None if self.options.dry_run => Some(lock::foresee(self.session, self.project, lock_use)?),
            None => lock::update_lock(self.session, self.project, lock_use, seen)?,
        };
        let Some(locked) = locked else { return Ok(None) };
        self.facts.note(&self.project.lockfile())?;
        let seen = if locked.changed { &seen.relocked(&locked.lockfile.to_text()) } else { seen };
        let selection = project::selection(self.environment, Some(self.platform));
        let left_out = self.left_out(&Closure::of(&locked.lockfile.graph, &selection))?;
        let without = (!left_out.is_empty()).then(|| locked.lockfile.without_folders(&left_out));
        let lockfile = without.as_ref().unwrap_or(&locked.lockfile);
        let closure = Closure::of(&lockfile.graph, &selection);
        policies::check(self.project, self.environment, lockfile, &closure)?;

        if self.options.dry_run {
            return Ok(Some(self.would_be(self.plan(&closure), locked.warnings)));
        }
        self.session.store.tidy()?;
        let interpreter = interpreter::find(self.session.context, self.project, &closure, self.platform)?;
        if self.options.activate {
            self.profile.check_links(Needs::of(&closure, interpreter.as_ref()))?;
        }
        if self.options.repair {
            repair::forget_harmed(&self.session.store, &closure)?;
        }
        let (closure, gathered, skipped) =
            gather::gather_what_can_be_had(&LazyRegistries::new(self.session, self.project), &selection, closure)?;
        let ahead = self.options.bytecode == BytecodeUse::Ahead || self.environment.compile;
        let compiler = interpreter.as_ref().filter(|_| ahead);
        let _leased =
            compiler.map(|python| bytecode::lease(&self.session.store, python, &gathered.trees)).transpose()?;
        let bytecode = compiler.map(|python| self.compile(&gathered.trees, python)).transpose()?;
        let interpreter = interpreter.as_ref();
        let ingredients = Ingredients { trees: &gathered.trees, interpreter, bytecode, is_back };
        let plan = self.plan(&closure);
        let held = seen::hold(self.session.context, &self.profile)?;
        // While the network was waited for, another larder may have got further than this one.
        if !seen.stands(&self.project.root)? {
            return Ok(None);
        }
        let text = locked.lockfile.to_text();
        let input = self.input((lockfile, &text), &closure, &ingredients);
        let built = self.build(&held, &input, &ingredients)?;
        let number = built.generation.number;
        // What there was could not be read before.
        let plan = if built.recalled { built.generation.plan_from(Some(&built.generation)) } else { plan };
        // What was skipped is tried again the next time.
        if skipped.is_empty() && left_out.is_empty() && !is_back {
            self.remember(number, interpreter)?;
        }
        held.finish()?;
        let mut notes = if built.made { notes::notes(self.project, &closure, &plan)? } else { Vec::new() };
        if built.made && !locked.changed {
            notes.extend(notes::foreign(&closure, &plan));
        }
        if built.relocated {
            notes.push(format!("the project lies elsewhere than before: generation {number} was linked to this place"));
        }
        if !left_out.is_empty() {
            let folders: Vec<&str> = left_out.iter().map(|folder| &**folder).collect();
            notes.push(format!("not on disk and left out: {}", folders.join(", ")));
        }
        if self.options.repair {
            notes.extend(healed(gathered.fetched, "fetched again"));
            notes.extend(healed(built.realised, "built anew"));
            notes.extend(built.recalled.then(|| format!("healed: the record of generation {number}")));
        }
        let mut warnings = locked.warnings;
        warnings.extend(skipped);
        warnings.extend(built.warnings);
        Ok(Some(Synced {
            environment: self.environment.name.to_string(),
            generation: Some(number),
            folder: self.profile.folder(&self.environment.name, number),
            built: built.made,
            plan,
            fetched: gathered.fetched,
            bytes: gathered.bytes,
            warnings,
            notes,
        }))
    }

    /// Returns the lock of the generation that was gone back to, where it is to be healed as it is. Anything else than a
    /// repair would undo the rollback, and has to be asked for.
    fn gone_back_to(&self) -> Result<Option<Lockfile>> {
        let name = &self.environment.name;
        if self.options.forward || self.options.dry_run {
            return Ok(None);
        }
        let Some(note) = self.profile.rolled_back(name)? else { return Ok(None) };
        let its_lock = || crate::lock::parse(LOCKFILE, &self.profile.lock_text(name, note.to).ok()?).ok();
        match its_lock().filter(|_| self.options.repair) {
            Some(lockfile) => Ok(Some(lockfile)),
            None => Err(IsRolledBack::new(name, &note).into()),
        }
    }

    /// Returns the members and local packages to leave out, as they are not on disk; an error, unless that was asked for.
    /// Where the lock was compared with the manifests, all are there.
    fn left_out(&self, closure: &Closure<'_>) -> Result<BTreeSet<Arc<str>>> {
        if !self.options.lock.is_frozen() {
            return Ok(BTreeSet::new());
        }
        let absent = self.project.absent(closure)?;
        if absent.is_empty() || self.options.lock == LockUse::FrozenPresent {
            return Ok(absent);
        }
        Err(MembersAbsent { folders: absent.iter().map(|folder| format!("`{folder}`")).collect() }.into())
    }

    /// Compares what is there with what the lock wants.
    fn plan(&self, closure: &Closure<'_>) -> Plan {
        // A record that cannot be read is no reason not to build a new one.
        let current = self.profile.current(&self.environment.name).ok().flatten();
        let (there, mut direct) = current.map(|it| (it.packages(), it.direct())).unwrap_or_default();
        direct.extend(plan::direct(closure));
        Plan { direct, ..plan::plan(&there, &plan::contents(closure)) }
    }

    fn would_be(&self, plan: Plan, warnings: Vec<String>) -> Synced {
        Synced {
            environment: self.environment.name.to_string(),
            generation: None,
            folder: PathBuf::new(),
            built: false,
            plan,
            fetched: 0,
            bytes: 0,
            warnings,
            notes: Vec::new(),
        }
    }

    /// Makes byte-code.
    fn compile(&self, trees: &BTreeMap<PackageKey, Arc<Tree>>, interpreter: &Interpreter) -> Result<Bytecode> {
        if self.options.repair {
            repair::drop_false_records(&self.session.store, &bytecode::names(interpreter, trees))?;
        }
        let bytecode = bytecode::compile(self.session.context, &self.session.store, interpreter, trees)?;
        if self.options.repair && repair::drop_harmed_bytecode(&self.session.store, &bytecode)? > 0 {
            return bytecode::compile(self.session.context, &self.session.store, interpreter, trees);
        }
        Ok(bytecode)
    }

    /// Builds beside what is there, checks, and switches.
    fn build(
        &self,
        held: &ProjectLock,
        input: &profile::Input<'_>,
        ingredients: &Ingredients<'_>,
    ) -> Result<profile::Built> {
        self.session.store.note_project(self.profile.root(), ingredients.store_trees().map(|tree| tree.digest))?;
        (self.session.context.reporter)(Event::Building(input.closure.instances.len()));
        let name = &self.environment.name;
        let before = self.seen_by_node()?;
        let mut built = if self.options.repair {
            repair::heal(&self.profile, held, input, ingredients.store_trees())?
        } else {
            self.profile.build(held, input)?
        };
        let number = built.generation.number;
        if !ingredients.is_back {
            generations::take_over(&self.profile, held, &self.session.store, self.environment, number)?;
        } else if built.made {
            self.profile.roll_back(held, name, number)?;
        }
        if self.options.activate {
            self.profile.activate(held, name)?;
        }
        let told = profile::exclude(self.profile.root())?;
        if before.is_some_and(|before| before != (name.clone(), number)) && self.options.activate {
            built.warnings.push(switch::RESTART.to_owned());
        }
        if built.made {
            built.warnings.extend(told);
            built.warnings.extend(generations::retire(&self.profile, held, self.environment));
        }
        Ok(built)
    }

    /// Returns the generation in which Node programs find their packages now, where it has some.
    fn seen_by_node(&self) -> Result<Option<(Label, u64)>> {
        let Some(active) = self.profile.active()? else { return Ok(None) };
        // A record that cannot be read is no reason not to build a new one.
        let head = self.profile.current_head(&active).ok().flatten().filter(profile::Head::has_npm_packages);
        Ok(head.map(|head| (active, head.number)))
    }

    fn input<'i>(
        &'i self,
        (lock, lock_text): (&'i Lockfile, &'i str),
        closure: &'i Closure<'i>,
        ingredients: &'i Ingredients<'i>,
    ) -> profile::Input<'i> {
        profile::Input {
            environment: &self.environment.name,
            platform: self.platform,
            lock,
            lock_text,
            durable: self.environment.durable,
            promoted: None,
            closure,
            trees: ingredients.trees,
            files: self.environment.files,
            interpreter: ingredients.interpreter,
            bytecode: ingredients.bytecode.as_ref(),
            created: jiff::Timestamp::now(),
            larder: env!("CARGO_PKG_VERSION"),
        }
    }

    /// Records what was looked at, so that the next sync can answer at once.
    fn remember(&mut self, generation: u64, interpreter: Option<&Interpreter>) -> Result<()> {
        let name: &Label = &self.environment.name;
        let root = self.profile.root().to_owned();
        let profile = root.join(".larder/node_modules/.profiles").join(name.as_str());
        self.facts.note_link(&profile.join("current"))?;
        self.facts.note(&profile.join(generation.to_string()).join("generation.json"))?;
        if self.options.activate {
            for link in ["node_modules", ".venv"] {
                if fs::lstat(&root.join(link))?.is_some() {
                    self.facts.note_link(&root.join(link))?;
                }
            }
        }
        if let Some(interpreter) = interpreter {
            self.facts.note(&interpreter.path)?;
        }
        Ok(state::write(&root, name.as_str(), generation, &self.facts)?)
    }
}

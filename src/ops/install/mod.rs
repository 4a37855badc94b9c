//! What every command that builds an environment ends with: a closure is gathered, built beside what is there, and
//! switched to.
//!
//! The project's lock is held to build and to switch ([`Installation::build`]), not while the network is waited for
//! ([`Installation::gather`]).

mod bytecode;
mod derived;
pub(super) mod gather;
mod laid_out;
pub(super) mod manifests;
mod patched;
mod repair;
pub(super) mod scripted;
pub(super) mod tested;

use std::collections::{BTreeMap, BTreeSet};
use std::slice::from_ref;
use std::sync::Arc;

use crate::diagnostic::Exit;
use crate::difference::{self, Difference, RuntimeVersions};
use crate::lock::{self, Closure, Lockfile, Selection};
use crate::manifest::Environment;
use crate::model::{CheckName, Label, PackageKey, Platform, RuntimeHost, RuntimeName};
use crate::policy::{CheckStage, Finding};
use crate::profile::python::{self, Bytecode, Interpreter};
use crate::profile::{self, Built, Generation, ProjectLock, PromotionSource, RequiredLinks};
use crate::store::{Lease, Tree};

use crate::ops::analyze;
use crate::ops::building::{Builder, ScriptRunner};
use crate::ops::deployed_flows::{self, FlowUse};
use crate::ops::facts::license_facts;
use crate::ops::facts::locked_trees::{self, MissingTrees};
use crate::ops::generations::{self, switch};
use crate::ops::policies::{Subject, is_asked_for};
use crate::ops::programs::interpreter;
use crate::ops::registries::LazyRegistries;
use crate::ops::runtimes::{self, GatheredRuntimes};
use crate::ops::session::LOCKFILE;
use crate::ops::{Event, Project, Result, Session};
use gather::{Completeness, Gathered, LeftOutPackages, PackageSteps, SourceUse};

/// Whether an environment becomes the active one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Activation {
    /// It becomes the active one.
    #[default]
    Activate,
    /// Whichever is active stays so.
    Leave,
}

/// When Python's byte-code is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum BytecodeUse {
    /// As the environment says: while it is built, or as Python runs.
    #[default]
    AsDeclared,
    /// While the environment is built.
    Precompiled,
}

/// How an environment comes to what it is to be.
#[derive(Clone, Copy, Debug)]
pub(super) enum Purpose<'a> {
    /// What the lock says is built, unless it is there; an optional package that cannot be fetched is left out.
    Sync,
    /// The same, and damage is looked for and healed.
    Repair,
    /// The generation that the environment was rolled back to is healed, and stays the one that was gone back to.
    RepairRolledBack,
    /// What another environment has is built, all of it.
    Promote(&'a Promotion),
}

/// What another environment has.
#[derive(Debug)]
pub(super) struct Promotion {
    /// Where it comes from.
    pub(super) source: PromotionSource,
    /// What it has of packages that are built or whose scripts run: what was tested, and not what would come of that now.
    pub(super) carried: BTreeMap<PackageKey, Arc<Tree>>,
}

impl Purpose<'_> {
    fn repairs(self) -> bool {
        matches!(self, Self::Repair | Self::RepairRolledBack)
    }
}

/// An environment that is to have what a lock says.
#[derive(Clone, Copy)]
pub(super) struct Installation<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) project: &'a Project,
    pub(super) profile: &'a profile::Profiles,
    pub(super) environment: &'a Environment,
    pub(super) platform: Platform,
    /// The lock.
    pub(super) lock: &'a Lockfile,
    pub(super) purpose: Purpose<'a>,
    pub(super) activation: Activation,
    pub(super) bytecode: BytecodeUse,
    /// Which flows the environment is to have.
    pub(super) flows: FlowUse<'a>,
    /// What is so where the environment comes from a bundle.
    pub(super) bundled: Option<BundledProject<'a>>,
}

impl<'a> Installation<'a> {
    /// Returns one that only gathers what the environment would have: nothing of it is touched.
    pub(super) fn untouched(
        (session, project): (&'a Session<'a>, &'a Project),
        profile: &'a profile::Profiles,
        (environment, platform): (&'a Environment, Platform),
        lock: &'a Lockfile,
    ) -> Self {
        Self {
            session,
            project,
            profile,
            environment,
            platform,
            lock,
            purpose: Purpose::Sync,
            activation: Activation::Leave,
            bytecode: BytecodeUse::AsDeclared,
            flows: FlowUse::Keep,
            bundled: None,
        }
    }
}

/// The project of an environment that comes from a bundle.
#[derive(Clone, Copy)]
pub(super) struct BundledProject<'a> {
    /// Its files.
    pub(super) files: &'a Arc<Tree>,
    /// The time that the generation states.
    pub(super) time: jiff::Timestamp,
}

/// What an environment is built from.
pub(super) struct Ingredients<'c> {
    /// What it is to have, without what was left out.
    pub(super) closure: Closure<'c>,
    pub(super) gathered: Gathered,
    pub(super) left_out: LeftOutPackages,
    /// Where larder brings it, as it is in the store.
    pub(super) interpreter: Option<Interpreter>,
    pub(super) runtimes: GatheredRuntimes,
    bytecode: Option<Bytecode>,
    /// The generation of another environment that it is, or stays.
    promoted: Option<PromotionSource>,
    /// Keeps byte-code from being collected until the environment has it.
    _leased: Option<Lease>,
}

impl Ingredients<'_> {
    /// Returns how many artifacts were fetched, and how many bytes came.
    pub(super) fn fetched(&self) -> (usize, u64) {
        (self.gathered.fetched + self.runtimes.fetched, self.gathered.bytes + self.runtimes.bytes)
    }

    fn store_trees(&self) -> impl Iterator<Item = &Arc<Tree>> + Clone {
        let runtimes = self.runtimes.trees.iter().map(|runtime| &runtime.tree);
        self.gathered.trees.values().chain(runtimes).chain(self.bytecode.iter().flat_map(|bytecode| bytecode.values()))
    }
}

/// What became of an environment.
pub(super) struct Installed {
    /// Its current generation.
    pub(super) number: u64,
    /// What the profile says of it.
    pub(super) built: Built,
    /// What changed.
    pub(super) difference: Difference,
    /// What a user should hear about.
    pub(super) warnings: Vec<String>,
}

impl Installation<'_> {
    /// Brings together what an environment is built from. Nothing of the project is touched.
    pub(super) fn gather<'c>(&self, selection: &Selection, closure: Closure<'c>) -> Result<Ingredients<'c>> {
        let store = &self.session.store;
        store.tidy()?;
        let mut interpreter = interpreter::find(self.session.context, self.project, &closure, self.platform)?;
        let brings_python = self.lock.runtimes.on(RuntimeName::Python, self.platform).is_some();
        if self.moves_links()? {
            self.profile.check_links(RequiredLinks::of(&closure, interpreter.is_some() || brings_python))?;
        }
        let completeness = match self.purpose {
            Purpose::Promote(_) => Completeness::Whole,
            Purpose::Sync | Purpose::Repair | Purpose::RepairRolledBack => Completeness::WithoutMissingOptional,
        };
        let source = LazyRegistries::new(self.session, self.project);
        if self.purpose.repairs() {
            repair::forget_damaged_runtimes(store, &self.lock.runtimes)?;
        }
        let runtimes = runtimes::gather(self.session, &source, &self.lock.runtimes, self.platform);
        source.opened()?;
        let runtimes = runtimes?;
        if let Some(brought) = self.brought_interpreter(&runtimes)? {
            interpreter = Some(brought);
        }
        let node = runtimes.of(RuntimeName::Node);
        let builder = Builder {
            session: self.session,
            project: self.project,
            builds: &self.lock.builds,
            interpreter: interpreter.as_ref(),
            node,
            platform: self.platform,
        };
        let scripts = ScriptRunner::new(self.session, self.project, self.lock, &closure, (self.platform, node))?;
        let patches = &self.lock.settings.patches;
        if self.purpose.repairs() {
            let mut outputs = builder.outputs(&closure)?;
            if let Some(runner) = &scripts {
                let planned = scripted::planned(runner, &closure, patches, &outputs)?;
                outputs.extend(planned.into_iter().map(|planned| (planned.instance.package, planned.output)));
            }
            repair::forget_damaged(store, &closure, patches, outputs)?;
        }
        let sources = SourceUse::Built(&builder);
        let kept;
        let promotion = match self.purpose {
            Purpose::Promote(promotion) => Some(promotion),
            Purpose::Sync | Purpose::Repair | Purpose::RepairRolledBack => {
                kept = tested::kept(self)?;
                kept.as_ref()
            }
        };
        let carried = promotion.map_or(const { &BTreeMap::new() }, |promotion| &promotion.carried);
        let preparation = PackageSteps { patches, sources, scripts: scripts.as_ref(), carried };
        let (closure, gathered, left_out) = gather::gather(&source, selection, closure, &preparation, completeness)?;
        let promoted = promotion.map(|promotion| promotion.source.clone());
        Ok(Ingredients { promoted, ..self.with_bytecode((closure, gathered, left_out), interpreter, runtimes)? })
    }

    /// Brings together what an environment is built from where its trees are in the store already, as a bundle has brought them.
    pub(super) fn gathered<'c>(
        &self,
        closure: Closure<'c>,
        gathered: Gathered,
        runtimes: GatheredRuntimes,
    ) -> Result<Ingredients<'c>> {
        let interpreter = match self.brought_interpreter(&runtimes)? {
            Some(brought) => Some(brought),
            None => interpreter::find(self.session.context, self.project, &closure, self.platform)?,
        };
        self.with_bytecode((closure, gathered, LeftOutPackages::default()), interpreter, runtimes)
    }

    /// Returns the interpreter that larder brings, as it is in the store.
    fn brought_interpreter(&self, runtimes: &GatheredRuntimes) -> Result<Option<Interpreter>> {
        let Some(runtime) = runtimes.of(RuntimeName::Python) else { return Ok(None) };
        Ok(Some(python::of_runtime(&runtime.tree.folder, &runtime.key.version.into(), self.platform)?))
    }

    /// Adds byte-code, where it is wanted.
    fn with_bytecode<'c>(
        &self,
        (closure, gathered, left_out): (Closure<'c>, Gathered, LeftOutPackages),
        interpreter: Option<Interpreter>,
        runtimes: GatheredRuntimes,
    ) -> Result<Ingredients<'c>> {
        let store = &self.session.store;
        let precompiles = self.bytecode == BytecodeUse::Precompiled
            || self.environment.compile && !(runtimes.of(RuntimeName::Python).is_some() && self.names_host_of_python());
        let compiler = interpreter.as_ref().filter(|_| precompiles);
        let leased = compiler.map(|python| bytecode::lease(store, python, &gathered.trees)).transpose()?;
        let bytecode = compiler.map(|python| self.compile(&gathered, python)).transpose()?;
        Ok(Ingredients {
            closure,
            gathered,
            left_out,
            interpreter,
            runtimes,
            bytecode,
            promoted: None,
            _leased: leased,
        })
    }

    /// Makes byte-code.
    fn compile(&self, gathered: &Gathered, interpreter: &Interpreter) -> Result<Bytecode> {
        let (session, trees) = (self.session, &gathered.trees);
        if self.purpose.repairs() {
            repair::drop_false_records(&session.store, &bytecode::names(interpreter, trees))?;
        }
        let compiled = bytecode::compile(session, interpreter, trees)?;
        if self.purpose.repairs() && repair::drop_damaged_bytecode(&session.store, &compiled)? > 0 {
            return bytecode::compile(session, interpreter, trees);
        }
        Ok(compiled)
    }

    /// Fails where the environment's policy forbids what a closure of the lock has, and returns what it only warns of. Where something is
    /// denied, what only the files of the other packages tell is looked up, too: all that is wrong is said at once.
    pub(super) fn check(&self, closure: &Closure<'_>) -> Result<Vec<Finding>> {
        let Self { session, project, lock, environment, .. } = *self;
        let subject = Subject::looking_up(session, (project, lock), || closure.packages(), &[environment])?;
        let refused = match subject.check(environment, closure) {
            Err(refused) if refused.failure().exit() == Exit::Refused => refused,
            judged => return judged,
        };
        let judges_licenses = environment.policy.licenses.span.is_some();
        if !judges_licenses && !is_asked_for(CheckName::Unused, environment) {
            return Err(refused);
        }
        let judged = subject.judge(environment, from_ref(closure), CheckStage::BeforeBuild)?.into_iter();
        let denied: BTreeSet<PackageKey> =
            judged.filter(Finding::is_denied).filter_map(|finding| finding.package).collect();
        let others = closure.packages().filter(|(key, _)| !denied.contains(key));
        let trees = match locked_trees::of(session, project, others, MissingTrees::Fetched) {
            Ok(trees) => trees,
            Err(error) => {
                let told = format!("what the files of packages tell is not known: {}", error.in_short());
                (session.context.reporter)(Event::Warning(told));
                return Err(refused);
            }
        };
        let unused = analyze::asked_for_in(project, environment, closure, |key| trees.get(key))?;
        let unused = unused.map(|lines| lines.into_iter().filter(|line| !denied.contains(&line.package)).collect());
        let mut subject = subject.with_unused(unused);
        if judges_licenses {
            subject = subject.with_licenses(license_facts::of_trees(trees.iter()));
        }
        subject.check(environment, closure)
    }

    /// Fails where the environment's policy forbids what only the gathered files tell: licenses, and dependencies that nothing uses.
    /// Returns what it only warns of.
    pub(super) fn check_gathered(&self, from: &Ingredients<'_>) -> Result<Vec<Finding>> {
        let tree = |key: &PackageKey| from.gathered.trees.get(key).map(|tree| &**tree);
        let unused = analyze::asked_for_in(self.project, self.environment, &from.closure, tree)?;
        let judges_licenses = self.environment.policy.licenses.span.is_some();
        if unused.is_none() && !judges_licenses {
            return Ok(Vec::new());
        }
        let mut subject = Subject::new(self.session.context, self.project, self.lock).with_unused(unused);
        if judges_licenses {
            let trees = from.gathered.trees.iter().map(|(key, tree)| (key, &**tree));
            subject = subject.with_licenses(license_facts::of_trees(trees));
        }
        subject.check_gathered(self.environment, &from.closure)
    }

    /// Builds beside what is there, checks, and switches.
    pub(super) fn build(&self, held: &ProjectLock, lock_text: &str, from: &Ingredients<'_>) -> Result<Installed> {
        let Self { profile, environment, .. } = *self;
        let (name, store) = (&environment.name, &self.session.store);
        let runtimes = difference::runtimes_of(&self.lock.runtimes, Some(self.platform));
        // A record that cannot be read is no reason not to build a new one.
        let current = profile.current(name).ok().flatten();
        let difference = compare(current.as_ref(), &from.closure, &runtimes);
        let flows = self.flows.flows(profile, name)?;
        let flow_trees = deployed_flows::trees(store, profile, name, &flows)?;
        let difference = difference.with_flows(&flow_texts(&profile.flows(name)?), &flow_texts(&flows));
        let used = from.store_trees().chain(&flow_trees);
        store.note_project(profile.root(), used.clone().map(|tree| tree.digest))?;
        (self.session.context.reporter)(Event::Building(from.closure.instances.len()));
        let (before, moves_links) = (seen_by_node(profile)?, self.moves_links()?);
        let environments: Vec<_> = self.project.manifest.environments.iter().map(Environment::groups).collect();
        let interpreter = self.placed(from);
        let manifests = match self.purpose {
            // What is promoted was asked for then, and the checkout may have changed since.
            Purpose::Promote(Promotion { source, .. }) => profile.manifests(&source.environment, source.number)?,
            // So was what was gone back to. Where they are damaged, they are gone.
            Purpose::RepairRolledBack => match profile.current_number(name)? {
                Some(number) => profile.manifests(name, number).unwrap_or_default(),
                None => BTreeMap::new(),
            },
            Purpose::Sync | Purpose::Repair => manifests::texts(self.project),
        };
        let input = profile::BuildInput {
            environment: name,
            platform: self.platform,
            lock: self.lock,
            lock_text,
            manifests: &manifests,
            durable: environment.durable,
            promoted: from.promoted.as_ref(),
            closure: &from.closure,
            trees: &from.gathered.trees,
            files: environment.files,
            hoisting: &self.project.manifest.hoisting,
            environments: &environments,
            interpreter: interpreter.as_ref(),
            runtimes: &from.runtimes.trees,
            bytecode: from.bytecode.as_ref(),
            flows: &flows,
            flow_trees: &flow_trees,
            project: self.bundled.map(|bundled| bundled.files),
            created: self.bundled.map_or_else(jiff::Timestamp::now, |bundled| bundled.time),
            larder: env!("CARGO_PKG_VERSION"),
        };
        let mut built = if self.purpose.repairs() {
            repair::heal(profile, held, &input, used)?
        } else {
            profile.build(held, &input)?
        };
        let number = built.generation.number;
        if !matches!(self.purpose, Purpose::RepairRolledBack) {
            generations::take_over(profile, held, store, environment, number)?;
        } else if built.is_new {
            profile.roll_back(held, name, number)?;
        }
        if self.activation == Activation::Activate {
            profile.activate(held, name)?;
        }
        let excluded = profile::exclude_from_git(profile.root())?;
        let mut warnings = std::mem::take(&mut built.warnings);
        if moves_links && before.is_some_and(|before| before != (name.clone(), number)) {
            warnings.push(switch::RESTART.to_owned());
        }
        if built.is_new {
            warnings.extend(excluded);
            warnings.extend(generations::retire(profile, held, environment));
        }
        // What there was could not be read before.
        let difference = if built.record_rewritten {
            built.generation.difference_from(Some(&built.generation))
        } else {
            let replaced = current.map(|current| built.generation.replaced_since(&current));
            difference.with_replaced(replaced.unwrap_or_default())
        };
        Ok(Installed { number, built, difference, warnings })
    }

    /// Returns the interpreter as the environment has it: where larder brings it, it is linked into the checkout.
    fn placed(&self, from: &Ingredients<'_>) -> Option<Interpreter> {
        let interpreter = from.interpreter.as_ref()?;
        Some(match from.runtimes.of(RuntimeName::Python) {
            Some(python) => {
                self.profile.interpreter_in_place(interpreter, python, (self.platform, self.environment.files))
            }
            None => interpreter.clone(),
        })
    }

    /// Returns whether the manifest says where Python comes from. Whoever wrote it may be anybody: such a Python runs only for those
    /// who ask for it.
    fn names_host_of_python(&self) -> bool {
        self.project.manifest.runtime_registries.iter().any(|registry| registry.host == RuntimeHost::Python)
    }

    /// Tells whether the links in the checkout lead elsewhere afterwards.
    fn moves_links(&self) -> Result<bool> {
        Ok(self.activation == Activation::Activate || self.profile.active()?.as_ref() == Some(&self.environment.name))
    }
}

/// Returns what is told of flows, by name.
fn flow_texts(flows: &profile::DeployedFlows) -> BTreeMap<Arc<str>, String> {
    flows.iter().map(|(name, flow)| (Arc::clone(name), flow.text())).collect()
}

/// Compares the packages of an environment's current generation with those of the closure that it is to have, by what their locks
/// say.
pub(super) fn compare_with_current(
    profile: &profile::Profiles,
    environment: &Label,
    (lock, closure): (&Lockfile, &Closure<'_>),
    runtimes: &RuntimeVersions,
) -> Difference {
    let current = profile.current(environment).ok().flatten();
    let difference = compare(current.as_ref(), closure, runtimes);
    let text = current.and_then(|current| profile.lock_text(environment, current.number).ok());
    let Some(then) = text.and_then(|text| lock::parse(LOCKFILE, &text).ok()) else { return difference };
    let here = difference::packages_of(closure);
    let replaced = difference::replaced(&then, lock).into_iter().filter(|(package, _)| here.contains_key(package));
    difference.with_replaced(replaced.collect())
}

/// Compares the versions of the packages of a generation with those of the closure that is to take its place.
fn compare(current: Option<&Generation>, closure: &Closure<'_>, runtimes: &RuntimeVersions) -> Difference {
    let before = current.map(Generation::runtime_versions).unwrap_or_default();
    let (there, mut direct) = current.map(|it| (it.packages(), it.direct())).unwrap_or_default();
    direct.extend(difference::direct_dependencies(closure));
    let difference = Difference { direct, ..Difference::between(&there, &difference::packages_of(closure)) };
    difference.with_runtimes(&before, runtimes)
}

/// Returns the generation in which Node programs find their packages now, where it has some.
fn seen_by_node(profile: &profile::Profiles) -> Result<Option<(Label, u64)>> {
    let Some(active) = profile.active()? else { return Ok(None) };
    // A record that cannot be read is no reason not to build a new one.
    let head = profile.current_summary(&active).ok().flatten().filter(profile::GenerationSummary::has_npm_packages);
    Ok(head.map(|head| (active, head.number)))
}

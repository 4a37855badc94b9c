//! Running the install scripts of a closure's packages: what comes of them is found in the store, else made now.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use crate::build::{
    self, Bind, BuildError, Downloads, EARLIEST_ZIP_DATE, FailedStep, NpmPackage, Sandbox, ScriptSet, Toolchain,
};
use crate::fs;
use crate::lock::{Closure, Lockfile};
use crate::model::{Digest, PackageKey, Platform};
use crate::ops::project::Project;
use crate::ops::{Event, Result, Session};
use crate::profile::{PackageFolder, RuntimeTree};
use crate::store::Tree;

use super::consent::Exceptions;
use super::downloads::{DeclaredFiles, Recorder, WatchedDownloads, explain_without};
use super::error::BuildsError;
use super::key::{ScriptMachine, scripted_key};
use super::left_files::take;
use super::node::{self, NodeProgram};
use super::outputs::{find_output, twice};
use super::plan_scripts::{PlannedScripts, ScriptsInput, plan};
use super::scripts;
use super::source::not_locked;
use super::workshop::log_file;

/// Runs the install scripts of a closure's packages.
pub(in crate::ops) struct ScriptRunner<'a> {
    session: &'a Session<'a>,
    lock: &'a Lockfile,
    pub(in crate::ops) platform: Platform,
    /// The packages whose scripts run, with the digests of these.
    scripted: BTreeMap<&'a PackageKey, (&'a Digest, Exceptions)>,
    node: NodeProgram,
    toolchain: Arc<Toolchain>,
}

impl<'a> ScriptRunner<'a> {
    /// Returns a runner for the packages whose scripts may run. Returns `None` if none may.
    ///
    /// # Errors
    /// If some are not those that were approved, or there is no Node.
    pub(in crate::ops) fn new(
        session: &'a Session<'a>,
        project: &Project,
        lock: &'a Lockfile,
        closure: &Closure<'_>,
        (platform, node): (Platform, Option<&RuntimeTree>),
    ) -> Result<Option<Self>> {
        if lock.builds.scripts.is_empty() {
            return Ok(None);
        }
        let rules = &project.manifest.settings.builds;
        let nothing = build::scripts_digest(&[]);
        let (mut scripted, mut changed) = (BTreeMap::new(), Vec::new());
        for (key, package) in closure.packages().filter(|(key, _)| rules.approves(&key.id, &key.version)) {
            let Some((key, scripts)) = lock.builds.scripts.get_key_value(key) else { continue };
            if scripts.approved.is_some() {
                changed.push(key.clone());
            } else if scripts.digest != nothing && package.facts.install_script {
                scripted.insert(key, (&scripts.digest, Exceptions::of(session.context(), project, key)?));
            }
        }
        if !changed.is_empty() {
            return Err(BuildsError::ScriptsChanged(changed).into());
        }
        let Some((first, _)) = scripted.first_key_value() else { return Ok(None) };
        let node = node::find(session.context(), node, first)?;
        let toolchain = Toolchain::of_machine(&[], Some(&node.runtime.executable))?;
        Ok(Some(Self { session, lock, platform, scripted, node, toolchain }))
    }

    /// Returns the packages of a closure whose scripts run, in the order in which they do. `names` has the digest of what each
    /// package is without that.
    pub(in crate::ops) fn plan(
        &self,
        closure: &Closure<'_>,
        names: &BTreeMap<PackageKey, Digest>,
    ) -> Result<Vec<PlannedScripts>> {
        let scripted: BTreeSet<&PackageKey> = self.scripted.keys().copied().collect();
        let machine =
            ScriptMachine { versions: &self.node.versions, platform: self.platform, toolchain: &self.toolchain };
        plan(&ScriptsInput { closure, scripted: &scripted, names }, |input| {
            let package = &input.instance.package;
            let (scripts, exceptions) = self.scripted.get(package).ok_or_else(|| not_locked(package))?;
            scripted_key(input, scripts, &machine, exceptions)
        })
    }

    /// Fails if a package's scripts run and are not those that the lock has. `tree` is what its registry serves.
    pub(in crate::ops) fn check(&self, package: &PackageKey, tree: &Tree) -> Result<()> {
        match self.scripted.get(package) {
            Some((locked, _))
                if **locked != build::scripts_digest(&scripts::read(package, tree, ScriptSet::Install)?) =>
            {
                Err(BuildsError::OtherScripts { package: package.clone() }.into())
            }
            _ => Ok(()),
        }
    }

    /// Returns what comes of a package's scripts, if the store has it.
    pub(in crate::ops) fn find(&self, planned: &PlannedScripts) -> Result<Option<Tree>> {
        find_output(&self.session.store, &planned.output)
    }

    /// Runs a package's scripts twice, whatever the store has, and returns what came of both.
    pub(in crate::ops) fn run_twice(
        &self,
        planned: &PlannedScripts,
        closure: &Closure<'_>,
        trees: &BTreeMap<PackageKey, Arc<Tree>>,
    ) -> Result<[Tree; 2]> {
        twice(&self.session.store, &planned.output, |output| {
            let run = self.run(&PlannedScripts { output, ..planned.clone() }, closure, trees)?;
            Ok(run.map_err(BuildError::Failed)?)
        })
    }

    /// Runs a package's scripts on trees that the store has, and returns what comes of that, or which of them failed. If another
    /// process runs the same, waits for it.
    pub(in crate::ops) fn run(
        &self,
        planned: &PlannedScripts,
        closure: &Closure<'_>,
        trees: &BTreeMap<PackageKey, Arc<Tree>>,
    ) -> Result<std::result::Result<Tree, Box<FailedStep>>> {
        let (context, store, package) = (self.session.context(), &self.session.store, &planned.instance.package);
        let (_, exceptions) = self.scripted.get(package).ok_or_else(|| not_locked(package))?;
        let staging = store.stage(Some(&planned.output), |process| {
            (context.reporter)(Event::Waiting { process, does: format!("runs the install scripts of {package}") });
        })?;
        if let Some(tree) = self.find(planned)? {
            return Ok(Ok(tree));
        }
        let files = DeclaredFiles::fetch(self.session, package, &exceptions.files)?;
        let downloads = files.clone().map(|files| files as Arc<dyn Downloads>);
        let npm = match self.run_in(staging.place(), planned, (closure, trees), downloads)? {
            Ok(npm) => npm,
            Err(mut step) => {
                match files {
                    Some(files) => files.explain(&mut step, package),
                    None => explain_without(&mut step, package),
                }
                return Ok(Err(step));
            }
        };
        take(store, &npm, &planned.output, None).map(Ok)
    }

    /// Runs a package's scripts for what they download, and keeps nothing else of what they do. Returns what they asked for, and
    /// which of them failed.
    pub(in crate::ops) fn record(
        &self,
        planned: &PlannedScripts,
        (closure, trees): (&Closure<'_>, &BTreeMap<PackageKey, Arc<Tree>>),
        hosts: &[String],
    ) -> Result<(WatchedDownloads, Option<Box<FailedStep>>)> {
        let staging = self.session.store.stage(None, |_| {})?;
        let recorder = Arc::new(Recorder::open(self.session, hosts)?);
        let downloads = Some(Arc::clone(&recorder) as Arc<dyn Downloads>);
        let run = self.run_in(staging.place(), planned, (closure, trees), downloads)?;
        Ok((recorder.recorded(), run.err()))
    }

    /// Runs a package's scripts in a folder of its own. Returns the package as they left it, or which of them failed.
    fn run_in(
        &self,
        place: &Path,
        planned: &PlannedScripts,
        (closure, trees): (&Closure<'_>, &BTreeMap<PackageKey, Arc<Tree>>),
        downloads: Option<Arc<dyn Downloads>>,
    ) -> Result<std::result::Result<NpmPackage, Box<FailedStep>>> {
        let (context, package) = (self.session.context(), &planned.instance.package);
        (context.reporter)(Event::BuildingPackage(package.to_string()));
        let [layout, scratch] = ["layout", "scratch"].map(|name| place.join(name));
        fs::create_dir(&scratch)?;
        let folder =
            PackageFolder { lock: self.lock, closure, platform: self.platform, trees, package: &planned.instance };
        let below = folder.lay_out(&layout)?;
        let node = &self.node.runtime;
        let (_, exceptions) = self.scripted.get(package).ok_or_else(|| not_locked(package))?;
        let mut sandbox = Sandbox::new(exceptions.level, &context.executable, scratch);
        sandbox.downloads = downloads;
        if !node.root.starts_with("/usr") {
            sandbox.binds.push(Bind::read(&node.root));
        }
        let npm = NpmPackage {
            name: package.to_string(),
            layout,
            writable: below.iter().take(1).collect(),
            package: below,
            scripts: ScriptSet::Install,
            node: node.clone(),
            search_path: exceptions.show(&mut sandbox),
            variables: exceptions.variables.clone(),
            source_date: EARLIEST_ZIP_DATE,
            log: log_file(context, package)?,
        };
        match npm.run_scripts(&sandbox) {
            Err(BuildError::Failed(step)) => Ok(Err(step)),
            run => run.map(|_| Ok(npm)).map_err(crate::ops::Error::from),
        }
    }
}

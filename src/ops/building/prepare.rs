//! Packages whose own scripts make them of their sources, as of a git repository: what these are built with, and building them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde_json::Value;

use crate::build::{
    self, Bind, BuildError, Downloads, EARLIEST_ZIP_DATE, FailedStep, NpmPackage, Sandbox, ScriptSet, Toolchain,
};
use crate::fs;
use crate::lock::{Closure, Lockfile, Selection};
use crate::model::{Builds, Digest, InstanceKey, Package, PackageId, PackageKey, Platform};
use crate::ops::project::Project;
use crate::ops::source_files::FolderFiles;
use crate::ops::{Event, Result, Session};
use crate::profile::{LaidOutSource, PackageFolder};
use crate::registry::{self, SourceFiles};
use crate::resolve::Wants;
use crate::store::{Staging, Tree};

use super::consent::Exceptions;
use super::downloads::{DeclaredFiles, explain_where_to_name_files, explain_without};
use super::error::BuildsError;
use super::key::{DependencyName, ScriptMachine, ScriptedKeyInput, prepared_key, scripted_key};
use super::left_files::take;
use super::node::NodeProgram;
use super::plan_scripts::{PlannedScripts, ScriptsInput, plan};
use super::scripts;
use super::source::not_locked;
use super::tools::Needs;
use super::workshop::log_file;

/// The file without which npm builds nothing unasked.
const GYP: &str = "binding.gyp";

/// Returns what a package's sources are built with.
pub(super) fn needs(package: &PackageKey, tree: &Tree) -> Result<Needs> {
    let bad = |text: String, reason: String| BuildsError::BadRequirement {
        package: package.clone(),
        text: text.into(),
        reason: reason.into(),
    };
    let files = FolderFiles::of_tree(tree);
    let stated = registry::preparation_needs(&package.id, &files);
    let stated = files
        .checked(stated)?
        .map_err(|reason| BuildsError::BadPackageJson { package: package.clone(), reason: reason.into() })?;
    let mut needs = Needs { requires: Vec::new(), lines: Vec::new() };
    for need in stated {
        match need.wants {
            Wants::Requirement(requirement) => {
                needs.requires.push(need.text);
                needs.lines.push((requirement, need.optional));
            }
            _ if need.optional => {}
            Wants::Source { .. } => {
                return Err(bad(need.text, "comes from outside of registries".to_owned()).into());
            }
            Wants::Unsupported { reason, .. } => return Err(bad(need.text, format!("cannot be had: {reason}")).into()),
        }
    }
    Ok(needs)
}

/// A package that its scripts make of its sources.
pub(super) struct Preparation<'a> {
    pub(super) session: &'a Session<'a>,
    pub(super) project: &'a Project,
    pub(super) builds: &'a Builds,
    pub(super) platform: Platform,
    pub(super) node: &'a NodeProgram,
    pub(super) package: &'a PackageKey,
    /// What the lock knows of it.
    pub(super) locked: &'a Package,
    pub(super) exceptions: &'a Exceptions,
}

impl Preparation<'_> {
    /// Returns the name of what comes of it in the store. `digests` has those of its sources and of its tools.
    pub(super) fn output(&self, digests: &BTreeMap<&PackageKey, &Digest>) -> Result<Digest> {
        let own = digests.get(self.package).ok_or_else(|| not_locked(self.package))?;
        let toolchain = Toolchain::of_machine(&[], Some(&self.node.runtime.executable))?;
        let lock = self.lock();
        let closure = Closure::of(&lock.graph, &self.selection());
        let machine = ScriptMachine { versions: &self.node.versions, platform: self.platform, toolchain: &toolchain };
        let scripted = self.scripted_tools(&closure, digests, &machine)?;
        let mut dependencies = Vec::new();
        for &reached in closure.instances.keys() {
            let made = scripted.iter().find(|tool| tool.instance.package == reached.package).map(|tool| &tool.output);
            let Some(digest) = made.or_else(|| digests.get(&reached.package).copied()) else { continue };
            let edges = closure.edges(reached).map(|edge| (&edge.name, &edge.to)).collect();
            dependencies.push(DependencyName { instance: reached, digest, edges });
        }
        let input = ScriptedKeyInput { instance: &self.instance(), own, dependencies: &dependencies };
        prepared_key(&input, &machine, self.exceptions)
    }

    /// Returns the tools whose install scripts run before the sources are built, in the order in which they do: those that a line lets run
    /// theirs, and nobody changed.
    fn scripted_tools(
        &self,
        closure: &Closure<'_>,
        digests: &BTreeMap<&PackageKey, &Digest>,
        machine: &ScriptMachine<'_>,
    ) -> Result<Vec<PlannedScripts>> {
        let (rules, nothing) = (&self.project.manifest.settings.builds, build::scripts_digest(&[]));
        let tools = closure.packages().map(|(key, _)| key).filter(|key| *key != self.package);
        let may_run = |key: &&PackageKey| rules.approves(&key.id, &key.version);
        let scripted: BTreeSet<&PackageKey> = tools
            .filter(may_run)
            .filter(|key| self.builds.tools.get(*key).is_some_and(|tool| tool.facts.install_script))
            .filter(|key| self.builds.scripts.get(*key).is_some_and(|scripts| scripts.digest != nothing))
            .collect();
        let is_changed = |key: &&&PackageKey| self.builds.approved_scripts(key).is_none();
        let changed: Vec<PackageKey> = scripted.iter().filter(is_changed).map(|key| (*key).clone()).collect();
        if !changed.is_empty() {
            return Err(BuildsError::ScriptsChanged(changed).into());
        }
        let names = digests.iter().map(|(key, digest)| ((*key).clone(), (*digest).clone())).collect();
        plan(&ScriptsInput { closure, scripted: &scripted, names: &names }, |input| {
            let tool = &input.instance.package;
            let scripts = self.builds.approved_scripts(tool).ok_or_else(|| not_locked(tool))?;
            let exceptions = Exceptions::of(self.session.context(), self.project, tool)?;
            scripted_key(input, scripts, machine, &exceptions)
        })
    }

    /// Runs the install scripts of tools where these lie, each of which may change its own folder.
    fn run_scripts_of_tools(
        &self,
        closure: &Closure<'_>,
        (layout, places): (&Path, &BTreeMap<InstanceKey, PathBuf>),
        trees: &BTreeMap<PackageKey, Arc<Tree>>,
    ) -> Result<()> {
        // Only their order counts here.
        let digests: Vec<(&PackageKey, Digest)> =
            trees.iter().map(|(key, tree)| (key, Digest::sha256_of(tree.digest.to_string()))).collect();
        let digests = digests.iter().map(|(key, digest)| (*key, digest)).collect();
        let toolchain = Toolchain::of_machine(&[], Some(&self.node.runtime.executable))?;
        let machine = ScriptMachine { versions: &self.node.versions, platform: self.platform, toolchain: &toolchain };
        for tool in self.scripted_tools(closure, &digests, &machine)? {
            let package = &tool.instance.package;
            let tree = trees.get(package).ok_or_else(|| not_locked(package))?;
            let locked = self.builds.approved_scripts(package).ok_or_else(|| not_locked(package))?;
            if *locked != build::scripts_digest(&scripts::read(package, tree, ScriptSet::Install)?) {
                return Err(BuildsError::OtherScripts { package: package.clone() }.into());
            }
            let exceptions = Exceptions::of(self.session.context(), self.project, package)?;
            // One that is there with several peers is in several folders.
            for (_, place) in places.iter().filter(|(instance, _)| instance.package == *package) {
                let writable = place.iter().take(1).collect();
                self.run_scripts(package, (layout, place.clone(), writable), ScriptSet::Install, &exceptions)?;
            }
        }
        Ok(())
    }

    /// Runs scripts of a package that lies in a folder of a layout, and may change one of its folders.
    fn run_scripts(
        &self,
        package: &PackageKey,
        (layout, folder, writable): (&Path, PathBuf, PathBuf),
        scripts: ScriptSet,
        exceptions: &Exceptions,
    ) -> Result<NpmPackage> {
        let context = self.session.context();
        let node = &self.node.runtime;
        let scratch = layout.with_file_name(format!("scratch-{}", fs::random_name()));
        fs::create_dir(&scratch)?;
        let mut sandbox = Sandbox::new(exceptions.level, &context.executable, scratch);
        let files = DeclaredFiles::fetch(self.session, package, &exceptions.files)?;
        sandbox.downloads = files.clone().map(|files| files as Arc<dyn Downloads>);
        if !node.root.starts_with("/usr") {
            sandbox.binds.push(Bind::read(&node.root));
        }
        let npm = NpmPackage {
            name: package.to_string(),
            layout: layout.to_owned(),
            writable,
            package: folder,
            scripts,
            node: node.clone(),
            search_path: exceptions.show(&mut sandbox),
            variables: exceptions.variables.clone(),
            source_date: EARLIEST_ZIP_DATE,
            log: log_file(context, package)?,
        };
        npm.run_scripts(&sandbox).map_err(|error| match error {
            BuildError::Failed(mut step) => {
                match (&files, scripts) {
                    (Some(files), _) => files.explain_refused(&mut step),
                    (None, ScriptSet::Prepare) => explain_where_to_name_files(&mut step),
                    (None, ScriptSet::Install) => explain_without(&mut step, package),
                }
                if scripts == ScriptSet::Prepare {
                    self.name_idle_tools(&mut step);
                }
                BuildError::Failed(step)
            }
            error => error,
        })?;
        Ok(npm)
    }

    /// Adds to the error of scripts which tools did not run their own: what these make may be what is missing.
    fn name_idle_tools(&self, step: &mut FailedStep) {
        let tools = self.builds.tools_of(self.package, self.platform);
        let idle = tools.filter(|(key, tool)| tool.facts.install_script && self.builds.approved_scripts(key).is_none());
        let idle: Vec<String> = idle.map(|(key, _)| format!("{}:{}", key.id.ecosystem, key.id.name)).collect();
        if !idle.is_empty() {
            let names = idle.join(" ");
            step.hint = format!(
                "install scripts of its tools did not run, as no line lets them: `larder builds allow {names}` does. {}",
                step.hint
            );
        }
    }

    /// Runs the scripts on the sources with the tools around them, all of which `trees` has, and takes what `npm pack` would take of
    /// what they leave.
    pub(super) fn run(
        &self,
        staging: &Staging<'_>,
        output: &Digest,
        trees: &BTreeMap<PackageKey, Arc<Tree>>,
    ) -> Result<Tree> {
        let (context, package) = (self.session.context(), self.package);
        let source = trees.get(package).ok_or_else(|| not_locked(package))?;
        let locked = self.builds.approved_scripts(package).ok_or_else(|| not_locked(package))?;
        if *locked != build::scripts_digest(&scripts::read(package, source, ScriptSet::Prepare)?) {
            return Err(BuildsError::OtherScripts { package: package.clone() }.into());
        }
        (context.reporter)(Event::BuildingPackage(package.to_string()));
        let layout = staging.place().join("layout");
        let lock = self.lock();
        let closure = Closure::of(&lock.graph, &self.selection());
        let (lock, closure, instance) = (&lock, &closure, &self.instance());
        let folder = PackageFolder { lock, closure, platform: self.platform, trees, package: instance };
        let LaidOutSource { source: below, tools } = folder.lay_out_source(&layout)?;
        self.run_scripts_of_tools(closure, (&layout, &tools), trees)?;
        // Some patch what they depend on.
        let whole = PathBuf::new();
        let npm = self.run_scripts(package, (&layout, below, whole), ScriptSet::Prepare, self.exceptions)?;
        let folder = npm.layout.join(&npm.package);
        let (source, left) = (FolderFiles::of_tree(source), FolderFiles::of_folder(&folder)?);
        let unusable = |problem| BuildError::Output { package: npm.name.clone(), problem, log: npm.log.clone() };
        let files = packed(&package.id, (&source, &left));
        let files = left.checked(source.checked(files)?)?.map_err(unusable)?;
        take(&self.session.store, &npm, output, Some(&files.into_iter().collect()))
    }

    fn instance(&self) -> InstanceKey {
        InstanceKey { package: self.package.clone(), peers: Arc::from("") }
    }

    fn selection(&self) -> Selection {
        Selection { groups: BTreeSet::new(), platform: Some(self.platform) }
    }

    /// Returns a lock of the package and of what builds it alone.
    fn lock(&self) -> Lockfile {
        Lockfile::new(self.project.manifest.settings.clone(), self.builds.graph_of(self.package, self.locked))
    }
}

/// Returns the files that make the package, of those that scripts `left`, as long as they are what its `source` says.
///
/// # Errors
/// The reason, as a sentence, why they are not.
fn packed(
    package: &PackageId,
    (source, left): (&dyn SourceFiles, &dyn SourceFiles),
) -> std::result::Result<Vec<String>, String> {
    if let Some(problem) = became_another(source, left) {
        return Err(problem);
    }
    let files = registry::packed_files(package, left)?;
    let has_gyp = files.iter().any(|file| file == GYP);
    match other_install_scripts((source, left), has_gyp) {
        Some(problem) => Err(problem),
        None => Ok(files),
    }
}

/// Returns why what scripts left is not the package that its sources are: what is locked is what these say. Whatever else they change
/// in their package.json is theirs.
fn became_another(source: &dyn SourceFiles, left: &dyn SourceFiles) -> Option<String> {
    let parse = |files: &dyn SourceFiles| build::parse_package_json(&files.read("package.json")?).ok();
    let Some(made) = parse(left) else { return Some("its scripts left no package.json that can be read".to_owned()) };
    let source = parse(source)?;
    let text = |json: &Value, field: &str| {
        let text = json.get(field).and_then(Value::as_str).unwrap_or_default().trim();
        if field == "version" { text.trim_start_matches(['=', 'v', ' ']).to_owned() } else { text.to_owned() }
    };
    let differing = ["name", "version"].into_iter().find(|field| text(&made, field) != text(&source, field));
    if let Some(field) = differing {
        let (made, source) = (text(&made, field), text(&source, field));
        return Some(format!(
            "its scripts made the {field} `{}` in its package.json, and not `{}`",
            made.escape_debug(),
            source.escape_debug()
        ));
    }
    let needs = made.get("dependencies").and_then(Value::as_object)?;
    let is_other = |(name, range): &(&String, &Value)| {
        let stated = |field| source.get(field).and_then(|needs| needs.get(name.as_str()));
        !["dependencies", "optionalDependencies", "peerDependencies"]
            .into_iter()
            .any(|field| stated(field) == Some(range))
    };
    let (name, range) = needs.iter().find(is_other)?;
    let name = name.escape_debug();
    Some(format!(
        "its scripts made it need `{name}` as {range}, which its sources do not say, so that it is not locked"
    ))
}

/// Returns why what scripts left has install scripts, or scripts that these call by their names, that are not those of its sources, which
/// were read and approved. `has_gyp` tells whether it has a `binding.gyp`.
fn other_install_scripts((source, left): (&dyn SourceFiles, &dyn SourceFiles), has_gyp: bool) -> Option<String> {
    let text = |files: &dyn SourceFiles| files.read("package.json").unwrap_or_default();
    let has_had_gyp = source.paths().contains(&GYP);
    let known = build::scripts(&text(source), has_had_gyp, ScriptSet::Prepare).unwrap_or_default();
    match build::scripts_and_called(&text(left), has_gyp, ScriptSet::Install) {
        Err(error) => Some(error.to_string()),
        Ok(made) => made.iter().find(|script| !known.contains(script)).map(|other| {
            format!(
                "its scripts made its `{}` script `{}`, which its sources do not say, so that nobody approved it",
                other.event,
                other.text.escape_debug()
            )
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Manifest(&'static str);

    impl SourceFiles for Manifest {
        fn paths(&self) -> Vec<&str> {
            vec!["package.json"]
        }

        fn read(&self, _: &str) -> Option<Vec<u8>> {
            Some(self.0.as_bytes().to_vec())
        }
    }

    #[test]
    fn scripts_may_not_make_another_package_of_the_sources() {
        let source =
            r#"{"name": "a", "version": "v1.0.0", "dependencies": {"x": "^1"}, "devDependencies": {"y": "1"}}"#;
        let check = |made: &'static str, expected: Option<&str>| {
            let problem = became_another(&Manifest(source), &Manifest(made));
            assert_eq!(problem.is_some(), expected.is_some(), "{made}");
            let problem = problem.unwrap_or_default();
            assert!(problem.contains(expected.unwrap_or_default()), "{problem}");
        };
        check(source, None);
        check(r#"{"name": "a", "version": "1.0.0", "main": "dist/a.js"}"#, None);
        check(r#"{"name": "other", "version": "1.0.0"}"#, Some("the name `other` in its package.json, and not `a`"));
        check(r#"{"name": "a", "version": "9.9.9"}"#, Some("the version `9.9.9`"));
        check(r#"{"name": "a", "version": "1.0.0", "dependencies": {"x": "^2"}}"#, Some("need `x` as \"^2\""));
        check(r#"{"name": "a", "version": "1.0.0", "dependencies": {"y": "1"}}"#, Some("`y`"));
        check("[", Some("can be read"));
    }

    #[test]
    fn scripts_make_no_install_scripts_that_nobody_approved() {
        let check = |source: &'static str, made: &'static str, has_gyp: bool, expected: Option<&str>| {
            let problem = other_install_scripts((&Manifest(source), &Manifest(made)), has_gyp);
            assert_eq!(problem.is_some(), expected.is_some(), "{made}");
            assert!(problem.unwrap_or_default().contains(expected.unwrap_or_default()), "{made}");
        };
        let source = r#"{"scripts": {"postinstall": "true", "prepare": "x"}}"#;
        check(source, source, false, None);
        check(source, r#"{"scripts": {"prepare": "y"}}"#, false, None);
        check(source, r#"{"scripts": {"postinstall": "curl"}}"#, false, Some("its `postinstall` script `curl`"));
        check(source, r#"{"scripts": {"install": "true"}}"#, false, Some("its `install` script"));
        check(source, source, true, Some("node-gyp rebuild"));
        let calling = r#"{"scripts": {"postinstall": "npm run setup", "setup": "one", "prepare": "x"}}"#;
        check(calling, calling, false, None);
        check(calling, r#"{"scripts": {"postinstall": "npm run setup", "test": "t"}}"#, false, None);
        let made = r#"{"scripts": {"postinstall": "npm run setup", "setup": "other"}}"#;
        check(calling, made, false, Some("its `setup` script `other`"));
        let made = r#"{"scripts": {"postinstall": "npm run setup", "setup": "one", "presetup": "other"}}"#;
        check(calling, made, false, Some("its `presetup` script `other`"));
    }
}

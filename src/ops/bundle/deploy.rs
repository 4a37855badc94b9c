//! From the content of a bundle, which is in the store, to the current generation of a deployment.
//!
//! ```text
//! deployment/
//! ├── larder.kdl, larder.lock, server.js …  -> .larder/active/project/…     all names of the project
//! ├── node_modules, .venv                   -> as in a checkout
//! └── .larder/node_modules/.profiles/production/7/project/                  the project's files, of this generation
//! ```
//!
//! One rename switches the project's files with its packages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::fetch::bundled_name;
use crate::fs;
use crate::lock::{Closure, Lockfile};
use crate::model::{Digest, Package, PackageKey, Platform, TreeDigest};
use crate::package::BundleFile;
use crate::profile::{Profiles, RequiredLinks, RuntimeTree, names_of_project};
use crate::store::Tree;

use crate::ops::deployed_flows::FlowUse;
use crate::ops::install::gather::Gathered;
use crate::ops::install::{Activation, BundledProject, BytecodeUse, Installation, Installed, Purpose};
use crate::ops::lock::{self, Absent, LockUse};
use crate::ops::policies::Subject;
use crate::ops::project::{self, snapshot};
use crate::ops::runtimes::GatheredRuntimes;
use crate::ops::session::LOCKFILE;
use crate::ops::{Project, Result, Session, variables};

/// What a bundle brought into the store.
pub(super) struct StoredBundle<'a> {
    pub(super) file: &'a BundleFile,
    pub(super) project: &'a Arc<Tree>,
    pub(super) trees: &'a BTreeMap<TreeDigest, Arc<Tree>>,
    /// Where it comes from, for messages.
    pub(super) origin: &'a Path,
}

/// Makes the content of a bundle the current generation of the deployment in `folder`. The generation states `time`.
pub(super) fn deploy(
    session: &Session<'_>,
    content: &StoredBundle<'_>,
    (folder, time): (&Path, jiff::Timestamp),
    purpose: Purpose<'_>,
) -> Result<(Profiles, Installed)> {
    let store = &session.store;
    let bad = |reason: String| BadBundle { file: content.origin.to_owned(), reason };
    // The project is read where the store has it: nothing of it is written.
    let project = Project::read_for(content.project.folder.clone(), LockUse::Frozen(Absent::Refused))?;
    let lockfile = lock::frozen(&project)?;
    let environment = project.manifest.environments.iter().find(|one| one.name.as_str() == content.file.environment);
    let environment = environment.ok_or_else(|| bad("its project has no such environment".to_owned()))?;
    let platform = project.platform()?;
    if platform.as_str() != content.file.platform {
        let (file, of) = (content.origin.to_owned(), content.file.platform.clone());
        return Err(OtherPlatform { file, of, here: platform }.into());
    }
    let selection = project::selection(environment, Some(platform));
    let trees = trees_of(content, &lockfile);
    let full = Closure::of(&lockfile.graph, &selection);
    let missing: BTreeSet<PackageKey> = lacking(&full, &trees).cloned().collect();
    let closure = if missing.is_empty() { full } else { Closure::without(&lockfile.graph, &selection, &missing) };
    if let Some(package) = lacking(&closure, &trees).next() {
        return Err(bad(format!("it lacks {package}, which {} needs", environment.name)).into());
    }
    let trees: BTreeMap<PackageKey, Arc<Tree>> =
        closure.packages().filter_map(|(key, _)| Some((key.clone(), trees.get(key)?.clone()))).collect();
    // Advisories were judged where the bundle was made: this machine may know none.
    Subject::new(session.context, &project, &lockfile).without_advisories().check(environment, &closure)?;
    let runtimes = runtimes_of(content, &lockfile, platform).map_err(bad)?;

    fs::create_dir_all(folder)?;
    let profile = Profiles::open(folder)?;
    variables::check_path(profile.root())?;
    let needs = RequiredLinks::of(&closure, project.manifest.settings.python.is_some());
    let project_links = names_of_project(content.project);
    profile.check_links(RequiredLinks { project: project_links, members: Vec::new(), ..needs })?;
    let used = trees.values().chain(runtimes.trees.iter().map(|runtime| &runtime.tree)).chain([content.project]);
    let used: Vec<Digest> = used.map(|tree| bundled_name(&tree.digest)).collect();
    let gathered = Gathered::of_store(store, &closure, &lockfile.settings.patches, (trees, &used))?;
    let installation = Installation {
        session,
        project: &project,
        profile: &profile,
        environment,
        platform,
        lock: &lockfile,
        purpose,
        activation: Activation::Activate,
        bytecode: BytecodeUse::AsDeclared,
        flows: FlowUse::Keep,
        bundled: Some(BundledProject { files: content.project, time }),
    };
    let ingredients = installation.gathered(closure, gathered, runtimes)?;
    let lock_text = fs::read_to_string(&content.project.folder.join(LOCKFILE))?;
    let held = snapshot::hold(session.context, &profile)?;
    let installed = installation.build(&held, &lock_text, &ingredients)?;
    held.release()?;
    Ok((profile, installed))
}

/// Returns the trees of the packages that a bundle has of a lock.
fn trees_of(content: &StoredBundle<'_>, lockfile: &Lockfile) -> BTreeMap<PackageKey, Arc<Tree>> {
    let named: BTreeMap<&str, &str> = content.file.packages.iter().map(|one| (&*one.package, &*one.tree)).collect();
    let tree = |key: &PackageKey| find(content, named.get(&*key.to_string())?);
    lockfile.graph.packages.keys().filter_map(|key| Some((key.clone(), tree(key)?))).collect()
}

/// Returns the runtimes that a lock has for a platform.
///
/// # Errors
/// The reason why the bundle has not all of them, as a sentence.
fn runtimes_of(
    content: &StoredBundle<'_>,
    lockfile: &Lockfile,
    platform: Platform,
) -> std::result::Result<GatheredRuntimes, String> {
    let mut trees = Vec::new();
    for (key, _, _) in lockfile.runtimes.on_platform(platform) {
        let named = content.file.runtimes.iter().find(|runtime| runtime.name == key.name.as_str());
        let tree = named.and_then(|runtime| find(content, &runtime.tree));
        trees.push(RuntimeTree { key, tree: tree.ok_or_else(|| format!("it lacks {key}"))? });
    }
    Ok(trees.into())
}

fn find(content: &StoredBundle<'_>, digest: &str) -> Option<Arc<Tree>> {
    content.trees.get(&digest.parse::<TreeDigest>().ok()?).cloned()
}

/// Returns the packages of a closure that are no folders of the project, and of which there is no tree.
fn lacking<'c>(closure: &Closure<'c>, trees: &BTreeMap<PackageKey, Arc<Tree>>) -> impl Iterator<Item = &'c PackageKey> {
    let lacks = |(key, package): &(&'c PackageKey, &'c Package)| package.origin.is_some() && !trees.contains_key(*key);
    let lacking: Vec<&'c PackageKey> = closure.packages().filter(lacks).map(|(key, _)| key).collect();
    lacking.into_iter()
}

/// A bundle that says something else than its project.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` cannot be used: {reason}", file.display())]
#[diagnostic(code(larder::bundle::unusable), help("nothing was changed. `larder bundle` writes a whole one"))]
struct BadBundle {
    file: PathBuf,
    reason: String,
}

/// A bundle for other machines.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` is for {of}, and this machine is {here}", file.display())]
#[diagnostic(code(larder::bundle::other_platform), help("run `larder bundle` on a machine of this platform"))]
struct OtherPlatform {
    file: PathBuf,
    of: String,
    here: Platform,
}

impl Failure for BadBundle {
    fn exit(&self) -> Exit {
        Exit::Integrity
    }
}

impl Failure for OtherPlatform {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

//! Building twice what an environment has of built packages, to tell which come out the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use crate::lock::Closure;
use crate::model::{PackageKey, PatchedPackage, RuntimeName, TreeDigest};
use crate::store::Tree;

use super::building::{Builder, ScriptRunner};
use super::install::{Installation, gather, scripted};
use super::registries::LazyRegistries;
use super::{Project, Result, Session, lock, project};

/// `larder builds --check --json`: see `schema/builds-check.json`.
#[derive(Debug, Serialize)]
pub struct Reproductions {
    /// The environment whose packages were built.
    pub environment: String,
    /// The packages, sorted.
    pub builds: Vec<Reproduction>,
}

/// A package that was built twice.
#[derive(Debug, Serialize)]
pub struct Reproduction {
    /// The package: `pypi:psycopg2@2.9.10`.
    pub package: String,
    /// Whether both builds made the same.
    pub reproducible: bool,
    /// The files that differ, sorted.
    pub differing: Vec<String>,
}

/// Builds each package of the environment that has to be built twice more, and compares. The environment is not touched.
pub fn check(session: &Session<'_>) -> Result<Reproductions> {
    let project = Project::open(session.context)?;
    let lockfile = lock::fresh(&project)?;
    let (environment, platform) = (project.environment(session.context)?, project.platform()?);
    let profile = project.profile()?;
    let installation = Installation::untouched((session, &project), &profile, (environment, platform), &lockfile);
    let selection = project::selection(environment, Some(platform));
    let ingredients = installation.gather(&selection, Closure::of(&lockfile.graph, &selection))?;
    let closure = &ingredients.closure;
    let mut builds = Vec::new();
    let (interpreter, node) = (ingredients.interpreter.as_ref(), ingredients.runtimes.of(RuntimeName::Node));
    let builder = Builder { session, project: &project, builds: &lockfile.builds, interpreter, node, platform };
    for (package, made) in builder.build_twice(closure, &LazyRegistries::new(session, &project))? {
        builds.push(reproduction(&package, &made));
    }
    if let Some(runner) = ScriptRunner::new(session, &project, &lockfile, closure, (platform, node))? {
        let patches = &lockfile.settings.patches;
        let outputs = builder.outputs(closure)?;
        for planned in scripted::planned(&runner, closure, patches, &outputs)? {
            let package = &planned.instance.package;
            let mut trees: BTreeMap<PackageKey, Arc<Tree>> = ingredients.gathered.trees.clone();
            if let Some((_, output)) = outputs.iter().find(|(built, _)| built == package) {
                trees.extend(session.store.tree(output)?.map(|tree| (package.clone(), Arc::new(tree))));
            } else if let Some(locked) = lockfile.graph.packages.get(package) {
                let patch = PatchedPackage::find(patches, package);
                let source = LazyRegistries::new(session, &project);
                trees.insert(package.clone(), gather::package_tree(&source, package, locked, patch)?);
            }
            builds.push(reproduction(package, &runner.run_twice(&planned, closure, &trees)?));
        }
    }
    builds.sort_by(|one, other| one.package.cmp(&other.package));
    Ok(Reproductions { environment: environment.name.to_string(), builds })
}

/// Compares what two builds made.
fn reproduction(package: &PackageKey, [first, second]: &[Tree; 2]) -> Reproduction {
    let files = |tree: &Tree| -> BTreeSet<(Box<str>, bool, TreeDigest)> {
        tree.entries.iter().map(|entry| (entry.path.clone(), entry.executable, entry.digest)).collect()
    };
    let (one, other) = (files(first), files(second));
    let differing: BTreeSet<String> = one.symmetric_difference(&other).map(|(path, ..)| path.to_string()).collect();
    let differing: Vec<String> = differing.into_iter().collect();
    Reproduction { package: package.to_string(), reproducible: differing.is_empty(), differing }
}

//! What install scripts make of a closure's packages, instead of what registries serve.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::build::FailedStep;
use crate::fetch::RequestedArtifact;
use crate::lock::Closure;
use crate::model::{Digest, Package, PackageKey, PatchedPackage};
use crate::store::Tree;

use crate::ops::Result;
use crate::ops::building::{PlannedScripts, ScriptRunner, cache};
use crate::ops::registries::LazyRegistries;

/// The packages whose install scripts run, dependencies first, each with what comes of that if the store has it.
#[derive(Default)]
pub(super) struct Scripted(Vec<(PlannedScripts, Option<Arc<Tree>>)>);

/// Returns the packages of a closure whose scripts run, in the order in which they do. `built` has the names of what is built of others.
pub(in crate::ops) fn planned(
    runner: &ScriptRunner<'_>,
    closure: &Closure<'_>,
    patches: &[PatchedPackage],
    built: &[(PackageKey, Digest)],
) -> Result<Vec<PlannedScripts>> {
    let name = |(key, package): (&PackageKey, &Package)| {
        let made = built.iter().find(|(built, _)| built == key).map(|(_, output)| output);
        let digest = made.or_else(|| package.artifact_for(runner.platform)?.digest.as_ref())?;
        let rule = PatchedPackage::find(patches, key);
        Some((key.clone(), rule.map_or_else(|| digest.clone(), |rule| rule.applied_to(digest))))
    };
    runner.plan(closure, &closure.packages().filter_map(name).collect())
}

impl Scripted {
    /// Returns those of a closure, whose packages without scripts are `wanted`. Takes away from these what needs not be fetched,
    /// as all scripts have run before. What came of some is carried over.
    pub(super) fn plan(
        source: &LazyRegistries<'_>,
        (runner, closure): (&ScriptRunner<'_>, &Closure<'_>),
        (patches, built): (&[PatchedPackage], &[(PackageKey, Digest)]),
        carried: &BTreeMap<PackageKey, Arc<Tree>>,
        wanted: &mut Vec<RequestedArtifact>,
    ) -> Result<Self> {
        let mut scripted = Vec::new();
        for planned in planned(runner, closure, patches, built)? {
            if let Some(tree) = carried.get(&planned.instance.package) {
                scripted.push((planned, Some(Arc::clone(tree))));
                continue;
            }
            let found = match runner.find(&planned)? {
                None => cache::find(source, &planned.instance.package, &planned.output)?,
                found => found,
            };
            scripted.push((planned, found.map(Arc::new)));
        }
        if scripted.iter().all(|(_, found)| found.is_some()) {
            let made: BTreeSet<&PackageKey> = scripted.iter().map(|(planned, _)| &planned.instance.package).collect();
            wanted.retain(|wanted| wanted.owner.package().is_none_or(|package| !made.contains(package)));
        }
        Ok(Self(scripted))
    }

    pub(super) fn outputs(&self) -> impl Iterator<Item = &Digest> {
        self.0.iter().map(|(planned, _)| &planned.output)
    }

    /// Runs the scripts that have not run before. What comes of each takes the place of the package's own tree. Ends at the first
    /// package of which one fails, and returns it.
    pub(super) fn run(
        &mut self,
        runner: &ScriptRunner<'_>,
        closure: &Closure<'_>,
        trees: &mut BTreeMap<PackageKey, Arc<Tree>>,
    ) -> Result<std::result::Result<(), (PackageKey, Box<FailedStep>)>> {
        for (planned, found) in &mut self.0 {
            let package = &planned.instance.package;
            let tree = match found.take() {
                Some(tree) => tree,
                None => match runner.run(planned, closure, trees)? {
                    Ok(tree) => Arc::new(tree),
                    Err(step) => return Ok(Err((package.clone(), step))),
                },
            };
            trees.insert(package.clone(), tree);
        }
        Ok(Ok(()))
    }
}

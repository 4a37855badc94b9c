//! Which packages of a closure have scripts to run, in which order, and what comes of each: computed before anything is fetched.

use std::collections::{BTreeMap, BTreeSet};

use crate::lock::Closure;
use crate::model::{Digest, InstanceKey, PackageKey};

use super::key::{DependencyName, ScriptedKeyInput};
use super::source::not_locked;
use crate::ops::Result;

/// A package whose scripts run, unless the store has what comes of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ops) struct PlannedScripts {
    /// The package: of one that is there with several peers, the first.
    pub(in crate::ops) instance: InstanceKey,
    /// The name of what comes of it in the store.
    pub(in crate::ops) output: Digest,
}

/// What a plan is computed from.
pub(super) struct ScriptsInput<'a> {
    pub(super) closure: &'a Closure<'a>,
    /// The packages whose scripts run.
    pub(super) scripted: &'a BTreeSet<&'a PackageKey>,
    /// The digest of what each package is without its scripts: that of its artifact, or of that with its patch.
    pub(super) names: &'a BTreeMap<PackageKey, Digest>,
}

/// Returns the packages whose scripts run: dependencies first. In a circle, those of its first package run while the others are
/// as their registries serve them.
pub(super) fn plan(
    input: &ScriptsInput<'_>,
    key: impl Fn(&ScriptedKeyInput<'_>) -> Result<Digest>,
) -> Result<Vec<PlannedScripts>> {
    let mut representatives: BTreeMap<&PackageKey, &InstanceKey> = BTreeMap::new();
    for instance in input.closure.instances.keys().filter(|instance| input.scripted.contains(&instance.package)) {
        representatives.entry(&instance.package).or_insert(instance);
    }
    let mut planned: Vec<PlannedScripts> = Vec::new();
    for instance in in_order(input.closure, &representatives) {
        let own = input.names.get(&instance.package).ok_or_else(|| not_locked(&instance.package))?;
        let name_of = |package: &PackageKey| {
            let built = planned.iter().find(|planned| planned.instance.package == *package);
            built.map(|planned| &planned.output).or_else(|| input.names.get(package))
        };
        let mut dependencies = Vec::new();
        for reached in reached(input.closure, instance) {
            let Some(digest) = name_of(&reached.package) else { continue };
            let edges = input.closure.edges(reached).map(|edge| (&edge.name, &edge.to)).collect();
            dependencies.push(DependencyName { instance: reached, digest, edges });
        }
        let output = key(&ScriptedKeyInput { instance, own, dependencies: &dependencies })?;
        planned.push(PlannedScripts { instance: instance.clone(), output });
    }
    Ok(planned)
}

/// Returns everything that an instance reaches, and itself.
fn reached<'c>(closure: &Closure<'c>, from: &'c InstanceKey) -> BTreeSet<&'c InstanceKey> {
    let (mut found, mut waiting) = (BTreeSet::new(), vec![from]);
    while let Some(instance) = waiting.pop() {
        if found.insert(instance) {
            waiting.extend(closure.edges(instance).map(|edge| &edge.to));
        }
    }
    found
}

/// Returns the instances after all that they reach, and only once each.
fn in_order<'c>(
    closure: &Closure<'c>,
    representatives: &BTreeMap<&PackageKey, &'c InstanceKey>,
) -> Vec<&'c InstanceKey> {
    enum TraversalStep<'c> {
        Enter(&'c InstanceKey),
        Leave(&'c InstanceKey),
    }
    let (mut order, mut entered) = (Vec::new(), BTreeSet::new());
    for &first in representatives.values() {
        let mut steps = vec![TraversalStep::Enter(first)];
        while let Some(step) = steps.pop() {
            match step {
                TraversalStep::Enter(instance) if entered.insert(instance) => {
                    steps.push(TraversalStep::Leave(instance));
                    // A dependency with scripts is there as they left the first of its instances.
                    let first = representatives.get(&instance.package).copied();
                    let edges = closure.edges(instance).map(|edge| &edge.to);
                    steps.extend(edges.chain(first).map(TraversalStep::Enter));
                }
                TraversalStep::Leave(instance) if representatives.get(&instance.package) == Some(&instance) => {
                    order.push(instance);
                }
                TraversalStep::Enter(_) | TraversalStep::Leave(_) => {}
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock;
    use crate::model::Algorithm;

    /// Returns the planned packages, each with a text of what its key was made of.
    fn planned(packages: &str, scripted: &[&str]) -> Vec<(String, String)> {
        let lockfile = lock::parse(
            "larder.lock",
            &format!("version = 1\n\n[[require]]\nname = \"npm:app\"\nto = [\n    \"npm:app@1.0.0\",\n]\n{packages}"),
        )
        .unwrap();
        let selection = lock::Selection { groups: BTreeSet::new(), platform: None };
        let closure = Closure::of(&lockfile.graph, &selection);
        let digest = |of: u8| Digest::new(Algorithm::Sha256, &[of; 32]);
        let names: BTreeMap<PackageKey, Digest> =
            (0..).zip(lockfile.graph.packages.keys()).map(|(at, key)| (key.clone(), digest(at))).collect();
        let scripted = lockfile.graph.packages.keys().filter(|key| scripted.contains(&key.id.name.as_str())).collect();
        let texts = std::cell::RefCell::new(Vec::new());
        let key = |input: &ScriptedKeyInput<'_>| {
            let at = 100 + u8::try_from(texts.borrow().len()).unwrap();
            let names = input.dependencies.iter().map(|one| format!("{}={}", one.instance, one.digest.bytes()[0]));
            texts.borrow_mut().push(names.collect::<Vec<_>>().join(" "));
            Ok(digest(at))
        };
        let planned = plan(&ScriptsInput { closure: &closure, scripted: &scripted, names: &names }, key).unwrap();
        planned.into_iter().map(|planned| planned.instance.to_string()).zip(texts.into_inner()).collect()
    }

    fn package(name: &str, edges: &[&str]) -> String {
        let edges: Vec<String> = edges.iter().map(|name| format!("\"npm:{name}@1.0.0\"")).collect();
        let edges = if edges.is_empty() { String::new() } else { format!("edges = [{}]\n", edges.join(", ")) };
        format!("\n[[package]]\nid = \"npm:{name}@1.0.0\"\nregistry = \"npm\"\n{edges}")
    }

    #[test]
    fn dependencies_come_first_and_count_as_they_were_built() {
        let packages = package("app", &["b", "c"]) + &package("b", &["c"]) + &package("c", &[]) + &package("d", &[]);
        let expected =
            [("npm:c@1.0.0", "npm:c@1.0.0=2"), ("npm:app@1.0.0", "npm:app@1.0.0=0 npm:b@1.0.0=1 npm:c@1.0.0=100")];
        let expected = expected.map(|(instance, names)| (instance.to_owned(), names.to_owned()));
        assert_eq!(planned(&packages, &["app", "c", "d"]), expected);
        assert_eq!(planned(&packages, &[]), []);
    }

    #[test]
    fn a_circle_ends() {
        let packages = package("app", &["b"]) + &package("b", &["app"]);
        let expected =
            [("npm:b@1.0.0", "npm:app@1.0.0=0 npm:b@1.0.0=1"), ("npm:app@1.0.0", "npm:app@1.0.0=0 npm:b@1.0.0=100")];
        let expected = expected.map(|(instance, names)| (instance.to_owned(), names.to_owned()));
        assert_eq!(planned(&packages, &["app", "b"]), expected);
    }
}

//! Who uses what it does not declare: the packages of an environment whose files load others that they have no edge to.
//!
//! The files that a package's users load are read in the store: its entry points, and what these load of it. Only names that
//! the lock has count, so that what merely looks like a load is seldom told.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `entry_points` | the files of a package that its users load |

mod entry_points;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::fs;
use crate::lock::{Closure, Fallback};
use crate::manifest::{Environment, FallbackMode};
use crate::model::{Dependent, Instance, InstanceKey, PackageId, PackageKey, PackageName};
use crate::profile::ProfileError;
use crate::store::{Store, Tree};

use super::project::selection;
use super::project::spec::Known;
use super::uses::{imports, package_of};
use super::{Context, Project, Result, lock};

/// The largest file that is looked into, in bytes.
const LARGEST: u64 = 8 << 20;

/// `larder why --phantom --json`: see `schema/why-phantom.json`.
#[derive(Debug, Serialize)]
pub struct Phantoms {
    /// The environment's name.
    pub environment: String,
    /// Who uses what, sorted.
    pub phantoms: Vec<Phantom>,
    /// The names that nobody finds who does not declare them, since the instance that would be found contradicts one who does.
    pub left_out: Vec<LeftOutName>,
}

/// A package that uses another that it does not declare.
#[derive(Debug, Serialize)]
pub struct Phantom {
    /// The package: `npm:react@18.3.1`
    pub package: String,
    /// The name that it uses.
    pub uses: String,
    /// A file of the package that does.
    pub file: String,
    /// The package that it finds. `None` if it finds none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finds: Option<String>,
}

/// A name that is left out of the fallback.
#[derive(Debug, Serialize)]
pub struct LeftOutName {
    /// The name.
    pub name: String,
    /// The reason.
    pub reason: String,
}

/// Returns who uses what it does not declare in the environment; of a package, who uses it and what it uses, where one is
/// named.
pub fn phantoms(context: &Context<'_>, name: Option<&str>) -> Result<Phantoms> {
    let project = Project::open(context)?;
    let environment = project.environment(context)?;
    let locked = lock::existing(&project)?;
    let closure = Closure::of(&locked.graph, &selection(environment, Some(project.platform()?)));
    let groups: Vec<_> = project.manifest.environments.iter().map(Environment::groups).collect();
    let is_found = |key: &PackageKey| key.id.ecosystem.has_scopes() || key.id.ecosystem.is_local();
    let has_fallback = project.manifest.hoisting.fallback == FallbackMode::On;
    let is_hoisted = project.manifest.hoisting.matcher();
    let fallback = Fallback::choose(&locked.graph, &groups, &closure, (&is_found, &is_hoisted));
    let own = own_names(&closure);
    let known = name.map(Known::parse);
    let is_asked = |package: &PackageKey, uses: &PackageName| {
        let used = PackageId::new(package.id.ecosystem, uses.clone());
        let named = |known: &Known| known.names(&package.id) || known.names(&used);
        known.as_ref().is_none_or(named)
    };
    let store = Store::open(&context.store);
    let mut phantoms = Vec::new();
    for (key, package) in closure.packages().filter(|(key, _)| key.id.ecosystem.has_scopes()) {
        let mut trees =
            package.artifacts.iter().filter_map(|artifact| artifact.digest.as_ref()).map(|it| store.tree(it));
        let tree = trees.next().transpose()?.flatten().ok_or_else(|| ProfileError::NotFetched(key.clone()))?;
        let declared = declared(&closure, key);
        for (uses, file) in used(&tree)? {
            let Ok(uses) = PackageName::npm(&uses) else { continue };
            let is_known =
                own.contains_key(&uses) || fallback.chosen.contains_key(&uses) || fallback.left_out.contains_key(&uses);
            if uses == key.id.name || declared.contains(&uses) || !is_known || !is_asked(key, &uses) {
                continue;
            }
            let chosen = fallback.chosen.get(&uses).filter(|instance| closure.instances.contains_key(**instance));
            let found = own.get(&uses).or_else(|| chosen.filter(|_| has_fallback || is_hoisted(uses.as_str())));
            let finds = found.map(|instance| instance.package.to_string());
            phantoms.push(Phantom { package: key.to_string(), uses: uses.to_string(), file, finds });
        }
    }
    phantoms.sort_by(|a, b| (&a.package, &a.uses).cmp(&(&b.package, &b.uses)));
    let left_out = fallback.left_out.iter().filter(|(name, _)| !own.contains_key(**name));
    let left_out =
        left_out.map(|(name, unmet)| LeftOutName { name: name.to_string(), reason: unmet.to_string() }).collect();
    Ok(Phantoms { environment: environment.name.to_string(), phantoms, left_out })
}

/// Returns what the project's own `node_modules` has, by its lines.
fn own_names<'a>(closure: &Closure<'a>) -> BTreeMap<&'a PackageName, &'a InstanceKey> {
    let roots = closure.roots.iter().filter(|root| root.dependent == Dependent::Project);
    roots.flat_map(|root| closure.root_edges(root)).map(|edge| (&edge.name, &edge.to)).collect()
}

/// Returns the names that a package declares: those that it has edges to, and those that were left out.
fn declared<'a>(closure: &Closure<'a>, package: &PackageKey) -> BTreeSet<&'a PackageName> {
    let instances =
        closure.graph.into_iter().flat_map(|graph| &graph.instances).filter(|(key, _)| key.package == *package);
    let names = |instance: &'a Instance| {
        instance.edges.iter().map(|edge| &edge.name).chain(instance.dropped.iter().map(|dropped| &dropped.name))
    };
    instances.flat_map(|(_, instance)| names(instance)).collect()
}

/// Returns the names of packages that the files of a tree load, each with a file that does. What the tree brings itself, and
/// what its package.json declares, is none of them.
fn used(tree: &Tree) -> Result<BTreeMap<String, String>> {
    let has = |file: &str| tree.entry(file).is_some();
    let read = |file: &str| -> Result<Option<String>> {
        let Some(entry) = tree.entry(file).filter(|entry| entry.size <= LARGEST) else { return Ok(None) };
        Ok(fs::read_if_exists(&tree.folder.join(&*entry.path))?.and_then(|bytes| String::from_utf8(bytes).ok()))
    };
    let json = read("package.json")?.unwrap_or_default();
    let json: serde_json::Value = serde_json::from_str(json.trim_start_matches('\u{feff}')).unwrap_or_default();
    let is_own = |name: &str| {
        ["dependencies", "optionalDependencies", "peerDependencies", "peerDependenciesMeta"]
            .iter()
            .any(|table| json[table].get(name).is_some())
            || has(&format!("node_modules/{name}/package.json"))
    };
    let all: Vec<&str> = tree.entries.iter().map(|entry| &*entry.path).collect();
    let mut open: Vec<String> = entry_points::entry_points(&json, &all, has).into_iter().collect();
    let mut seen: BTreeSet<String> = open.iter().cloned().collect();
    let mut used: BTreeMap<String, String> = BTreeMap::new();
    while let Some(file) = open.pop() {
        if file.strip_suffix(".json").is_some() {
            continue;
        }
        let Some(text) = read(&file)? else { continue };
        for module in imports(&text) {
            match package_of(module) {
                Some(name) if !is_own(name) && !used.contains_key(name) => {
                    used.insert(name.to_owned(), file.clone());
                }
                Some(_) => {}
                None => {
                    let files = entry_points::relative(&file, module, has);
                    open.extend(files.into_iter().filter(|file| seen.insert(file.clone())));
                }
            }
        }
    }
    Ok(used)
}

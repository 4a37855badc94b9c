//! Where packages came from, by other tools' lockfiles: what a registry of the company had must not come from a public one, which may have
//! a stranger's package under the name.

use std::collections::BTreeMap;

use crate::diagnostic::{Exit, Failure, list};
use crate::import::locks::{LockedPlace, LockedVersions};
use crate::lock::Lockfile;
use crate::manifest::{Registry, RegistryUrl};
use crate::model::{Origin, PackageId, PackageKey};
use crate::ops::{Project, Result, Session};
use crate::parallel::map_parallel;
use crate::registry::{Registries, Routing};
use crate::resolve::{Index, IndexError};

/// How many packages are looked up at a time.
const THREADS: usize = 16;

/// So many packages of a place are named.
const NAMED: usize = 5;

/// Fails where locked packages came from a place that is none of the project's registries, unless those have the same versions with the same
/// digests: a lockfile that was made behind a mirror has public packages from there. Without a lock it is asked which of them cannot be had.
///
/// Returns what comes from elsewhere, a sentence each, where that is admitted.
pub(in crate::ops) fn check(
    (session, project): (&Session<'_>, &Project),
    before: &LockedVersions,
    lockfile: Option<&Lockfile>,
    registries: &Registries,
) -> Result<Vec<String>> {
    let declared = DeclaredRegistries::new(session, project);
    let mut origins: BTreeMap<&PackageId, Vec<&Origin>> = BTreeMap::new();
    for (key, package) in lockfile.iter().flat_map(|lockfile| &lockfile.graph.packages) {
        origins.entry(&key.id).or_default().extend(&package.origin);
    }
    let origins: Vec<(&PackageId, Vec<&Origin>)> = origins.into_iter().collect();
    let may_differ = |key: &PackageKey, place: &LockedPlace| {
        if lockfile.is_none() {
            return !declared.any_serves(key, place);
        }
        // A package may be there under several registries.
        let served = origins.iter().filter(|(id, _)| id.is_same(&key.id)).flat_map(|(_, origins)| origins);
        let mut labels = served.filter_map(|origin| origin.registry()).peekable();
        labels.peek().is_some() && !labels.any(|label| declared.serves(label.as_str(), place))
    };
    let open: Vec<(&PackageKey, &LockedPlace)> = before
        .places()
        .filter(|(key, places)| !places.iter().any(|place| place.is_public(key.id.ecosystem)))
        .filter(|(key, _)| declared.routing.required_registry(&key.id).is_none())
        .filter(|(key, places)| places.iter().all(|place| may_differ(key, place)))
        .filter_map(|(key, places)| Some((key, places.first()?)))
        .collect();
    let same = map_parallel(&open, THREADS, |(key, _)| is_served(registries, before, key));
    let mut lost: BTreeMap<(String, &'static str), Vec<(&PackageKey, &LockedPlace)>> = BTreeMap::new();
    for ((key, place), _) in open.iter().zip(same).filter(|(_, same)| !same) {
        let at = (place.registry(key.id.name.as_str()), key.id.ecosystem.as_str());
        lost.entry(at).or_default().push((key, place));
    }
    if before.may_change_places() {
        let told = lost.iter().map(|((registry, _), packages)| {
            format!("{}: another registry is asked now", from_place(registry, packages))
        });
        return Ok(told.collect());
    }
    match lost.first_key_value() {
        None => Ok(Vec::new()),
        Some(((registry, ecosystem), packages)) => Err(OtherRegistry {
            parts: lost.iter().map(|((registry, _), packages)| from_place(registry, packages)).collect(),
            line: line(registry, ecosystem, packages),
        }
        .into()),
    }
}

/// Returns packages and their place as messages name them.
fn from_place(registry: &str, packages: &[(&PackageKey, &LockedPlace)]) -> String {
    let mut named: Vec<String> =
        packages.iter().take(NAMED).map(|(key, _)| format!("{} {}", key.id, key.version)).collect();
    if packages.len() > NAMED {
        named.push(format!("{} others", packages.len() - NAMED));
    }
    let last = named.pop().unwrap_or_default();
    let named = if named.is_empty() { last } else { format!("{} and {last}", named.join(", ")) };
    format!("{named} from {registry}")
}

/// Returns the line of `registries` that claims packages.
fn line(registry: &str, ecosystem: &str, packages: &[(&PackageKey, &LockedPlace)]) -> String {
    let name = packages.first().map(|(_, place)| place.name()).unwrap_or_default();
    let mut claimed: Vec<String> = packages.iter().map(|(key, _)| format!("\"{}\"", key.id.name)).collect();
    claimed.dedup();
    if claimed.len() > NAMED {
        claimed.truncate(NAMED);
        claimed.push("…".to_owned());
    }
    let form = if registry.contains("://") { "" } else { "form \"flat\"; " };
    format!("registries {{ {ecosystem} \"{name}\" \"{registry}\" {{ {form}packages {}; }}; }}", claimed.join(" "))
}

/// The registries of a project, with the mirrors that its manifest and the environment set.
struct DeclaredRegistries<'p> {
    routing: Routing,
    addresses: Vec<(&'p Registry, Vec<RegistryUrl>)>,
}

impl<'p> DeclaredRegistries<'p> {
    fn new(session: &Session<'_>, project: &'p Project) -> Self {
        let registries = &project.manifest.registries;
        let addresses = registries.iter().map(|registry| {
            let mirror = session.context.variables.text(&registry.mirror_variable());
            let mirror = mirror.and_then(|text| RegistryUrl::parse(&text).ok());
            let all = registry.mirrors.iter().cloned().chain(mirror).chain([registry.url.clone()]);
            (registry, all.collect())
        });
        Self { routing: Routing::new(registries, project.pins.clone()), addresses: addresses.collect() }
    }

    /// Returns whether the registry of this name serves what came from a place.
    fn serves(&self, name: &str, place: &LockedPlace) -> bool {
        let mut named = self.addresses.iter().filter(|(registry, _)| registry.name.as_str() == name);
        named.any(|(_, addresses)| addresses.iter().any(|address| place.is_of(address)))
    }

    /// Returns whether any registry of a package's ecosystem serves what came from a place.
    fn any_serves(&self, key: &PackageKey, place: &LockedPlace) -> bool {
        let mut of_ecosystem = self.addresses.iter().filter(|(registry, _)| registry.ecosystem == key.id.ecosystem);
        of_ecosystem.any(|(_, addresses)| addresses.iter().any(|address| place.is_of(address)))
    }
}

/// Returns whether the project's registries have a version with a digest that its lockfile has. A registry that does not answer says nothing.
fn is_served(registries: &Registries, before: &LockedVersions, key: &PackageKey) -> bool {
    let ordinal = |id: &PackageId| {
        let known = registries.versions(id)?;
        Ok(known.candidates.iter().position(|candidate| candidate.version == key.version))
    };
    let found = match ordinal(&key.id) {
        // A cached listing may be older than the lockfile.
        Ok(None) if registries.drop_cached(std::slice::from_ref(&key.id)) => ordinal(&key.id),
        found => found,
    };
    let place = match found {
        Ok(Some(place)) => place,
        Ok(None) | Err(IndexError::NotFound { .. } | IndexError::Unserved(_)) => return false,
        Err(_) => return true,
    };
    let release = u32::try_from(place).ok().and_then(|ordinal| registries.release_only(&key.id, ordinal).ok());
    let files: Vec<&str> = release.iter().flat_map(|release| &release.artifacts).map(|one| one.file.as_str()).collect();
    before.digests(key).any(|known| {
        let files = known.file.as_deref().map_or_else(|| files.clone(), |file| vec![file]);
        let mut stated = files.into_iter().filter_map(|file| registries.stated_digests(key, file)).flatten();
        stated.any(|digest| digest == known.digest)
    })
}

/// Packages that came from a registry that the manifest does not name.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error(
    "no registry of larder.kdl has what lockfiles have, and strangers may have its names in a public one:{}",
    list(parts)
)]
#[diagnostic(
    code(larder::init::other_registry),
    help(
        "name where they come from in larder.kdl, `{line}`, then `larder lock`; or take what public registries have: move larder.kdl away, and \
         `larder init --leave-out`"
    )
)]
struct OtherRegistry {
    /// Packages, with their place.
    parts: Vec<String>,
    line: String,
}

impl Failure for OtherRegistry {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

//! What the registries' signatures of a lock's packages are worth.

use std::collections::BTreeMap;

use crate::manifest::{Environment, Registry};
use crate::model::{Origin, Package, PackageKey, RegistryKey, Url};
use crate::provenance::{SignatureVerdict, judge_signatures, npmjs_keys};

use crate::ops::session::release;
use crate::ops::{Project, Result, Session, failure, registries};

/// The name of the public npm registry, and its host.
const NPMJS: (&str, &str) = ("npmjs", "registry.npmjs.org");

/// Whose signatures are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum SignatureScope {
    /// Those of registries whose blocks have a `key`, if the policy of an environment requires signatures.
    ByPolicy,
    /// Those of all npm registries.
    ByName,
}

/// Judges the signatures of packages of registries that sign, if they are asked for. They come with the registries' listings, which
/// a cache may have.
pub(in crate::ops) fn asked_for<'p>(
    session: &Session<'_>,
    project: &Project,
    packages: impl Iterator<Item = (&'p PackageKey, &'p Package)>,
    environments: &[&Environment],
    asked: SignatureScope,
) -> Result<Option<BTreeMap<PackageKey, SignatureVerdict>>> {
    let is_required = environments.iter().any(|environment| environment.policy.signatures.is_some());
    if !is_required && asked == SignatureScope::ByPolicy {
        return Ok(None);
    }
    let manifest = &project.manifest;
    let registry = |package: &Package| {
        let name = package.origin.as_ref().and_then(Origin::registry)?;
        let is_judged = |registry: &&Registry| {
            registry.ecosystem.has_scopes() && (asked == SignatureScope::ByName || !registry.keys.is_empty())
        };
        manifest.registries.iter().find(|registry| registry.name == *name).filter(is_judged)
    };
    let signed: Vec<(&PackageKey, &Package, &Registry)> =
        packages.filter_map(|(key, package)| Some((key, package, registry(package)?))).collect();
    if signed.is_empty() {
        return Ok(Some(BTreeMap::new()));
    }
    let keys: Vec<PackageKey> = signed.iter().map(|(key, ..)| (*key).clone()).collect();
    let registries = registries::open_with_signatures(session, project)?;
    let stated = registries.stated_signatures(&keys).map_err(failure::of_index)?;
    release(registries);
    let verdicts = signed.into_iter().zip(stated).map(|((key, package, registry), (signatures, published))| {
        let keys = keys_of(registry);
        let digest = package.artifacts.first().and_then(|artifact| artifact.digest.as_ref());
        let verdict = if keys.is_empty() {
            SignatureVerdict::NoKey { registry: registry.name.to_string() }
        } else {
            match judge_signatures(&keys, key, digest, &signatures, published) {
                SignatureVerdict::Unsigned if registry.keys.is_empty() => SignatureVerdict::Unpromised,
                verdict => verdict,
            }
        };
        (key.clone(), verdict)
    });
    Ok(Some(verdicts.collect()))
}

/// Returns the keys of a registry: those of its block, or those that larder brings for the public registry.
fn keys_of(registry: &Registry) -> Vec<RegistryKey> {
    let host = registry.url.http().map(Url::host);
    let is_npmjs = registry.name.as_str() == NPMJS.0 || host == Some(NPMJS.1);
    match &registry.keys[..] {
        [] if is_npmjs => npmjs_keys(),
        keys => keys.to_vec(),
    }
}

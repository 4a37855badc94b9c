//! What the signatures of a lock's packages are worth: those of npm registries, and those of publishers of private packages.

use std::collections::BTreeMap;

use crate::manifest::{Environment, Registry};
use crate::model::{Graph, Origin, Package, PackageKey, RegistryKey, Url};
use crate::provenance::{SignatureVerdict, judge_signatures, npmjs_keys};
use crate::registry::{PublisherSignature, Registries};

use crate::ops::session::release;
use crate::ops::{Project, Result, Session, failure, registries};

/// The name of the public npm registry, and its host.
const NPMJS: (&str, &str) = ("npmjs", "registry.npmjs.org");

/// Whose signatures are judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Asked {
    /// Those of npm registries whose blocks have a `key`, and those of publishers, if the policy of an environment requires
    /// signatures.
    ByPolicy,
    /// Those of all npm registries, and those of publishers.
    ByName,
}

/// Judges the signatures of packages of registries that sign, if they are asked for. They come with the registries' listings, which
/// a cache may have.
pub(in crate::ops) fn asked_for<'p>(
    session: &Session<'_>,
    project: &Project,
    packages: impl Iterator<Item = (&'p PackageKey, &'p Package)>,
    environments: &[&Environment],
    asked: Asked,
) -> Result<Option<BTreeMap<PackageKey, SignatureVerdict>>> {
    let is_required = environments.iter().any(|environment| environment.policy.signatures.is_some());
    if !is_required && asked == Asked::ByPolicy {
        return Ok(None);
    }
    let (mut by_registries, mut by_publishers) = (Vec::new(), Vec::new());
    for (key, package) in packages {
        let name = package.origin.as_ref().and_then(Origin::registry);
        let mut registries = project.manifest.registries.iter();
        let Some(registry) = registries.find(|registry| Some(&registry.name) == name) else { continue };
        if registry.ecosystem.has_logs() {
            by_publishers.push((key.clone(), registry));
        } else if registry.ecosystem.has_scopes() && (asked == Asked::ByName || !registry.keys.is_empty()) {
            by_registries.push((key, package, registry));
        }
    }
    if by_registries.is_empty() && by_publishers.is_empty() {
        return Ok(Some(BTreeMap::new()));
    }
    let registries = registries::open_with_signatures(session, project)?;
    let keys: Vec<PackageKey> = by_registries.iter().map(|(key, ..)| (*key).clone()).collect();
    let stated = registries.stated_signatures(&keys).map_err(failure::of_index)?;
    let of_publishers = of_publishers(&registries, by_publishers)?;
    release(registries);
    let of_registries =
        by_registries.into_iter().zip(stated).map(|((key, package, registry), (signatures, published))| {
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
    Ok(Some(of_registries.chain(of_publishers).collect()))
}

/// Returns the private packages of a lock that nobody signed.
pub(in crate::ops) fn unsigned(registries: &Registries, graph: &Graph) -> Result<Vec<PackageKey>> {
    let has_registry = |package: &Package| package.origin.as_ref().is_some_and(|origin| origin.registry().is_some());
    let private = graph.packages.iter().filter(|(key, package)| key.id.ecosystem.has_logs() && has_registry(package));
    let keys: Vec<PackageKey> = private.map(|(key, _)| key.clone()).collect();
    let signatures = registries.publisher_signatures(&keys).map_err(failure::of_index)?;
    let is_missing = |signature: &Option<PublisherSignature>| *signature == Some(PublisherSignature::Missing);
    Ok(keys.into_iter().zip(signatures).filter(|(_, found)| is_missing(found)).map(|(key, _)| key).collect())
}

/// Judges the publishers' signatures of private packages.
fn of_publishers(
    registries: &Registries,
    packages: Vec<(PackageKey, &Registry)>,
) -> Result<Vec<(PackageKey, SignatureVerdict)>> {
    let keys: Vec<PackageKey> = packages.iter().map(|(key, _)| key.clone()).collect();
    let signatures = registries.publisher_signatures(&keys).map_err(failure::of_index)?;
    let verdicts = packages.into_iter().zip(signatures).filter_map(|((key, registry), signature)| {
        let verdict = match signature? {
            PublisherSignature::Checked => SignatureVerdict::Signed,
            PublisherSignature::Unchecked => SignatureVerdict::NoSigner { registry: registry.name.to_string() },
            PublisherSignature::Missing => SignatureVerdict::NoPublisher,
        };
        Some((key, verdict))
    });
    Ok(verdicts.collect())
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

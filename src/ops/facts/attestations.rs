//! Who built the packages of a lock: looked up where a policy asks, and kept in the lock.

use std::collections::BTreeMap;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::lock::Lockfile;
use crate::manifest::{Environment, ProvenanceRules};
use crate::model::{BuildIdentity, LockedProvenance, Origin, Package, PackageKey, ReleaseLine};
use crate::provenance::{AttestationVerifier, ProvenanceVerdict, TrustedRootError};
use crate::registry::{AttestedFile, CachePolicy, Registries};

use crate::ops::session::release;
use crate::ops::{Project, Result, Session, registries};

/// The largest root of trust.
const LARGEST_ROOT: u64 = 1 << 20;

/// The file of a newer root of trust in the user's configuration.
const OWN_ROOT: &str = "trusted_root.json";

/// Looks up who built the packages of which the policy of an environment demands that somebody vouches for them.
pub(in crate::ops) fn asked_for<'p>(
    session: &Session<'_>,
    project: &Project,
    packages: impl Iterator<Item = (&'p PackageKey, &'p Package)>,
    environments: &[&Environment],
) -> Result<Option<BTreeMap<PackageKey, ProvenanceVerdict>>> {
    let rules: Vec<&ProvenanceRules> = environments.iter().map(|environment| &environment.policy.provenance).collect();
    if rules.iter().all(|rules| rules.required.is_empty()) {
        return Ok(None);
    }
    let covered = packages.filter(|(key, _)| rules.iter().any(|rules| rules.covers(&key.id)));
    let registries = registries::open(session, project, CachePolicy::AnyAge)?;
    let verifier = verifier(session, project)?;
    let verdicts = look_up(&registries, &verifier, &covered.collect::<Vec<_>>())?;
    release(registries);
    Ok(Some(verdicts))
}

/// Notes in a lock that was just solved who built its packages, if a policy says something of provenance. What was noted before
/// stays; who built a new version is compared with who built the one before, on the same line of releases.
pub(in crate::ops) fn note(
    session: &Session<'_>,
    project: &Project,
    registries: &Registries,
    old: Option<&Lockfile>,
    new: &mut Lockfile,
) -> Result<()> {
    let environments = &project.manifest.environments;
    if environments.iter().all(|environment| environment.policy.provenance.span.is_none()) {
        return Ok(());
    }
    let none = BTreeMap::new();
    let known = old.map_or(&none, |old| &old.provenance);
    let is_kept = |key: &PackageKey, package: &Package| {
        let before = old.and_then(|old| old.graph.packages.get(key));
        before.is_some_and(|before| before.artifacts == package.artifacts)
    };
    let (kept, unknown): (Vec<_>, Vec<_>) =
        new.graph.packages.iter().partition(|&(key, package)| is_kept(key, package) && known.contains_key(key));
    let mut noted: BTreeMap<PackageKey, LockedProvenance> =
        kept.into_iter().filter_map(|(key, _)| Some((key.clone(), known.get(key)?.clone()))).collect();
    let verdicts = look_up(registries, &verifier(session, project)?, &unknown)?;
    for (key, verdict) in verdicts {
        let built_by = match verdict {
            ProvenanceVerdict::Built(identity) => Some(identity),
            _ => None,
        };
        let before = builders_before(known, &key);
        let instead_of = before.into_iter().find(|before| Some(before) != built_by.as_ref());
        if built_by.is_some() || instead_of.is_some() {
            noted.insert(key, LockedProvenance { built_by, instead_of });
        }
    }
    new.provenance = noted;
    Ok(())
}

/// Returns who built the locked versions of a package that are on the same line of releases, the latest first.
fn builders_before(known: &BTreeMap<PackageKey, LockedProvenance>, key: &PackageKey) -> Vec<BuildIdentity> {
    let line = ReleaseLine::of(&key.version);
    let same = known.iter().rev().filter(|(other, _)| other.id == key.id && ReleaseLine::of(&other.version) == line);
    // Whoever was not accepted yet does not count as the one before.
    same.filter_map(|(_, locked)| locked.instead_of.clone().or_else(|| locked.built_by.clone())).collect()
}

/// Finds out who built packages. One with several files was built by one only if all of them say so.
fn look_up(
    registries: &Registries,
    verifier: &AttestationVerifier,
    packages: &[(&PackageKey, &Package)],
) -> Result<BTreeMap<PackageKey, ProvenanceVerdict>> {
    let mut files = Vec::new();
    for &(package, locked) in packages {
        let Some(registry) = locked.origin.as_ref().and_then(Origin::registry) else { continue };
        files.extend(locked.artifacts.iter().map(|artifact| AttestedFile { package, registry, artifact }));
    }
    let mut verdicts: BTreeMap<PackageKey, ProvenanceVerdict> = BTreeMap::new();
    for (file, bundles) in files.iter().zip(registries.attestations(&files)) {
        let verdict = match &file.artifact.digest {
            Some(digest) => verifier.judge(&bundles?, digest),
            None => ProvenanceVerdict::Unattested,
        };
        match verdicts.get(file.package) {
            None => drop(verdicts.insert(file.package.clone(), verdict)),
            Some(known) if *known == verdict => {}
            Some(known) => drop(verdicts.insert(file.package.clone(), known.clone().joined(verdict))),
        }
    }
    Ok(verdicts)
}

/// Returns the verifier with the root of trust of `--trusted-root`, else the project's, else the user's, else the one that larder brings.
fn verifier(session: &Session<'_>, project: &Project) -> Result<AttestationVerifier> {
    let context = session.context;
    let mut environments = project.manifest.environments.iter();
    let declared = environments.find_map(|environment| environment.policy.provenance.trusted_root.as_ref());
    let (file, text) = if let Some(asked) = &context.trusted_root {
        let file = asked.display().to_string();
        let bytes = fs::read_up_to(asked, LARGEST_ROOT)?;
        let missing = || TrustedRootFault { file: file.clone(), reason: "there is no such file".to_owned() };
        let text = String::from_utf8_lossy(&bytes.ok_or_else(missing)?).into_owned();
        (file, Some(text))
    } else if let Some(declared) = declared {
        let text = fs::read_text_below(&project.root, &declared.path, &[&project.root], LARGEST_ROOT);
        let reason = "there is no such file in the project".to_owned();
        let missing = TrustedRootFault { file: declared.path.clone(), reason };
        (declared.path.clone(), Some(text.ok_or(missing)?))
    } else {
        let path = context.configuration.join(OWN_ROOT);
        let bytes = fs::read_up_to(&path, LARGEST_ROOT)?;
        (path.display().to_string(), bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
    };
    let made = AttestationVerifier::new(text.as_deref());
    Ok(made.map_err(|error: TrustedRootError| TrustedRootFault { file, reason: error.to_string() })?)
}

/// A root of trust that cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{file}` is no root of trust: {reason}")]
#[diagnostic(
    code(larder::policy::trusted_root),
    help("one is Sigstore's trusted_root.json: `cosign trusted-root create` and TUF's repositories have it")
)]
struct TrustedRootFault {
    file: String,
    reason: String,
}

impl Failure for TrustedRootFault {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

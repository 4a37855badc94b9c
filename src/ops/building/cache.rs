//! What builds made elsewhere: looked for at the registries that the manifest names, and taken if it is signed as the manifest says.

use std::io::Cursor;
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::fetch::{ArtifactSource, Body, NameFolding, RequestedArtifact, SourceError};
use crate::manifest::BuildCache;
use crate::model::{Artifact, ArtifactOwner, Digest, Label, Origin, PackageKey};
use crate::ops::registries::LazyRegistries;
use crate::ops::{Event, Result, artifacts};
use crate::package::{PublisherKey, SignedOutput, output_paths};
use crate::registry::Registries;
use crate::store::Tree;

/// Returns what a build makes, if a cache of the project has it; it is in the store afterwards.
///
/// # Errors
/// If what a cache has is not signed as the manifest says, or not what was signed. A cache that cannot be asked is only warned of:
/// what it might have had is built here.
pub(in crate::ops) fn find(source: &LazyRegistries<'_>, package: &PackageKey, output: &Digest) -> Result<Option<Tree>> {
    let context = source.session.context;
    if context.offline {
        return Ok(None);
    }
    for cache in &source.project.manifest.build_caches {
        let Ok(registries) = source.registries() else { return Ok(None) };
        let registry = &cache.registry.value;
        match read(registries, registry, output) {
            Ok(None) => {}
            Ok(Some(found)) => return take(source, (cache, package, output), found).map(Some),
            Err(failure) => (context.reporter)(Event::Warning(format!(
                "registry `{registry}` cannot be asked for what was built elsewhere: {failure}"
            ))),
        }
    }
    Ok(None)
}

/// Reads what a registry has of a build.
fn read(
    registries: &Registries,
    registry: &Label,
    output: &Digest,
) -> std::result::Result<Option<SignedOutput>, Arc<dyn Failure>> {
    let [archive, signature] = output_paths(output);
    let Some(signature) = registries.file(registry, &signature)? else { return Ok(None) };
    let Some(archive) = registries.file(registry, &archive)? else { return Ok(None) };
    Ok(Some(SignedOutput { archive, signature: String::from_utf8_lossy(&signature).into_owned() }))
}

/// Checks what a cache has, and puts it into the store.
fn take(
    source: &LazyRegistries<'_>,
    (cache, package, output): (&BuildCache, &PackageKey, &Digest),
    found: SignedOutput,
) -> Result<Tree> {
    let wrong = |reason: String| {
        let (package, registry) = (package.clone(), cache.registry.value.clone());
        NotBelieved { package, registry, signer: cache.signer.value.clone(), reason }
    };
    let signers = source.project.manifest.registries.iter().filter(|one| one.name == cache.registry.value);
    let named = signers.flat_map(|registry| &registry.log.signers).filter(|one| one.name == cache.signer.value);
    let mut reason = "the key is revoked or expired".to_owned();
    let mut believed = None;
    for signer in named.filter(|signer| !signer.revoked && signer.until.is_none()) {
        let key = signer.key.parse::<PublisherKey>().map_err(|error| wrong(error.to_string()))?;
        match found.verify(output, &key) {
            Ok(tree) => believed = Some(tree),
            Err(fault) => reason = fault.to_string(),
        }
    }
    let Some(tree) = believed else { return Err(wrong(reason).into()) };
    let file = format!("{}.tar.gz", output.to_hex());
    let artifact = Artifact { digest: Some(Digest::sha256_of(&found.archive)), ..Artifact::tarball(file) };
    let origin = Origin::Registry(cache.registry.value.clone());
    let wanted = [RequestedArtifact::new(package, &origin, &artifact)];
    let archive = PackedOutput(found.archive.into());
    let fetched = artifacts::fetch(source.session, &archive, &wanted, NameFolding::default())?;
    let unpacked = fetched.into_iter().next().map(|fetched| fetched.tree);
    let Some(unpacked) = unpacked.filter(|unpacked| unpacked.digest == tree) else {
        return Err(wrong("its files are not those that were signed".to_owned()).into());
    };
    source.session.store.add_record(output, &unpacked.digest)?;
    Ok(unpacked)
}

/// An archive in memory, as a source of artifacts.
struct PackedOutput(Arc<[u8]>);

impl ArtifactSource for PackedOutput {
    fn open(
        &self,
        _: &ArtifactOwner,
        _: &Origin,
        _: &Artifact,
    ) -> std::result::Result<(Body, Option<u64>), SourceError> {
        let length = self.0.len() as u64;
        Ok((Body::of(Box::new(Cursor::new(Arc::clone(&self.0)))), Some(length)))
    }
}

/// What was built elsewhere, and is not to be believed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("what registry `{registry}` has built of {package} is not what `{signer}` signed: {reason}")]
#[diagnostic(
    code(larder::builds::not_believed),
    help("nothing of it was kept: take the `cache` line out to build here, and ask who runs the registry")
)]
struct NotBelieved {
    package: PackageKey,
    registry: Label,
    signer: Label,
    reason: String,
}

impl Failure for NotBelieved {
    fn exit(&self) -> Exit {
        Exit::Integrity
    }
}

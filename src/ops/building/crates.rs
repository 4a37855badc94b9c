//! The Rust crates and the Rust toolchain that a package is built with.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::build::{self, CargoLockError, LockedCrate, VendoredCrates};
use crate::fetch::{
    ArtifactSource, Body, Client, Encoding, Endpoint, NameFolding, Quota, RegistryAddress, Request, RequestTarget,
    RequestedArtifact, SourceError,
};
use crate::fs;
use crate::manifest::RegistryUrl;
use crate::model::{
    Algorithm, Artifact, ArtifactOwner, Digest, Ecosystem, Label, LabelError, Origin, PackageId, PackageKey,
    PackageName, Version,
};
use crate::ops::programs::interpreter;
use crate::ops::registries::BadMirror;
use crate::ops::{Context, Result, Session, artifacts};
use crate::store::Tree;

use super::error::BuildsError;
use super::source::SourceDistribution;

/// The Python packages that build Rust.
const RUST_BACK_ENDS: [&str; 2] = ["maturin", "setuptools-rust"];

/// Where crates.io has the files of crates, by their names.
const FILES: &str = "https://static.crates.io/crates/";

/// The variable that names another place with the same files: `LARDER_MIRROR_` and a registry's name, as for others.
const MIRROR: &str = "LARDER_MIRROR_CRATES_IO";

/// The most bytes of a `Cargo.lock` that are read.
const LARGEST_LOCK: u64 = 16 << 20;

/// Returns whether build tools with these names build Rust.
pub(super) fn builds_rust<'n>(mut tools: impl Iterator<Item = &'n str>) -> bool {
    tools.any(|name| RUST_BACK_ENDS.contains(&name))
}

/// Returns the folder of the Rust toolchain on `PATH`, behind what rustup puts there for it. Returns `None` if there is none.
pub(super) fn find_toolchain(context: &Context<'_>) -> Result<Option<PathBuf>> {
    interpreter::rust_root(context)
}

/// Fetches the crates that a source distribution locks, and lays them out in a new folder. Returns `None` if it has no Rust.
pub(super) fn lay_out(
    session: &Session<'_>,
    source: &SourceDistribution,
    folder: &Path,
) -> Result<Option<VendoredCrates>> {
    let Some(crates) = locked_crates(&source.package, &source.tree)? else { return Ok(None) };
    let registry = CratesIo::open(session)?;
    let origin = Origin::from(registry.endpoint.name());
    let mut wanted = Vec::with_capacity(crates.len());
    for one in &crates {
        let request = request(one, &origin);
        wanted.push(request.ok_or_else(|| refused(&source.package, &CargoLockError::Checksum(one.name.clone())))?);
    }
    let _lease = session.store.lease(wanted.iter().filter_map(|wanted| wanted.artifact.digest.as_ref()))?;
    let fetched = artifacts::fetch(session, &registry, &wanted, NameFolding::default())?;
    let unpacked: Vec<(LockedCrate, PathBuf)> =
        crates.into_iter().zip(fetched).map(|(one, fetched)| (one, fetched.tree.folder)).collect();
    Ok(Some(VendoredCrates::lay_out(folder, &unpacked)?))
}

/// Returns the crates that the outermost `Cargo.lock` of a tree has.
fn locked_crates(package: &PackageKey, tree: &Tree) -> Result<Option<Vec<LockedCrate>>> {
    let outermost = |name: &str| {
        let named = tree.entries.iter().map(|entry| &*entry.path).filter(|path| path.rsplit('/').next() == Some(name));
        named.min_by_key(|path| path.matches('/').count())
    };
    let Some(path) = outermost("Cargo.lock") else {
        return match outermost("Cargo.toml") {
            None => Ok(None),
            Some(_) => Err(BuildsError::Crates {
                package: package.clone(),
                reason:
                    "it is written in Rust and has no Cargo.lock, so that nothing says which crates it is built from"
                        .into(),
                help: "ask for a version that has a wheel or a Cargo.lock, and tell the package's authors",
            }
            .into()),
        };
    };
    let text = fs::read_up_to(&tree.folder.join(path), LARGEST_LOCK)?;
    let text = text.ok_or_else(|| refused(package, &CargoLockError::Syntax("it is too long".to_owned())))?;
    let crates = build::crates(&String::from_utf8_lossy(&text)).map_err(|error| refused(package, &error))?;
    Ok(Some(crates))
}

fn refused(package: &PackageKey, error: &CargoLockError) -> BuildsError {
    let help = match error {
        CargoLockError::Source { .. } => {
            "ask for a version whose crates are all on crates.io, or for one that has a wheel"
        }
        CargoLockError::Syntax(_) | CargoLockError::Checksum(_) => "ask for a version that has a wheel",
    };
    BuildsError::Crates { package: package.clone(), reason: error.to_string().into(), help }
}

/// Returns the request for a crate. It is unpacked like a source distribution: its first folder is left out.
fn request(of_lock: &LockedCrate, origin: &Origin) -> Option<RequestedArtifact> {
    let ecosystem = Ecosystem::like_crates();
    let name = PackageName::npm(&of_lock.name).ok()?;
    let version = Version::parse(ecosystem, &of_lock.version).ok()?;
    let digest = Digest::from_hex(Algorithm::Sha256, &of_lock.checksum).ok()?;
    let file = format!("{}.crate", of_lock.folder_name());
    let location = format!("{}/{file}", of_lock.name);
    let artifact = Artifact { digest: Some(digest), location: Some(location), ..Artifact::sdist(file) };
    Some(RequestedArtifact::new(&PackageKey { id: PackageId::new(ecosystem, name), version }, origin, &artifact))
}

/// The files of crates.io.
struct CratesIo {
    client: Arc<Client>,
    endpoint: Arc<Endpoint>,
}

impl CratesIo {
    fn open(session: &Session<'_>) -> Result<Self> {
        let bad = |reason: String| BadMirror { variable: MIRROR.to_owned(), reason };
        let address = |text: &str| -> Result<Option<RegistryAddress>> {
            Ok(match RegistryUrl::parse(text).map_err(bad)? {
                RegistryUrl::Http(url) => Some(RegistryAddress::http(url, None)),
                RegistryUrl::Folder(folder) => RegistryAddress::folder(Path::new(&*folder)),
            })
        };
        let mut addresses = Vec::new();
        if let Some(mirror) = session.context().variables.text(MIRROR) {
            addresses.extend(address(&mirror)?.map(RegistryAddress::mirror));
        }
        addresses.extend(address(FILES)?);
        let name: Label = "crates-io".parse().map_err(|error: LabelError| bad(error.to_string()))?;
        let endpoint = Arc::new(Endpoint::new(name, addresses, Quota::default()));
        Ok(Self { client: session.client()?, endpoint })
    }
}

impl ArtifactSource for CratesIo {
    fn open(
        &self,
        _: &ArtifactOwner,
        _: &Origin,
        artifact: &Artifact,
    ) -> std::result::Result<(Body, Option<u64>), SourceError> {
        let path = artifact.location.as_deref().unwrap_or_default();
        let request =
            Request { target: RequestTarget::Below(path), encoding: Encoding::Identity, ..Request::default() };
        let response = self.client.get(&self.endpoint, &request).map_err(|error| Arc::new(error) as SourceError)?;
        Ok((response.body, response.length))
    }
}

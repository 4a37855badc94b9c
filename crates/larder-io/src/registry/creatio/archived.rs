//! A package as its own archive describes it.

use serde::{Deserialize, Serialize};

use crate::fetch::{PackageHead, read_head};
use crate::model::{
    Algorithm, Artifact, CreatioRange, CreatioVersion, Digest, Ecosystem, Facts, PackageDescriptor, PackageName,
    Requirement, StatedVersions, TargetInstance, Uid,
};
use crate::registry::platform_metadata::unusable_release;
use crate::resolve::{Dependency, DependencyKind, Identity, Release, Wants};

/// A package as its own archive describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ArchivedPackage {
    pub(super) name: PackageName,
    pub(super) version: CreatioVersion,
    facts: PackageDescriptor,
    /// The packages that it depends on, with the versions that it states of them.
    depends_on: Vec<(PackageName, Uid, Option<CreatioVersion>)>,
    /// The oldest platform that its application runs on.
    platform: Option<CreatioVersion>,
    /// The SHA-256 digest of its archive.
    pub(super) digest: Digest,
    /// The file that its archive is in, if that is not the one of its name and version.
    pub(super) location: Option<String>,
}

impl ArchivedPackage {
    /// Reads an archive. `promised` is the package that its file name promises.
    ///
    /// # Errors
    /// The reason why it cannot be used.
    pub(super) fn read(promised: Option<&str>, archive: &[u8]) -> Result<Self, String> {
        let PackageHead { descriptor, application } = read_head(archive).map_err(|refusal| refusal.to_string())?;
        if let Some(promised) = promised.filter(|promised| !promised.eq_ignore_ascii_case(descriptor.name.as_str())) {
            return Err(format!(
                "the descriptor of its `{}.gz` is that of `{}`",
                promised.escape_debug(),
                descriptor.name
            ));
        }
        Ok(Self {
            version: descriptor.version_or_none(),
            name: descriptor.name,
            facts: PackageDescriptor {
                uid: descriptor.uid,
                kind: descriptor.kind,
                install_behavior: descriptor.install_behavior,
                maintainer: descriptor.maintainer,
                needs_license: false,
            },
            depends_on: descriptor.depends_on.into_iter().map(|one| (one.name, one.uid, one.version)).collect(),
            platform: application.and_then(|application| application.required_platform),
            digest: Digest::sha256_of(archive),
            location: None,
        })
    }

    /// Returns the package as one of an application that may need a license.
    pub(super) fn with_license(self, needs_license: bool) -> Self {
        Self { facts: PackageDescriptor { needs_license, ..self.facts }, ..self }
    }

    /// Returns the package as one whose archive is in a file.
    pub(super) fn located(self, location: Option<String>) -> Self {
        Self { location, ..self }
    }

    /// Returns the name under which the archive is kept: `UsrOrders.1.4.0.gz`.
    pub(super) fn file(&self) -> String {
        format!("{}.{}.gz", self.name, self.version)
    }

    /// Returns what the package needs on an instance. `counts` says whether the versions count that it states.
    pub(super) fn release(&self, instance: &TargetInstance, counts: StatedVersions) -> Release {
        if let (Some(needed), Some(platform)) = (&self.platform, &instance.platform)
            && platform < needed
        {
            let reason = format!("its application needs platform {needed}, and the manifest declares {platform}");
            return unusable_release(&self.name, &self.version.to_string(), reason);
        }
        let dependency = |(name, _, version): &(PackageName, Uid, Option<CreatioVersion>)| {
            let range = match (counts, version) {
                (StatedVersions::Minimum, Some(version)) => CreatioRange::at_least(version),
                (StatedVersions::Minimum, None) | (StatedVersions::Any, _) => CreatioRange::any(),
            };
            let wants = Wants::Requirement(Requirement::creatio(name.clone(), range));
            Dependency::new(DependencyKind::Normal, wants)
        };
        Release {
            dependencies: self.depends_on.iter().map(dependency).collect(),
            artifacts: vec![Artifact {
                digest: Some(self.digest.clone()),
                location: self.location.clone(),
                ..Artifact::creatio(self.file())
            }],
            facts: Facts { descriptor: Some(Box::new(self.facts.clone())), ..Facts::default() },
            identity: Some(Box::new(Identity {
                name: self.name.clone(),
                uid: self.facts.uid.clone(),
                depends_on: self.depends_on.iter().map(|(name, uid, _)| (name.clone(), uid.clone())).collect(),
            })),
            ..Release::default()
        }
    }
}

/// The form in the cache.
#[derive(Serialize, Deserialize)]
struct CachedPackage {
    name: String,
    version: String,
    uid: String,
    kind: u32,
    install_behavior: u32,
    maintainer: Option<String>,
    needs_license: bool,
    depends_on: Vec<(String, String, Option<String>)>,
    platform: Option<String>,
    sha256: String,
    location: Option<String>,
}

/// Writes packages for the cache.
pub(super) fn encode(packages: &[ArchivedPackage]) -> Vec<u8> {
    let text = |version: &Option<CreatioVersion>| version.as_ref().map(ToString::to_string);
    let cached: Vec<CachedPackage> = packages
        .iter()
        .map(|package| CachedPackage {
            name: package.name.to_string(),
            version: package.version.to_string(),
            uid: package.facts.uid.to_string(),
            kind: package.facts.kind,
            install_behavior: package.facts.install_behavior,
            maintainer: package.facts.maintainer.clone(),
            needs_license: package.facts.needs_license,
            depends_on: package
                .depends_on
                .iter()
                .map(|(name, uid, version)| (name.to_string(), uid.to_string(), text(version)))
                .collect(),
            platform: text(&package.platform),
            sha256: package.digest.to_hex(),
            location: package.location.clone(),
        })
        .collect();
    // Texts and lists of texts can always be written.
    serde_json::to_vec(&cached).unwrap_or_default()
}

/// Reads packages from the cache. Returns `None` if they are damaged.
pub(super) fn decode(bytes: &[u8]) -> Option<Vec<ArchivedPackage>> {
    let cached: Vec<CachedPackage> = serde_json::from_slice(bytes).ok()?;
    let name = |text: &str| PackageName::parse(Ecosystem::CREATIO, text).ok();
    let version = |text: Option<String>| match text {
        Some(text) => CreatioVersion::parse(&text).ok().map(Some),
        None => Some(None),
    };
    let decoded = cached.into_iter().map(|one| {
        let depends_on = one.depends_on.into_iter();
        let depends_on = depends_on
            .map(|(of, uid, stated)| Some((name(&of)?, uid.parse().ok()?, version(stated)?)))
            .collect::<Option<_>>();
        Some(ArchivedPackage {
            name: name(&one.name)?,
            version: version(Some(one.version))??,
            facts: PackageDescriptor {
                uid: one.uid.parse().ok()?,
                kind: one.kind,
                install_behavior: one.install_behavior,
                maintainer: one.maintainer,
                needs_license: one.needs_license,
            },
            depends_on: depends_on?,
            platform: version(one.platform)?,
            digest: Digest::from_hex(Algorithm::Sha256, &one.sha256).ok()?,
            location: one.location,
        })
    });
    decoded.collect()
}

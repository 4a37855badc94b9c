//! Compatibility: what a package takes away from those who use the version that is published.

use serde::Serialize;

use super::asset_findings::ChangedAsset;
use super::assets::load::ProjectAssets;
use super::assets::replaced::{Replaced, with_version};
use super::packages::PublishablePackage;
use super::registry::target::RegistryTarget;
use super::{Result, Session, published};
use crate::assets::{AssetSet, compare_assets};
use crate::diagnostic::{Exit, Failure, list};
use crate::package::{ArchiveFile, Body, Surface, may_break};
use crate::registry::PublishedVersion;

/// The version that a package is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// The newest that it has to keep what it promises of: of the same compatible bucket, and older.
    Promised,
    /// The newest that is not newer than the package: what `publish` compares with, also where the number allows to break it.
    Latest,
    /// This one.
    Version(semver::Version),
}

/// A package compared with a published version: see `schema/check.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// The package.
    pub package: String,
    /// Its version in the checkout.
    pub version: String,
    /// The published version.
    pub against: String,
    /// What the published version has and the checkout has not, in words.
    pub removed: Vec<String>,
    /// What changed of the assets that both have.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assets: Vec<ChangedAsset>,
    /// Whether the number of the version allows for that.
    #[serde(rename = "mayBreak")]
    pub may_break: bool,
}

impl Comparison {
    /// Returns what the published version has and the checkout breaks, in words.
    pub fn broken(&self) -> impl Iterator<Item = &str> {
        let breaking = self.assets.iter().filter(|change| change.is_breaking());
        self.removed.iter().map(String::as_str).chain(breaking.map(ChangedAsset::line))
    }

    /// Returns why the package cannot be published like this, if it cannot.
    pub fn refusal(&self) -> Option<Breaking> {
        (!self.may_break && self.broken().next().is_some()).then(|| Breaking(self.clone()))
    }
}

/// Compares a package with a version that a registry has. Returns `None` if there is none to compare with.
pub(super) fn compare(
    session: &Session<'_>,
    target: &RegistryTarget<'_>,
    prepared: &PublishablePackage,
    baseline: &Baseline,
) -> Result<Option<Comparison>> {
    let body = &prepared.body;
    let (registries, label) = published::open(session, target)?;
    let known = registries.published(&label, &body.name)?;
    let against = match baseline {
        Baseline::Version(wanted) => match known.iter().find(|one| one.version == *wanted) {
            Some(found) => Some(found),
            None => return Err(published::NotPublished::of(body.name.as_str(), wanted, &known).into()),
        },
        // A back-port has to keep what its own line promised, not what a later one has.
        Baseline::Latest => newest(&known, |older| *older <= body.version),
        Baseline::Promised => newest(&known, |older| *older < body.version && !may_break(older, &body.version)),
    };
    let Some(PublishedVersion { version: against, .. }) = against else { return Ok(None) };
    let (old_body, old_files) = registries.published_files(&label, &body.name, against)?;
    let removed = Surface::of(&old_body, &old_files).removed_in(&Surface::of(body, &prepared.files));
    let assets = changed_assets(session, prepared, &old_body, &old_files)?;
    Ok(Some(Comparison {
        package: body.name.to_string(),
        version: body.version.to_string(),
        against: against.to_string(),
        removed,
        assets,
        may_break: may_break(against, &body.version),
    }))
}

/// Compares the assets that a published version and the checkout have. What they refer to in other packages is on both sides what
/// the project has: a change there is those packages' own.
fn changed_assets(
    session: &Session<'_>,
    prepared: &PublishablePackage,
    old_body: &Body,
    old_files: &[ArchiveFile],
) -> Result<Vec<ChangedAsset>> {
    if old_body.assets.is_empty() || prepared.body.assets.is_empty() {
        return Ok(Vec::new());
    }
    let project = ProjectAssets::of(session)?;
    let Some(at) = project.own_package(&prepared.body.name) else { return Ok(Vec::new()) };
    let manifest = published::manifest_of(old_files)?;
    let files = Replaced::of_archive(project.files(), &[at], old_files);
    let old = AssetSet::new(with_version(project.packages(), at, &manifest), &files);
    let new = project.set();
    Ok(compare_assets((&old, at), (&new, at)).into_iter().map(ChangedAsset::from).collect())
}

/// Returns the newest version that counts: pre-releases promise nothing, and nobody is to use what is yanked.
fn newest(published: &[PublishedVersion], counts: impl Fn(&semver::Version) -> bool) -> Option<&PublishedVersion> {
    let usable = published.iter().filter(|one| !one.is_yanked && one.version.pre.is_empty() && counts(&one.version));
    usable.max_by(|one, other| one.version.cmp_precedence(&other.version))
}

/// A version that takes away what it has to keep.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{} {} takes away what {} has:{}", .0.package, .0.version, .0.against, list(.0.broken().map(str::to_owned).collect::<Vec<_>>()))]
#[diagnostic(
    code(larder::publish::breaking),
    help(
        "who asks for ^{} gets this version too: raise the number so that it says so, put back what is missing, or \
         `larder publish --allow-breaking`",
        .0.against
    )
)]
pub struct Breaking(Comparison);

impl Failure for Breaking {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

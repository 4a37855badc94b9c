//! Compatibility: what a package takes away from those who use the version that is published.

use serde::Serialize;

use super::packages::Prepared;
use super::registry::target::Target;
use super::{Result, Session, registries};
use crate::diagnostic::{Exit, Failure, list};
use crate::manifest::{Registry, RegistryUrl};
use crate::model::{Ecosystem, Label};
use crate::package::{Surface, may_break};
use crate::registry::{CachePolicy, PublishedVersion, Registries, RegistryOptions};

/// The version that a package is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Baseline {
    /// The newest that it has to keep what it promises of: of the same compatible bucket, and older.
    Promised,
    /// The newest.
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
    /// Whether the number of the version allows for that.
    #[serde(rename = "mayBreak")]
    pub may_break: bool,
}

impl Comparison {
    /// Returns why the package cannot be published like this, if it cannot.
    pub fn refusal(&self) -> Option<Breaking> {
        (!self.may_break && !self.removed.is_empty()).then(|| Breaking(self.clone()))
    }
}

/// Compares a package with a version that a registry has. Returns `None` if there is none to compare with.
pub(super) fn compare(
    session: &Session<'_>,
    target: &Target<'_>,
    prepared: &Prepared,
    baseline: &Baseline,
) -> Result<Option<Comparison>> {
    let body = &prepared.body;
    let (registries, label) = open(session, target)?;
    let published = registries.published(&label, &body.name)?;
    let against = match baseline {
        Baseline::Version(wanted) => match published.iter().find(|one| one.version == *wanted) {
            Some(found) => Some(found),
            None => return Err(NotPublished::of(body.name.as_str(), wanted, &published).into()),
        },
        Baseline::Latest => newest(&published, |_| true),
        Baseline::Promised => newest(&published, |older| *older < body.version && !may_break(older, &body.version)),
    };
    let Some(PublishedVersion { version: against, .. }) = against else { return Ok(None) };
    let (old_body, old_files) = registries.published_files(&label, &body.name, against)?;
    let removed = Surface::of(&old_body, &old_files).removed_in(&Surface::of(body, &prepared.files));
    Ok(Some(Comparison {
        package: body.name.to_string(),
        version: body.version.to_string(),
        against: against.to_string(),
        removed,
        may_break: may_break(against, &body.version),
    }))
}

/// Returns the newest version that counts: pre-releases promise nothing, and nobody is to use what is yanked.
fn newest(published: &[PublishedVersion], counts: impl Fn(&semver::Version) -> bool) -> Option<&PublishedVersion> {
    let usable = published.iter().filter(|one| !one.is_yanked && one.version.pre.is_empty() && counts(&one.version));
    usable.max_by(|one, other| one.version.cmp_precedence(&other.version))
}

/// Opens the registry that is published to, to read from it.
fn open(session: &Session<'_>, target: &Target<'_>) -> Result<(Registries, Label)> {
    match target {
        Target::Server(project, label) => {
            Ok((registries::open(session, project, CachePolicy::default())?, label.clone()))
        }
        Target::Folder(folder) => {
            let url = RegistryUrl::Folder(format!("{}/", folder.root().display()).into());
            let label = Label::unnamed();
            let registry = Registry::new(Ecosystem::PRIVATE, label.clone(), url);
            let client = session.client()?;
            let options = RegistryOptions { registries: vec![registry], client, ..RegistryOptions::default() };
            Ok((Registries::new(options), label))
        }
    }
}

/// A version that takes away what it has to keep.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{} {} takes away what {} has:{}", .0.package, .0.version, .0.against, list(&.0.removed))]
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

/// A version to compare with that is not there.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{package} {version} is not published")]
#[diagnostic(code(larder::check::not_published), help("{help}"))]
struct NotPublished {
    package: String,
    version: String,
    help: String,
}

impl NotPublished {
    fn of(package: &str, version: &semver::Version, published: &[PublishedVersion]) -> Self {
        let help = match published.last() {
            Some(newest) => format!("the newest is {}", newest.version),
            None => "the registry has no version of it".to_owned(),
        };
        Self { package: package.to_owned(), version: version.to_string(), help }
    }
}

impl Failure for NotPublished {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

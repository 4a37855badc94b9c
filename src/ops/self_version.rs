//! Which larder this is, and whether there is a newer one. Nobody is asked unless the user wants it.

use std::path::PathBuf;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::model::{Ecosystem, PackageId, PackageName, Version};
use crate::registry::CachePolicy;
use crate::resolve::{Index, IndexError};

use super::project::host;
use super::session::{MANIFEST, release};
use super::{Context, Project, Result, Session, failure, registries};

/// `larder self version --json`: see `schema/self-version.json`.
#[derive(Debug, Serialize)]
pub struct SelfVersion {
    /// This larder's version.
    pub version: &'static str,
    /// The program.
    pub executable: PathBuf,
    /// The newest version that was published, if that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub newest: Option<String>,
    /// Whether that is newer than this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outdated: Option<bool>,
}

/// Whether registries are asked for a newer version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// They are.
    Registries,
    /// Nobody is asked.
    Nothing,
}

/// Tells which version this is. With a check, also which is the newest that the registry of npm has for this platform.
pub fn version(session: &Session<'_>, check: Check) -> Result<SelfVersion> {
    let version = env!("CARGO_PKG_VERSION");
    let mut told =
        SelfVersion { version, executable: session.context.executable.clone(), newest: None, outdated: None };
    if check == Check::Registries {
        let newest = newest(session)?;
        told.outdated = Some(version.parse().is_ok_and(|own: semver::Version| own < newest));
        told.newest = Some(newest.to_string());
    }
    Ok(told)
}

/// Returns the newest version that was published for this platform. The package with the program is asked for, whose name no other
/// package has, and not the one that people ask for.
fn newest(session: &Session<'_>) -> Result<semver::Version> {
    let platform = host::platform().map(|platform| platform.as_str().trim_end_matches("-musl"));
    let name = platform.map(|platform| format!("larder-{platform}")).ok_or(Unpublished::platform())?;
    let unknown = |reason: String| Unpublished { name: name.clone(), reason };
    let ecosystem = Ecosystem::OF_NODE;
    let package = PackageName::parse(ecosystem, &name).map_err(|error| unknown(error.to_string()))?;
    let project = project(session.context)?;
    let registries = registries::open(session, &project, CachePolicy::Revalidate)?;
    let versions = match registries.versions(&PackageId::new(ecosystem, package)) {
        Ok(versions) => versions,
        Err(IndexError::NotFound { registry, .. }) => {
            return Err(unknown(format!("registry `{registry}` does not have it")).into());
        }
        Err(error) => return Err(failure::of_index(error)),
    };
    let usable = versions.candidates.iter().rev().filter(|one| !one.yanked && !one.deprecated);
    let newest = usable.map(|one| &one.version).find(|version| !version.is_prerelease()).map(Version::to_string);
    release(registries);
    let newest = newest.and_then(|text| text.parse().ok());
    newest.ok_or_else(|| unknown("it has no version that could be used".to_owned()).into())
}

/// Returns the project whose registries are asked; outside of one there are the public ones.
fn project(context: &Context<'_>) -> Result<Project> {
    for folder in context.folder.ancestors() {
        if fs::stat(&folder.join(MANIFEST))?.is_some() {
            return Project::open(context);
        }
    }
    Project::of_text(context.folder.clone(), "")
}

/// Nothing is known of published versions.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("nothing tells whether there is a newer larder: {reason}")]
#[diagnostic(
    code(larder::own::unpublished),
    help("`{name}` is the package of npm that has the program: look where you have larder from")
)]
struct Unpublished {
    name: String,
    reason: String,
}

impl Unpublished {
    fn platform() -> Self {
        Self { name: "larder".to_owned(), reason: "there is none for this platform".to_owned() }
    }
}

impl Failure for Unpublished {
    fn exit(&self) -> Exit {
        Exit::Network
    }
}

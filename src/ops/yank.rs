//! Events of versions that were published before: `yank`, `unyank` and `deprecate`.

use serde::Serialize;

use super::assets::in_use::{InUse, OrphanedAsset};
use super::assets::of_registry::orphaned_by;
use super::registry::target::RegistryTarget;
use super::registry::{server, submit};
use super::{Event, Project, Result, Session};
use crate::diagnostic::{Exit, Failure};
use crate::model::{Ecosystem, PackageId, PackageName};
use crate::package::{StatusChange, Submission, YankRequest};

/// `larder yank --json`, `larder unyank --json` and `larder deprecate --json`: see `schema/registry-event.json`.
#[derive(Debug, Serialize)]
pub struct RecordedEvent {
    /// The identity of the registry.
    pub registry: String,
    /// The package.
    pub package: String,
    /// The version; none for all of them.
    pub version: Option<String>,
    /// `added`, `submitted` or `unchanged`.
    pub outcome: &'static str,
    /// The assets of the registry's packages that refer to what is yanked, and that no other version serves.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub orphaned: Vec<OrphanedAsset>,
}

/// What is said of a version, or of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It must not be chosen anew.
    Yanked,
    /// It may be chosen again.
    Restored,
    /// Its users should move on.
    Deprecated,
    /// It is as usual again.
    Active,
}

/// What belongs to a verdict.
#[derive(Clone, Debug, Default)]
pub struct Particulars {
    /// The registry: a name, or a folder.
    pub registry: Option<String>,
    /// The reason, for people.
    pub reason: Option<String>,
    /// The package to use instead.
    pub replaced_by: Option<String>,
    /// Whether assets of others may be left without what they refer to.
    pub force: bool,
}

/// Records a verdict on `NAME@VERSION`, or on all versions of `NAME` for a deprecation.
pub fn record(
    session: &Session<'_>,
    package: &str,
    verdict: Verdict,
    particulars: Particulars,
) -> Result<RecordedEvent> {
    let (name, version) = parse(package)?;
    let Particulars { registry, reason, replaced_by, force } = particulars;
    if let Some(replacement) = &replaced_by {
        PackageName::larder(replacement).map_err(|error| BadReplacement(error.to_string()))?;
    }
    let context = session.context();
    let project = Project::open(context).ok();
    let id = PackageId::new(Ecosystem::PRIVATE, name.clone());
    let target = RegistryTarget::find(context, project.as_ref(), registry.as_deref(), &id)?;
    let orphaned = match (&target, &version) {
        (RegistryTarget::Folder(folder), Some(version)) if verdict == Verdict::Yanked => {
            orphaned_by(folder, &name, version)?
        }
        _ => Vec::new(),
    };
    if !orphaned.is_empty() && !force {
        return Err(InUse::of(package, &orphaned).into());
    }
    let name = name.to_string();
    let of_version = |reason| match &version {
        Some(version) => Ok(YankRequest { name: name.clone(), version: version.clone(), reason }),
        None => Err(NoVersion(name.clone())),
    };
    let of_status = |status: &str, reason| StatusChange {
        name: name.clone(),
        version: version.clone(),
        status: status.to_owned(),
        replaced_by,
        reason,
    };
    let (kind, body) = match verdict {
        Verdict::Yanked => ("yank", serde_json::to_string(&of_version(reason)?)),
        Verdict::Restored => ("unyank", serde_json::to_string(&of_version(reason)?)),
        Verdict::Deprecated => ("status", serde_json::to_string(&of_status("deprecated", reason))),
        Verdict::Active => ("status", serde_json::to_string(&of_status("active", reason))),
    };
    let body = body.unwrap_or_default();
    let submission = Submission { kind: kind.to_owned(), body, ..Submission::default() };
    let registry = target.origin().to_owned();
    let outcome = match target {
        RegistryTarget::Folder(folder) => submit::submit(context, &folder, &submission)?,
        RegistryTarget::Server(project, registry) => {
            let path = version.as_ref().map_or_else(|| "status".to_owned(), ToString::to_string);
            server::send(session, project, &registry, (&name, &path), &submission)?
        }
    };
    if outcome == submit::SubmissionOutcome::Unchanged {
        (context.reporter)(Event::Unchanged);
    }
    Ok(RecordedEvent {
        registry,
        package: name,
        version: version.map(|version| version.to_string()),
        outcome: outcome.as_str(),
        orphaned,
    })
}

/// Reads `NAME` or `NAME@VERSION`.
fn parse(text: &str) -> Result<(PackageName, Option<semver::Version>)> {
    let bad = |reason: String| BadPackage { text: text.to_owned(), reason };
    let text = text.strip_prefix("larder:").unwrap_or(text);
    let (name, version) = match text.char_indices().skip(1).find(|(_, c)| *c == '@') {
        Some((at, _)) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let name = PackageName::larder(name).map_err(|error| bad(error.to_string()))?;
    let version = version.map(str::parse).transpose().map_err(|error: semver::Error| bad(error.to_string()))?;
    Ok((name, version))
}

/// A text that names no package.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{text}` names no version of a private package: {reason}")]
#[diagnostic(code(larder::publish::bad_package), help("it is written NAME@VERSION: orders-client@2.1.0"))]
struct BadPackage {
    text: String,
    reason: String,
}

/// A yank of no version.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{0}` has no version")]
#[diagnostic(
    code(larder::publish::no_version),
    help("name the version: `{0}@2.1.0`; a whole package is deprecated: `larder deprecate {0}`")
)]
struct NoVersion(String);

/// A name that no package has that could be used instead.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("nothing can be used instead: {0}")]
#[diagnostic(code(larder::publish::bad_replacement), help("name a private package: `--replaced-by orders-client-2`"))]
struct BadReplacement(String);

impl Failure for BadReplacement {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

impl Failure for BadPackage {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

impl Failure for NoVersion {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

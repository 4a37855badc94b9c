//! Events that are added to a registry in a folder, by whoever has its log's key; by others they are left in `incoming/`.

use serde::Deserialize;

use super::{log_keys, now};
use crate::diagnostic::{Exit, Failure};
use crate::model::{Digest, PackageName};
use crate::ops::{Context, Event, Result};
use crate::package::log::VerifiedState;
use crate::package::{
    Body, Deposit, IndexFile, Notice, PackageEvent, Published, StatusChange, Submission, body_of_archive,
};
use crate::registry::{Change, FolderError, FolderRegistry, LockedFolder};

/// What became of a submission.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::ops) enum SubmissionOutcome {
    /// It is in the registry.
    Added,
    /// It waits for somebody who has the log's key.
    Submitted,
    /// It was there already.
    Unchanged,
}

impl SubmissionOutcome {
    /// Returns the word for documents.
    pub(in crate::ops) fn as_str(&self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Submitted => "submitted",
            Self::Unchanged => "unchanged",
        }
    }
}

/// Adds an event.
pub(in crate::ops) fn submit(
    context: &Context<'_>,
    registry: &FolderRegistry,
    submission: &Submission,
) -> Result<SubmissionOutcome> {
    let signer = log_keys::find(context, &registry.description().origin)?;
    let locked = lock(context, registry)?;
    let Some(change) = change(registry, &registry.state()?, submission)? else {
        return Ok(SubmissionOutcome::Unchanged);
    };
    if let Some(signer) = signer {
        locked.commit(std::slice::from_ref(&change), &signer, &now())?;
        Ok(SubmissionOutcome::Added)
    } else {
        registry.submit(submission)?;
        Ok(SubmissionOutcome::Submitted)
    }
}

/// Returns what would become of a submission: `none` if it would be added, else `unchanged`.
pub(in crate::ops) fn preview(registry: &FolderRegistry, submission: &Submission) -> Result<&'static str> {
    let change = change(registry, &registry.state()?, submission)?;
    Ok(if change.is_some() { "none" } else { SubmissionOutcome::Unchanged.as_str() })
}

/// Locks a registry, and says so if somebody else holds it.
pub(super) fn lock<'r>(context: &Context<'_>, registry: &'r FolderRegistry) -> Result<LockedFolder<'r>> {
    let does = "that publishes to this registry".to_owned();
    Ok(registry.lock(|| (context.reporter)(Event::Waiting { process: None, does }))?)
}

/// The subject of any event.
#[derive(Deserialize)]
struct SubmissionSubject {
    name: String,
    #[serde(default)]
    version: Option<semver::Version>,
}

/// Returns what a submission is about, for people.
pub(super) fn describe(submission: &Submission) -> String {
    match serde_json::from_str::<SubmissionSubject>(&submission.body) {
        Ok(SubmissionSubject { name, version: Some(version) }) => format!("{} {name} {version}", submission.kind),
        Ok(SubmissionSubject { name, version: None }) => format!("{} {name}", submission.kind),
        Err(_) => submission.kind.clone(),
    }
}

/// Returns what a submission changes. Returns `None` if all of it is there.
///
/// # Errors
/// Why it cannot be added.
pub(super) fn change(
    registry: &FolderRegistry,
    state: &VerifiedState,
    submission: &Submission,
) -> Result<Option<Change>> {
    let subject: SubmissionSubject =
        serde_json::from_str(&submission.body).map_err(|error| not_an_event(&error.to_string()))?;
    let name = PackageName::larder(&subject.name).map_err(|error| not_an_event(&error.to_string()))?;
    let index = registry.index(state, name.as_str())?;
    let index =
        IndexFile::parse(name.as_str(), index).map_err(|fault| FolderError::Index { name: name.to_string(), fault })?;
    if submission.kind == "publish" {
        return publish(registry, state, &index, submission);
    }
    let known = |version: &semver::Version| {
        index.version(version).ok_or_else(|| Unpublished {
            package: name.to_string(),
            version: version.to_string(),
            newest: index.versions().iter().map(|published| &published.version).max().map(ToString::to_string),
        })
    };
    if index.versions().is_empty() {
        return Err(UnknownPackage { package: name.to_string(), origin: registry.description().origin.clone() }.into());
    }
    let of_version = subject.version.as_ref().map(known).transpose()?;
    let is_there = match (submission.kind.as_str(), of_version) {
        ("yank", Some(published)) => published.yanked.is_some(),
        ("unyank", Some(published)) => published.yanked.is_none(),
        ("status", of_version) => {
            let change: StatusChange =
                serde_json::from_str(&submission.body).map_err(|error| not_an_event(&error.to_string()))?;
            let notice = Notice { status: change.status, replaced_by: change.replaced_by, reason: change.reason };
            let says = |published: &Published| published.status.as_ref() == Some(&notice);
            of_version.map_or_else(|| index.versions().iter().all(says), says)
        }
        _ => return Err(not_an_event("its type is neither publish, yank, unyank nor status").into()),
    };
    if is_there {
        return Ok(None);
    }
    let line = PackageEvent::line_of(&submission.kind, &submission.body, Some(&now())).and_then(|line| {
        // What is written can be read.
        PackageEvent::parse(&line).map(|_| line)
    });
    let line = line.map_err(|fault| FolderError::Event { name: name.to_string(), fault })?;
    Ok(Some(Change { name: name.to_string(), lines: vec![line], archives: Vec::new() }))
}

/// Returns the change that publishes a version.
fn publish(
    registry: &FolderRegistry,
    state: &VerifiedState,
    index: &IndexFile,
    submission: &Submission,
) -> Result<Option<Change>> {
    let body = Body::parse(&submission.body).map_err(|error| not_an_event(&error.to_string()))?;
    let archive = submission.archive.as_deref().ok_or_else(|| not_an_event("it has no archive"))?;
    let derived = body_of_archive(archive).map_err(|reason| not_an_event(&format!("of its archive, {reason}")))?;
    if derived.to_json() != submission.body {
        return Err(not_an_event("its body is not what the manifest in its archive says").into());
    }
    let origin = &registry.description().origin;
    if !body.origins.is_empty() && !body.origins.iter().any(|allowed| **allowed == **origin) {
        let origins = body.origins.iter().map(ToString::to_string).collect();
        return Err(OtherOrigin { package: body.name.to_string(), origin: origin.clone(), origins }.into());
    }
    if let Some(published) = index.version(&body.version) {
        return if is_same(published, &body) { Ok(None) } else { Err(Immutable::new(published, &body).into()) };
    }
    if index.versions().is_empty()
        && let Some(known) = registry.near_name(state, &body.name)?
    {
        return Err(FolderError::NearName { name: body.name.to_string(), known }.into());
    }
    let deposit = Deposit {
        artifact: body.archive_name(),
        sha256: Digest::sha256_of(archive).to_hex(),
        size: archive.len() as u64,
        time: Some(now()),
        publisher: submission.publisher.clone(),
        index: Some(state.checkpoint.tree.size),
        signatures: submission.signatures.clone(),
    };
    let name = body.name.to_string();
    let line = PackageEvent::publish_line(&submission.body, &deposit);
    let line = line.map_err(|fault| FolderError::Event { name: name.clone(), fault })?;
    Ok(Some(Change { name, lines: vec![line], archives: vec![(deposit.artifact, archive.to_vec())] }))
}

/// Returns whether a version was published with the same files.
fn is_same(published: &Published, body: &Body) -> bool {
    Body::parse(&published.body).is_ok_and(|known| known.tree == body.tree && known.version == body.version)
}

fn not_an_event(reason: &str) -> BadEvent {
    BadEvent(reason.to_owned())
}

/// A submission that is no event.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("this cannot be added to a registry: {0}")]
#[diagnostic(code(larder::publish::bad_event))]
struct BadEvent(String);

/// A package that a registry does not have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("registry `{origin}` has no package `{package}`")]
#[diagnostic(code(larder::publish::no_package), help("check the name, and which registry it was published to"))]
struct UnknownPackage {
    package: String,
    origin: String,
}

/// A version that was not published.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("version {version} of `{package}` was not published")]
#[diagnostic(code(larder::publish::no_version), help("the newest version is {}", newest.as_deref().unwrap_or("none")))]
struct Unpublished {
    package: String,
    version: String,
    newest: Option<String>,
}

/// A version that was published with other files.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("version {version} of `{package}` is published already, with other files{same}")]
#[diagnostic(
    code(larder::publish::immutable),
    help(
        "a published version never changes: raise `version` in larder.kdl, and `larder yank {package}@{version}` if it is bad"
    )
)]
struct Immutable {
    package: String,
    version: String,
    /// Why another version number is this version.
    same: &'static str,
}

impl Immutable {
    fn new(published: &Published, body: &Body) -> Self {
        let is_same = published.version == body.version;
        let same = if is_same { "" } else { ": what stands behind a `+` makes no other version" };
        Self { package: body.name.to_string(), version: published.version.to_string(), same }
    }
}

/// A package that may not appear in a registry.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{package}` may be published to {} only, and this is the registry `{origin}`", origins.join(", "))]
#[diagnostic(code(larder::publish::other_origin), help("publish it there, or change `origins` of its `package`"))]
struct OtherOrigin {
    package: String,
    origin: String,
    origins: Vec<String>,
}

macro_rules! refused {
    ($($error:ty => $exit:ident),*) => {
        $(impl Failure for $error {
            fn exit(&self) -> Exit {
                Exit::$exit
            }
        })*
    };
}

refused!(
    BadEvent => Refused,
    UnknownPackage => Manifest,
    Unpublished => Manifest,
    Immutable => Refused,
    OtherOrigin => Refused
);

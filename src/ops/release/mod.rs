//! `larder release`: from the commits since the last tag to a version, a changelog, packages in registries, a commit and a tag.
//!
//! A release is a row of steps, each of which finds out whether it is done. What is being released is noted in
//! `.larder/release.json` before the first one, so that a run that was killed, or failed, goes on where it stopped.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `units` | what has a version of its own: the project, its members |
//! | `plan`, `planned` | what is to be released |
//! | `record` | the note of a release under way |
//! | `files` | version and changelog in the files of a unit |
//! | `publish` | the packages of a unit, in registries |
//! | `steps` | the steps, one after the other |
//! | `error` | why there is no release |

mod error;
mod files;
mod plan;
mod planned;
mod publish;
mod record;
mod steps;
mod units;

use serde::Serialize;

use crate::fs::FileLock;
use crate::ops::{Context, Result, Session, key, project};
use crate::profile;

use error::ReleaseError;
use record::ReleaseRecord;

pub use planned::{PlannedChange, PlannedUnit};

/// What is asked of a release.
#[derive(Clone, Debug, Default)]
pub struct ReleaseOptions {
    /// The registries of larder.kdl to publish to.
    pub registries: Vec<String>,
    /// The publisher's key, for registries of private packages.
    pub sign: Option<String>,
    /// Whether nothing is changed.
    pub dry_run: bool,
    /// Whether a release that stopped is given up.
    pub abort: bool,
    /// The branches on which versions are released; on others there are pre-releases.
    pub branches: Vec<String>,
    /// The number of the run, for pre-releases.
    pub run: Option<u64>,
}

/// `larder release --json`: see `schema/release.json`.
#[derive(Debug, Serialize)]
pub struct Release {
    /// `released`, `planned`, `nothing`, or `aborted`.
    pub outcome: &'static str,
    /// Whether it is a pre-release, which is neither committed nor tagged.
    pub prerelease: bool,
    /// Whether it was begun by an earlier run.
    pub resumed: bool,
    /// What is released.
    pub units: Vec<PlannedUnit>,
    /// What was sent to registries.
    pub published: Vec<PublishedFile>,
    /// Commits whose messages cannot be read.
    pub malformed: Vec<MalformedCommit>,
}

/// A file that a registry has now.
#[derive(Debug, Serialize)]
pub struct PublishedFile {
    /// The registry.
    pub registry: String,
    /// The file.
    pub file: String,
    /// `added`, `submitted` or `unchanged`.
    pub outcome: &'static str,
}

/// A commit whose message cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MalformedCommit {
    /// Its id.
    pub commit: String,
    /// The first line of its message.
    pub subject: String,
}

/// Releases what has changed.
pub fn release(session: &Session<'_>, options: &ReleaseOptions) -> Result<Release> {
    let context = session.context();
    let root = project::find_root(context)?;
    let repository = units::open(context, &root)?;
    let own = profile::own_folder(&root);
    profile::Profiles::open(&root)?;
    crate::fs::create_dir_all(&own)?;
    let Some(held) = FileLock::try_acquire(&own.join("release.lock"))? else { return Err(ReleaseError::Busy.into()) };
    let known = ReleaseRecord::read(&root)?;
    let outcome = match (known, options.abort) {
        (Some(record), true) => steps::abort(&repository, &root, &record),
        (None, true) => Err(ReleaseError::NothingToAbort.into()),
        (Some(record), false) if options.dry_run => Ok(Release {
            outcome: "planned",
            prerelease: record.prerelease,
            resumed: true,
            units: record.units,
            published: Vec::new(),
            malformed: Vec::new(),
        }),
        (Some(record), false) => resume(session, &repository, &root, record, options),
        (None, false) => begin(session, &repository, &root, options),
    };
    held.remove()?;
    outcome
}

/// Resumes a release that was interrupted. It signs with the key of this call, if the call names one.
fn resume(
    session: &Session<'_>,
    repository: &crate::git::Checkout,
    root: &std::path::Path,
    mut record: ReleaseRecord,
    options: &ReleaseOptions,
) -> Result<Release> {
    if let Some(asked) = &options.sign {
        key::check(session.context(), asked)?;
        record.sign = Some(asked.clone());
        record.write(root)?;
    }
    steps::run(session, repository, root, &record, true)
}

fn begin(
    session: &Session<'_>,
    repository: &crate::git::Checkout,
    root: &std::path::Path,
    options: &ReleaseOptions,
) -> Result<Release> {
    let planned = plan::plan(session.context(), repository, root, options)?;
    if planned.record.units.is_empty() || options.dry_run {
        return Ok(Release {
            outcome: if planned.record.units.is_empty() { "nothing" } else { "planned" },
            prerelease: planned.record.prerelease,
            resumed: false,
            units: planned.record.units,
            published: Vec::new(),
            malformed: planned.malformed,
        });
    }
    if let Some(asked) = &options.sign {
        key::check(session.context(), asked)?;
    }
    publish::check(session, root, &planned.record)?;
    planned.record.write(root)?;
    let mut release = steps::run(session, repository, root, &planned.record, false)?;
    release.malformed = planned.malformed;
    Ok(release)
}

/// Returns the git that commands ask.
fn git_program(context: &Context<'_>) -> Option<std::path::PathBuf> {
    profile::python::on_path(&context.variables.search_path(), "git")
}

//! Advisories: fetched, told of, and looked up for a lock.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::diagnostic::counted;
use crate::lock::Lockfile;
use crate::model::Ecosystem;
use crate::policy::KnownVulnerabilities;
use crate::registry::{AdvisoryDatabases, DatabaseStatus};

use super::project::lockfile;
use super::{Context, Error, Event, Project, Result, Session, project};

/// `larder audit` asks sources that were not asked for so long.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// `larder advisories --json`: see `schema/advisories.json`.
#[derive(Debug, Serialize)]
pub struct Sources {
    /// The sources of advisories, with what is here of them.
    pub sources: Vec<SourceReport>,
}

/// What is here of a source.
#[derive(Clone, Debug, Serialize)]
pub struct SourceReport {
    /// A URL or a folder.
    source: String,
    /// When it was last asked; `null` if it never was.
    fetched: Option<String>,
    /// How many seconds ago.
    age: Option<u64>,
    advisories: u32,
    packages: u32,
    unreadable: u32,
    /// Whether it had something new.
    changed: bool,
}

impl SourceReport {
    fn new(status: &DatabaseStatus, now: Timestamp) -> Self {
        let fetched = status.fetched.and_then(|seconds| Timestamp::from_second(seconds).ok());
        let age = fetched.map(|fetched| u64::try_from(now.as_second() - fetched.as_second()).unwrap_or_default());
        Self {
            source: status.source.clone(),
            fetched: fetched.map(|fetched| fetched.to_string()),
            age,
            advisories: status.advisories,
            packages: status.packages,
            unreadable: status.unreadable,
            changed: status.is_new,
        }
    }

    /// Returns how many seconds ago it was last asked.
    pub fn age(&self) -> Option<u64> {
        self.age
    }

    /// Returns what people are told.
    pub fn line(&self) -> String {
        let Self { source, advisories, packages, unreadable, .. } = self;
        let Some(age) = self.age else {
            return format!("{source}: nothing is here; `larder advisories update` fetches it");
        };
        let unreadable = match unreadable {
            0 => String::new(),
            count => format!("; {} could not be read", counted(*count as usize, "record")),
        };
        let advisories = counted(*advisories as usize, "advisory");
        let packages = counted(*packages as usize, "package");
        format!("{source}: {advisories} about {packages}, {}{unreadable}", age_text(age))
    }
}

/// Fetches what is new.
pub fn update(session: &Session<'_>) -> Result<Sources> {
    let databases = of_folder(session.context)?;
    let updated = databases.update(&session.client()?, i64::MAX).map_err(Error::from)?;
    Ok(reports(&updated))
}

/// Tells what is here.
pub fn status(context: &Context<'_>) -> Result<Sources> {
    Ok(reports(&of_folder(context)?.status().map_err(Error::from)?))
}

/// Asks sources that were not asked lately. If one does not answer, what is here of all of them is used, if anything is.
pub(super) fn refresh(session: &Session<'_>, project: &Project, lockfile: &Lockfile) -> Result<Vec<SourceReport>> {
    let context = session.context;
    let databases = of_lock(context, project, lockfile);
    if !context.offline {
        let before = Timestamp::now().as_second().saturating_sub(FRESH.as_secs().cast_signed());
        match databases.update(&session.client()?, before).map_err(Error::from) {
            Ok(updated) => return Ok(reports(&updated).sources),
            Err(error) => {
                let known = databases.status().map_err(Error::from)?;
                if known.iter().all(|status| status.fetched.is_none()) {
                    return Err(error);
                }
                let told = format!("advisories could not be updated: {}", error.in_short());
                (context.reporter)(Event::Warning(told));
            }
        }
    }
    Ok(reports(&databases.status().map_err(Error::from)?).sources)
}

/// Looks up what is here of the vulnerabilities of a lock, and asks nobody.
pub(super) fn look_up(context: &Context<'_>, project: &Project, lockfile: &Lockfile) -> Result<KnownVulnerabilities> {
    let databases = of_lock(context, project, lockfile);
    let (found, missing) = databases.vulnerabilities(lockfile.graph.packages.keys()).map_err(Error::from)?;
    Ok(KnownVulnerabilities { found, missing, today: Timestamp::now().to_zoned(TimeZone::UTC).date() })
}

/// Returns the files of the databases that count for a project, whatever it locks.
pub(super) fn files(context: &Context<'_>, project: &Project) -> Vec<PathBuf> {
    databases(context, project, &served()).files()
}

/// Says how long ago something was.
pub(super) fn age_text(seconds: u64) -> String {
    let (unit, name) = match seconds {
        0..120 => return "just now".to_owned(),
        120..7_200 => (60, "minutes"),
        7_200..172_800 => (3_600, "hours"),
        _ => (86_400, "days"),
    };
    format!("{} {name} old", seconds / unit)
}

/// Opens the databases of the project that one works in, or those that count without a project.
fn of_folder(context: &Context<'_>) -> Result<AdvisoryDatabases> {
    let Ok(root) = project::find_root(context) else {
        return Ok(AdvisoryDatabases::open(&context.cache, &context.folder, &[], &served()));
    };
    let project = Project::read(root)?;
    Ok(match lockfile::read(&project.root)?.lockfile() {
        Some(lockfile) => of_lock(context, &project, &lockfile),
        None => databases(context, &project, &served()),
    })
}

pub(super) fn of_lock(context: &Context<'_>, project: &Project, lockfile: &Lockfile) -> AdvisoryDatabases {
    let ecosystems: BTreeSet<Ecosystem> = lockfile.graph.packages.keys().map(|key| key.id.ecosystem).collect();
    databases(context, project, &ecosystems)
}

fn databases(context: &Context<'_>, project: &Project, ecosystems: &BTreeSet<Ecosystem>) -> AdvisoryDatabases {
    AdvisoryDatabases::open(&context.cache, &project.root, &project.manifest.advisory_sources, ecosystems)
}

fn served() -> BTreeSet<Ecosystem> {
    Ecosystem::ALL.into_iter().filter(|ecosystem| ecosystem.has_registries()).collect()
}

fn reports(statuses: &[DatabaseStatus]) -> Sources {
    let now = Timestamp::now();
    Sources { sources: statuses.iter().map(|status| SourceReport::new(status, now)).collect() }
}

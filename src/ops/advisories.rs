//! Advisories: fetched, told of, and looked up for a lock.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::advisory::AskedVersions;
use crate::diagnostic::counted;
use crate::lock::Lockfile;
use crate::manifest::Registry;
use crate::model::{Ecosystem, Label, Origin, Package};
use crate::policy::KnownVulnerabilities;
use crate::registry::{AdvisoryDatabases, AdvisoryQuestion, DatabaseStatus, VulnerabilitiesHere};

use super::project::lockfile;
use super::registries::LazyRegistries;
use super::{Context, Error, Event, Project, Result, Session, project};

/// `larder audit` asks sources that were not asked for so long.
const FRESH: Duration = Duration::from_secs(24 * 60 * 60);

/// The most records that cannot be read and are named to people.
const MOST_NAMED: usize = 5;

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
    /// The first records that could not be read, each with the reason.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    faults: Vec<String>,
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
            faults: status.faults.clone(),
            changed: status.is_new,
        }
    }

    /// Returns how many seconds ago it was last asked.
    pub fn age(&self) -> Option<u64> {
        self.age
    }

    /// Returns what people are told.
    pub fn line(&self) -> String {
        let Self { source, advisories, packages, unreadable, faults, .. } = self;
        let Some(age) = self.age else {
            return format!("{source}: nothing is here; `larder advisories update` fetches it");
        };
        let unreadable = match unreadable {
            0 => String::new(),
            count => {
                let named: Vec<&str> = faults.iter().take(MOST_NAMED).map(String::as_str).collect();
                let more = if *count as usize > named.len() { ", …" } else { "" };
                let count = counted(*count as usize, "record");
                format!("; {count} could not be read: {}{more}", named.join(", "))
            }
        };
        let advisories = counted(*advisories as usize, "advisory");
        let packages = counted(*packages as usize, "package");
        format!("{source}: {advisories} about {packages}, {}{unreadable}", age_text(age))
    }
}

/// Fetches what is new.
pub fn update(session: &Session<'_>) -> Result<Sources> {
    let context = session.context;
    let Ok(root) = project::find_root(context) else {
        let ask = |_: &Label, _: Vec<u8>| Ok(Vec::new());
        let updated = without_project(context).update(&session.client()?, &ask, i64::MAX);
        return Ok(reports(&updated.map_err(Error::from)?));
    };
    let project = Project::read(root)?;
    let databases = of_project(context, &project)?;
    Ok(reports(&ask_sources(session, &project, &databases, i64::MAX)?))
}

/// Tells what is here.
pub fn status(context: &Context<'_>) -> Result<Sources> {
    let databases = match project::find_root(context) {
        Ok(root) => of_project(context, &Project::read(root)?)?,
        Err(_) => without_project(context),
    };
    Ok(reports(&databases.status().map_err(Error::from)?))
}

/// Asks sources that were not asked lately. If one does not answer, what is here of all of them is used, if anything is.
pub(super) fn refresh(session: &Session<'_>, project: &Project, lockfile: &Lockfile) -> Result<Vec<SourceReport>> {
    let context = session.context;
    let databases = of_lock(context, project, lockfile);
    if !context.offline {
        let before = Timestamp::now().as_second().saturating_sub(FRESH.as_secs().cast_signed());
        match ask_sources(session, project, &databases, before) {
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

/// Looks up what is here of the vulnerabilities of a lock, and asks nobody. Registries are asked about a lock, so that they cannot
/// have been asked about a new one: that is told, and keeps nobody from locking.
pub(super) fn look_up(context: &Context<'_>, project: &Project, lockfile: &Lockfile) -> Result<KnownVulnerabilities> {
    let here = here(context, project, lockfile)?;
    for registry in &here.unasked {
        let told = format!("{registry} was not asked for advisories about what is locked now: `larder audit` does so");
        (context.reporter)(Event::Warning(told));
    }
    Ok(KnownVulnerabilities { found: here.found, missing: here.missing, today: today() })
}

/// Looks up the same after [`refresh`]: what could not be asked is missing.
pub(super) fn look_up_refreshed(
    context: &Context<'_>,
    project: &Project,
    lockfile: &Lockfile,
) -> Result<KnownVulnerabilities> {
    let here = here(context, project, lockfile)?;
    let missing = here.missing.into_iter().chain(here.unasked).collect();
    Ok(KnownVulnerabilities { found: here.found, missing, today: today() })
}

fn here(context: &Context<'_>, project: &Project, lockfile: &Lockfile) -> Result<VulnerabilitiesHere> {
    let databases = of_lock(context, project, lockfile);
    databases.vulnerabilities(lockfile.graph.packages.keys()).map_err(Error::from)
}

/// Returns the day, in UTC: until when an advisory is ignored counts in these.
pub(super) fn today() -> Date {
    Timestamp::now().to_zoned(TimeZone::UTC).date()
}

/// Returns the files of the databases that count for a project, whatever it locks.
pub(super) fn files(context: &Context<'_>, project: &Project) -> Vec<PathBuf> {
    databases(context, project, &served(), Vec::new()).files()
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

/// Opens the databases that count for what a project has locked.
fn of_project(context: &Context<'_>, project: &Project) -> Result<AdvisoryDatabases> {
    Ok(match lockfile::read(&project.root)?.lockfile() {
        Some(lockfile) => of_lock(context, project, &lockfile),
        None => databases(context, project, &served(), Vec::new()),
    })
}

fn without_project(context: &Context<'_>) -> AdvisoryDatabases {
    AdvisoryDatabases::open(&context.cache, &context.folder, &[], &served(), Vec::new())
}

pub(super) fn of_lock(context: &Context<'_>, project: &Project, lockfile: &Lockfile) -> AdvisoryDatabases {
    let ecosystems: BTreeSet<Ecosystem> = lockfile.graph.packages.keys().map(|key| key.id.ecosystem).collect();
    databases(context, project, &ecosystems, questions(project, lockfile))
}

fn databases(
    context: &Context<'_>,
    project: &Project,
    ecosystems: &BTreeSet<Ecosystem>,
    questions: Vec<AdvisoryQuestion>,
) -> AdvisoryDatabases {
    AdvisoryDatabases::open(&context.cache, &project.root, &project.manifest.advisory_sources, ecosystems, questions)
}

/// Returns what the registries that tell of advisories are asked: about the versions that are locked from each. The names of
/// packages of other registries are none of its business.
fn questions(project: &Project, lockfile: &Lockfile) -> Vec<AdvisoryQuestion> {
    let manifest = &project.manifest;
    let asked = manifest.advisory_sources.iter().filter_map(|source| source.registry(&manifest.registries));
    let question = |registry: &Registry| {
        let url = registry.url.http()?.to_string();
        let is_from = |package: &Package| package.origin.as_ref().and_then(Origin::registry) == Some(&registry.name);
        let mut asked = AskedVersions::new();
        for (key, _) in lockfile.graph.packages.iter().filter(|(_, package)| is_from(package)) {
            asked.entry(key.id.name.to_string()).or_default().insert(key.version.to_string());
        }
        Some(AdvisoryQuestion { registry: registry.name.clone(), ecosystem: registry.ecosystem, url, asked })
    };
    asked.filter_map(question).collect()
}

/// Asks the sources that were last asked before an instant.
fn ask_sources(
    session: &Session<'_>,
    project: &Project,
    databases: &AdvisoryDatabases,
    before: i64,
) -> Result<Vec<DatabaseStatus>> {
    let registries = LazyRegistries::new(session, project);
    let ask = |registry: &Label, question: Vec<u8>| registries.registries()?.advisories(registry, question);
    databases.update(&session.client()?, &ask, before).map_err(Error::from)
}

fn served() -> BTreeSet<Ecosystem> {
    Ecosystem::ALL.into_iter().filter(|ecosystem| ecosystem.has_registries()).collect()
}

fn reports(statuses: &[DatabaseStatus]) -> Sources {
    let now = Timestamp::now();
    Sources { sources: statuses.iter().map(|status| SourceReport::new(status, now)).collect() }
}

//! The health of a project's dependencies: a score, reports, and the state of each installed package.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `score` | the score and its bands |
//! | `packages` | the health of each package |
//! | `reports` | reports on disk |

mod packages;
mod reports;
mod score;

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::model::{CheckName, PackageId, PackageKey};
use crate::policy::Finding;
use crate::profile;
use crate::store::Store;

use crate::ops::inspection::{Inspected, InspectionOptions, SeverityCounts, inspect};
use crate::ops::outdated::{self, Newer};
use crate::ops::{Event, Project, Result, Session, lock, project};

pub use packages::PackageHealth;
pub use score::{Band, HealthScore};

use score::Faults;

/// `larder health --json`, and what a report has: see `schema/health.json`.
#[derive(Debug, Serialize)]
pub struct Health {
    timestamp: String,
    /// The score.
    pub health_score: HealthScore,
    /// What the score means.
    pub band: Band,
    security_audit: SeverityCounts,
    /// The direct dependencies that have a newer version; `null` where the registries could not be asked.
    outdated_dependencies: Option<Vec<Newer>>,
    dependency_tree: TreeSize,
    duplicate_dependencies: Vec<Duplicate>,
    license_compliant: bool,
    recommendations: Vec<String>,
    /// Whether every installed package is as it was installed.
    pub healthy: bool,
    packages: Vec<PackageHealth>,
    /// The least score that passes, unless the command line names another.
    #[serde(skip)]
    limit: u8,
    /// The report, if one was written.
    #[serde(skip_serializing_if = "Option::is_none")]
    report: Option<String>,
}

#[derive(Debug, Serialize)]
struct TreeSize {
    direct: usize,
    total: usize,
}

#[derive(Debug, Serialize)]
struct Duplicate {
    package: String,
    versions: Vec<String>,
}

/// The least score that passes, unless a policy or the command line names another.
const USUAL_LIMIT: u8 = 50;

impl Health {
    /// Returns what people are told.
    pub fn lines(&self) -> Vec<String> {
        let SeverityCounts { critical, high, moderate, low } = self.security_audit;
        let outdated = self.outdated_dependencies.as_ref();
        let mut lines = vec![
            format!("Health {} of 100: {}", self.health_score.value(), self.band.as_str()),
            format!("Vulnerabilities: {critical} critical, {high} high, {moderate} moderate, {low} low"),
            match outdated {
                Some(outdated) => format!("Outdated direct dependencies: {}", outdated.len()),
                None => "Outdated direct dependencies: not known, the registries could not be asked".to_owned(),
            },
            format!("Packages: {} direct, {} in all", self.dependency_tree.direct, self.dependency_tree.total),
            format!("In several versions: {}", self.duplicate_dependencies.len()),
            format!("Licenses: {}", if self.license_compliant { "none is denied" } else { "some are denied" }),
        ];
        lines.extend(self.packages.iter().filter_map(PackageHealth::fault));
        lines.extend(self.recommendations.iter().map(|one| format!("Recommended: {one}")));
        lines.extend(self.report.iter().map(|report| format!("Wrote {report}")));
        lines
    }

    /// Returns the error of a score that is too low.
    pub fn refusal(&self, fail_below: Option<u8>) -> Option<HealthError> {
        let (score, fail_below) = (self.health_score.value(), fail_below.unwrap_or(self.limit));
        (score < fail_below).then_some(HealthError::TooLow { score, fail_below })
    }
}

/// Looks at the health of the project's dependencies.
pub fn health(session: &Session<'_>) -> Result<Health> {
    let context = session.context();
    let root = project::find_root(context)?;
    let project = Project::read(root)?;
    let (faults, outdated) = faults(session, &project)?;
    let license_compliant = !faults.has_denied_license;
    let lockfile = lock::existing(&project)?;
    let health_score = HealthScore::of(&faults);
    let timestamp = Timestamp::now().to_string();
    let packages = installed(session, &project, &timestamp)?;
    let duplicate_dependencies = duplicates(lockfile.graph.packages.keys());
    let direct: BTreeSet<&PackageId> =
        lockfile.graph.roots.iter().flat_map(|root| &root.to).map(|edge| &edge.to.package.id).collect();
    let healthy = packages.iter().all(|package| package.fault().is_none());
    Ok(Health {
        timestamp,
        health_score,
        band: health_score.band(),
        security_audit: faults.vulnerabilities,
        dependency_tree: TreeSize { direct: direct.len(), total: lockfile.graph.packages.len() },
        recommendations: recommendations(&faults, healthy),
        outdated_dependencies: outdated,
        duplicate_dependencies,
        license_compliant,
        healthy,
        packages,
        limit: limit(&project),
        report: None,
    })
}

/// Returns the score of a project's dependencies, as a number up to 100.
pub(super) fn score(session: &Session<'_>, project: &Project) -> Result<u8> {
    let (faults, _) = faults(session, project)?;
    Ok(HealthScore::of(&faults).value())
}

/// Returns the score; `None` where advisories were never fetched.
pub(super) fn score_if_known(session: &Session<'_>, project: &Project) -> Result<Option<u8>> {
    let audited = inspect(session, project, &InspectionOptions::default())?;
    let is_known = audited.unknown().is_none();
    Ok(is_known.then(|| HealthScore::of(&faults_of(session, &audited).0).value()))
}

/// The health of what is locked, in numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DependencyHealth {
    /// The score, up to 100.
    pub score: u8,
    /// The known vulnerabilities.
    pub vulnerabilities: SeverityCounts,
    /// The locked packages.
    pub packages: usize,
}

/// Looks at the health of what is locked, without what is installed.
pub fn dependencies(session: &Session<'_>) -> Result<DependencyHealth> {
    let project = Project::open(session.context())?;
    let (faults, _) = faults(session, &project)?;
    let packages = lock::existing(&project)?.graph.packages.len();
    Ok(DependencyHealth { score: HealthScore::of(&faults).value(), vulnerabilities: faults.vulnerabilities, packages })
}

/// Looks for what the score is made of. Returns it with the newer versions of direct dependencies, if the registries could be asked.
fn faults(session: &Session<'_>, project: &Project) -> Result<(Faults, Option<Vec<Newer>>)> {
    let audited = inspect(session, project, &InspectionOptions::default())?;
    match audited.unknown() {
        Some(reason) => Err(HealthError::Unknown { reason: reason.to_owned() }.into()),
        None => Ok(faults_of(session, &audited)),
    }
}

fn faults_of(session: &Session<'_>, audited: &Inspected) -> (Faults, Option<Vec<Newer>>) {
    let outdated = match outdated::outdated(session) {
        Ok(outdated) => Some(outdated.packages),
        Err(error) => {
            let told = format!("outdated dependencies are not known: {}", error.in_short());
            (session.context.reporter)(Event::Warning(told));
            None
        }
    };
    let is_license = |finding: &Finding| finding.check == CheckName::Licenses && finding.is_denied();
    let faults = Faults {
        vulnerabilities: audited.counts(),
        outdated: outdated.as_ref().map_or(0, Vec::len),
        has_denied_license: audited.findings.iter().any(|located| is_license(&located.finding)),
    };
    (faults, outdated)
}

/// Returns the strictest limit of the project's policies, or 50.
fn limit(project: &Project) -> u8 {
    let wanted = project.manifest.environments.iter().filter_map(|environment| environment.policy.health);
    wanted.map(|wanted| wanted.at_least).max().unwrap_or(USUAL_LIMIT)
}

/// Looks at the health, and writes a report.
pub fn check(session: &Session<'_>) -> Result<Health> {
    let health = health(session)?;
    let root = project::find_root(session.context())?;
    // Structs of strings and numbers can always be serialized.
    let text = serde_json::to_string_pretty(&health).unwrap_or_default();
    let report = reports::write(&root, Timestamp::now(), &format!("{text}\n"))?;
    Ok(Health { report: Some(report), ..health })
}

/// Returns the text of the latest report.
pub fn latest(session: &Session<'_>) -> Result<String> {
    let root = project::find_root(session.context())?;
    Ok(reports::latest(&root)?.ok_or(HealthError::NoReport)?)
}

/// Removes the reports that are older than 30 days. Returns their number.
pub fn clean_up(session: &Session<'_>) -> Result<usize> {
    reports::clean_up(&project::find_root(session.context())?, Timestamp::now())
}

/// Returns the health of the packages of the environments that were built here, each once.
fn installed(session: &Session<'_>, project: &Project, now: &str) -> Result<Vec<PackageHealth>> {
    let profile = profile::Profiles::open(&project.root)?;
    let store = Store::open(&session.context().store);
    let mut found: BTreeMap<String, PackageHealth> = BTreeMap::new();
    for name in profile.environments()? {
        let Some(generation) = profile.current(&name)? else { continue };
        let text = profile.lock_text(&name, generation.number)?;
        let lockfile = crate::lock::parse("larder.lock", &text)?;
        for package in packages::of_generation(&profile, (&name, &generation), &lockfile, &store, now)? {
            found.entry(package.key().to_owned()).and_modify(|known| known.join(&package)).or_insert(package);
        }
    }
    Ok(found.into_values().collect())
}

fn duplicates<'a>(keys: impl Iterator<Item = &'a PackageKey>) -> Vec<Duplicate> {
    let mut versions: BTreeMap<&PackageId, Vec<String>> = BTreeMap::new();
    for key in keys {
        versions.entry(&key.id).or_default().push(key.version.to_string());
    }
    let several = versions.into_iter().filter(|(_, versions)| versions.len() > 1);
    several.map(|(id, versions)| Duplicate { package: id.to_string(), versions }).collect()
}

fn recommendations(faults: &Faults, healthy: bool) -> Vec<String> {
    let SeverityCounts { critical, high, moderate, low } = faults.vulnerabilities;
    let all = [
        (critical + high + moderate + low > 0, "`larder audit --fix` moves what a newer version cures"),
        (
            faults.outdated > 0,
            "`larder outdated` lists newer versions, `larder update` takes those that the manifest admits",
        ),
        (
            faults.has_denied_license,
            "replace the packages whose licenses the policy denies: `larder audit licenses` names them",
        ),
        (!healthy, "`larder sync --repair` heals damaged packages"),
    ];
    all.into_iter().filter(|(applies, _)| *applies).map(|(_, text)| text.to_owned()).collect()
}

/// Why a health command fails.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum HealthError {
    /// The score is too low.
    #[error("the health score is {score}, and it has to be at least {fail_below}")]
    #[diagnostic(code(larder::health::too_low), help("`larder audit` and `larder outdated` name what is wrong"))]
    TooLow {
        /// The score.
        score: u8,
        /// The least that passes.
        fail_below: u8,
    },
    /// There is nothing to score by.
    #[error("the health of the dependencies is not known: {reason}")]
    #[diagnostic(code(larder::health::unknown), help("`larder advisories update` fetches them"))]
    Unknown {
        /// Why not.
        reason: String,
    },
    /// There is no report.
    #[error("there is no report on the health of dependencies")]
    #[diagnostic(code(larder::health::no_report), help("`larder health check` writes one"))]
    NoReport,
}

impl Failure for HealthError {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

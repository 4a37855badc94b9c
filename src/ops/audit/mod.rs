//! Looking for known vulnerabilities and other dangers in all that is locked.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `cure` | the smallest set of moves that cures vulnerabilities |
//! | `unavoidable` | vulnerabilities that every solution has, known without a solve |
//! | `widen` | lines of the manifest that keep a vulnerable version |
//! | `held` | lines that keep a vulnerable version, and that nobody widens |
//! | `fix` | `--fix`: both, written |

mod cure;
mod fix;
mod held;
mod unavoidable;
mod widen;

use serde::Serialize;

use crate::advisory::Vulnerability;
use crate::model::CheckName;
use crate::policy::FindingReport;

use crate::ops::advisories::SourceReport;
use crate::ops::inspection::{self, Inspected, InspectionOptions, SeverityCounts, SignedPackages};
use crate::ops::project::snapshot;
use crate::ops::{Project, Result, Session, health, lock, project};

use cure::{Incurable, Outlook, Patient};
use fix::FixSummary;
pub use fix::{Fix, Fixed};

/// What was found, and what was done to cure it.
#[derive(Debug)]
pub struct Audited {
    /// What was found.
    pub found: Inspected,
    /// What was done to cure vulnerabilities, if that was asked for.
    pub fixed: Option<Fixed>,
}

/// `larder audit --json`: see `schema/audit.json`.
#[derive(Serialize)]
pub struct AuditSummary<'a> {
    environments: &'a [String],
    packages: usize,
    vulnerabilities: SeverityCounts,
    findings: Vec<FindingReport>,
    sources: &'a [SourceReport],
    #[serde(skip_serializing_if = "Option::is_none")]
    signatures: Option<SignedPackages>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<FixSummary>,
}

impl Audited {
    /// Returns what `--json` prints.
    pub fn summary(&self) -> AuditSummary<'_> {
        let found = &self.found;
        AuditSummary {
            environments: &found.environments,
            packages: found.packages,
            vulnerabilities: found.counts(),
            findings: found.reports(),
            sources: &found.sources,
            signatures: found.signed,
            fix: self.fixed.as_ref().map(Fixed::summary),
        }
    }
}

/// Looks for what the checks find in the lock, for one environment if it was asked for by `--env`, otherwise for all of them
/// and for what none of them has. With a fix, what was cured is not found any more.
pub fn audit(session: &Session<'_>, options: &InspectionOptions, fix: Option<Fix>) -> Result<Audited> {
    let root = project::find_root(session.context)?;
    let mut fixed = None;
    if let Some(fix) = fix {
        let cured = snapshot::undisturbed(&root, |snapshot| {
            let project = Project::read(root.clone())?;
            let found = inspection::inspect(session, &project, options)?.findings.into_iter();
            let vulnerabilities: Vec<Vulnerability> =
                found.filter_map(|located| located.finding.vulnerability).map(|one| *one).collect();
            fix::fix(session, &project, &vulnerabilities, fix, snapshot)
        })?;
        fixed = Some(cured);
    }
    let project = Project::read(root)?;
    let health = health_asked_for(session, &project, options)?;
    let mut found = inspection::inspect_with(session, &project, options, health)?;
    if fixed.is_none() {
        tell_cures(session, &project, &mut found)?;
    }
    Ok(Audited { found, fixed })
}

/// Returns the score of the dependencies' health, if the policy of an environment that is looked at wants one.
fn health_asked_for(session: &Session<'_>, project: &Project, options: &InspectionOptions) -> Result<Option<u8>> {
    let is_asked =
        inspection::environments(session, project)?.iter().any(|environment| environment.policy.health.is_some());
    let chosen = inspection::chosen(&options.checks)?;
    if !is_asked || !chosen.contains(&CheckName::Health) {
        return Ok(None);
    }
    // That advisories are not known, is told beside all else that is found.
    if chosen.contains(&CheckName::Advisories) {
        return health::score_if_known(session, project);
    }
    health::score(session, project).map(Some)
}

/// Says of each vulnerability whether `--fix` would cure it. If the registries cannot tell, nothing is said.
fn tell_cures(session: &Session<'_>, project: &Project, audited: &mut Inspected) -> Result<()> {
    let found = audited.findings.iter().filter_map(|located| located.finding.vulnerability.as_deref());
    let vulnerabilities: Vec<Vulnerability> = found.cloned().collect();
    if vulnerabilities.is_empty() {
        return Ok(());
    }
    let locked = lock::existing(project)?;
    let patient = Patient::new(session, project, &locked)?;
    let outlook = patient.outlook(&vulnerabilities);
    patient.release();
    let Ok(Outlook { incurable, unknown }) = outlook else { return Ok(()) };
    for located in &mut audited.findings {
        let Some(vulnerability) = &located.finding.vulnerability else { continue };
        if unknown.contains(vulnerability) {
            let help = "`larder audit --fix` finds out whether a version without it is within the ranges of larder.kdl";
            located.finding.help = Some(help.to_owned());
            continue;
        }
        let stays = incurable.iter().find(|one| one.vulnerability == **vulnerability);
        located.finding.cured_by_update = Some(stays.is_none());
        let help = match (stays, vulnerability.known_cure()) {
            (None, _) => {
                "`larder audit --fix` moves it to a version without it, within the ranges of larder.kdl".to_owned()
            }
            (Some(Incurable { brings, .. }), _) if !brings.is_empty() => {
                format!(
                    "a version without it, within the ranges of larder.kdl, would bring {} in",
                    brings.join(" and ")
                )
            }
            (Some(_), Some(_)) => {
                "no version within the ranges of larder.kdl is without it: `larder audit --fix --force` \
                                   widens lines"
                    .to_owned()
            }
            (Some(_), None) => {
                "no version is known to be without it: look for another package, or ignore it with a reason".to_owned()
            }
        };
        located.finding.help = Some(help);
    }
    Ok(())
}

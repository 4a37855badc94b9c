//! Checks over a lockfile → findings.
//!
//! A check judges and does nothing else: which severity its findings have is the manifest's to say, and how they are told
//! is a renderer's. All checks are siblings in `checks`, a file each; [`CHECKS`] is the table of them.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `check` | the contract of a check |
//! | `subject` | what a check is given: a lock or a part of it, and what else is known |
//! | `finding` | what a check finds, with the places it is about as data |
//! | `checks` | the checks |
//! | `refusal` | findings that are refused, as an error for people |
//! | `report` | findings as JSON |
//! | `sarif` | findings as SARIF 2.1.0 |

mod check;
mod checks;
mod finding;
mod refusal;
mod report;
mod sarif;
mod subject;

pub use check::{Check, Occasion};
pub use checks::CHECKS;
pub use finding::{Finding, RuleLine};
pub use refusal::{Document, PolicyError};
pub use report::{Described, FindingReport, describe};
pub use sarif::sarif;
pub use subject::{Solve, Subject};

use crate::manifest::{Environment, Manifest};
use crate::model::{CheckName, Severity};

/// Returns what the checks find in an environment's part of a lock, in the order of the checks.
pub fn judge(subject: &Subject<'_>, manifest: &Manifest, environment: &Environment, on: Occasion) -> Vec<Finding> {
    found(subject, on, |check| {
        let rule = environment.policy.rule(check.name());
        let severity = rule.map_or(check.default_severity(), |rule| rule.severity);
        (severity, rule.map(|rule| RuleLine::new(manifest, rule)))
    })
}

/// Returns what the checks find in a whole lock, in the order of the checks. Nothing is refused there: a check is silent
/// if every environment allows what it finds, and warns otherwise.
pub fn judge_all(subject: &Subject<'_>, manifest: &Manifest, on: Occasion) -> Vec<Finding> {
    found(subject, on, |check| {
        let of = |environment: &Environment| environment.policy.rule(check.name()).map(|rule| rule.severity);
        let strictest = manifest.environments.iter().map(|one| of(one).unwrap_or(check.default_severity())).max();
        (strictest.unwrap_or(check.default_severity()).min(Severity::Warn), None)
    })
}

fn found(
    subject: &Subject<'_>,
    on: Occasion,
    configured: impl Fn(&dyn Check) -> (Severity, Option<RuleLine>),
) -> Vec<Finding> {
    let _span = tracing::debug_span!("checks", occasion = ?on).entered();
    let mut findings = Vec::new();
    for check in CHECKS.into_iter().filter(|check| check.occasions().contains(&on)) {
        let (severity, rule) = configured(check);
        if severity > Severity::Allow {
            let judged = check.judge(subject).into_iter();
            findings.extend(judged.map(|finding| Finding { severity, rule: rule.clone(), ..finding }));
        }
    }
    findings
}

/// Returns the check of a name.
pub fn check(name: CheckName) -> Option<&'static dyn Check> {
    CHECKS.into_iter().find(|check| check.name() == name)
}

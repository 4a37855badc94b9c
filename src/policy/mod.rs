//! Checks over a lockfile → findings.
//!
//! A check only finds. The manifest decides the severity of its findings, and a renderer shows them. All checks are siblings in
//! `checks`, one file each; [`CHECKS`] is their table.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `contract` | the contract of a check |
//! | `input` | the input of a check: a lock or a part of it, and what else is known |
//! | `finding` | findings, as data |
//! | `checks` | the checks |
//! | `denial` | denied findings, as an error for people |
//! | `report` | findings as JSON |
//! | `sarif` | findings as SARIF 2.1.0 |
//! | `named_text` | texts with the names of their files |

mod checks;
mod contract;
mod denial;
mod finding;
mod input;
mod named_text;
mod report;
mod sarif;

pub use checks::{CHECKS, check_named};
pub use contract::{Check, CheckStage, Verb};
pub use denial::{Denial, PolicyError};
pub use finding::{Finding, RuleLine};
pub use input::{CheckInput, SolveNotes};
pub use named_text::NamedText;
pub use report::{FindingReport, LocatedFinding, locate};
pub use sarif::sarif;

use crate::manifest::{Environment, Manifest};
use crate::model::Severity;

/// Checks an environment's part of a lock. Returns the findings in the order of the checks.
pub fn check_environment(
    input: &CheckInput<'_>,
    manifest: &Manifest,
    environment: &Environment,
    stage: CheckStage,
) -> Vec<Finding> {
    run(input, stage, |check| {
        let rule = environment.policy.rule(check.name());
        let severity = rule.map_or(check.default_severity(), |rule| rule.severity);
        (severity, rule.map(|rule| RuleLine::new(manifest, rule)))
    })
}

/// Checks a whole lock. Returns the findings in the order of the checks. No finding is denied: a check is skipped if every
/// environment allows its findings, and otherwise they are warnings.
pub fn check_lock(input: &CheckInput<'_>, manifest: &Manifest, stage: CheckStage) -> Vec<Finding> {
    run(input, stage, |check| {
        let configured = |environment: &Environment| environment.policy.rule(check.name()).map(|rule| rule.severity);
        let severities =
            manifest.environments.iter().map(|environment| configured(environment).unwrap_or(check.default_severity()));
        (severities.max().unwrap_or(check.default_severity()).min(Severity::Warn), None)
    })
}

fn run(
    input: &CheckInput<'_>,
    stage: CheckStage,
    configured: impl Fn(&dyn Check) -> (Severity, Option<RuleLine>),
) -> Vec<Finding> {
    let _span = tracing::debug_span!("checks", stage = ?stage).entered();
    let mut findings = Vec::new();
    for check in CHECKS.into_iter().filter(|check| check.stages().contains(&stage)) {
        let (severity, rule) = configured(check);
        if severity > Severity::Allow {
            let found = check.run(input).into_iter();
            findings.extend(found.map(|finding| Finding { severity, rule: rule.clone(), ..finding }));
        }
    }
    findings
}

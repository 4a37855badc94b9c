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
//! | `github` | findings as annotations of GitHub Actions |
//! | `named_text` | texts with the names of their files |

mod checks;
mod contract;
mod denial;
mod finding;
mod github;
mod input;
mod named_text;
mod report;
mod sarif;

pub use checks::{CHECKS, check_named};
pub use contract::{Check, CheckStage, Judgement, Verb};
pub use denial::{Denial, PolicyError};
pub use finding::{Finding, RuleLine};
pub use github::{github_annotations, github_annotations_in_files};
pub use input::{CheckInput, KnownVulnerabilities, PublicationTimes, SolveNotes, UnusedLine};
pub use named_text::{FindingFiles, NamedText};
pub use report::{FindingReport, LocatedFinding, locate};
pub use sarif::sarif;

use crate::manifest::{Environment, Manifest, Policy};
use crate::model::Severity;

/// Checks an environment's part of a lock. Returns the findings in the order of the checks.
pub fn check_environment(
    input: &CheckInput<'_>,
    manifest: &Manifest,
    environment: &Environment,
    stage: CheckStage,
) -> Vec<Finding> {
    let _span = tracing::debug_span!("checks", stage = ?stage).entered();
    at_stage(stage).flat_map(|check| judge(check, input, manifest, environment)).collect()
}

/// Runs one check over an environment's part of a lock.
fn judge(check: &dyn Check, input: &CheckInput<'_>, manifest: &Manifest, environment: &Environment) -> Vec<Finding> {
    let policy = &environment.policy;
    if severity(check, policy) == Severity::Allow {
        return Vec::new();
    }
    let judged = check.run(input).into_iter().map(|finding| {
        let rule = policy.rule(check.name());
        let by_check = || Judgement { severity: severity(check, policy), rule: rule.map(|rule| rule.span), note: None };
        let Judgement { severity, rule, note } = check.judge(&finding, policy, input).unwrap_or_else(by_check);
        let message = note.map_or_else(|| finding.message.clone(), |note| format!("{} ({note})", finding.message));
        Finding { severity, rule: rule.map(|span| RuleLine::new(manifest, span)), message, ..finding }
    });
    judged.filter(|finding| finding.severity > Severity::Allow).collect()
}

/// Checks a whole lock. Returns the findings in the order of the checks. No finding is denied: a check is skipped if every
/// environment allows its findings, and otherwise they are warnings.
pub fn check_lock(input: &CheckInput<'_>, manifest: &Manifest, stage: CheckStage) -> Vec<Finding> {
    let _span = tracing::debug_span!("checks", stage = ?stage).entered();
    let policies = || manifest.environments.iter().map(|environment| &environment.policy);
    let mut findings = Vec::new();
    for check in at_stage(stage).filter(|check| policies().any(|policy| severity(*check, policy) > Severity::Allow)) {
        findings.extend(check.run(input).into_iter().filter_map(|finding| {
            let judged = policies().filter_map(|policy| check.judge(&finding, policy, input));
            let is_allowed = judged.max_by_key(|one| one.severity).is_some_and(|one| one.severity == Severity::Allow);
            (!is_allowed).then_some(Finding { severity: Severity::Warn, ..finding })
        }));
    }
    findings
}

fn at_stage(stage: CheckStage) -> impl Iterator<Item = &'static dyn Check> {
    CHECKS.into_iter().filter(move |check| check.stages().contains(&stage))
}

/// Returns the severity of a check's findings, unless the policy judges each.
fn severity(check: &dyn Check, policy: &Policy) -> Severity {
    policy.rule(check.name()).map_or(check.default_severity(), |rule| rule.severity)
}

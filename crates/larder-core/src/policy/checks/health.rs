//! The score of the dependencies' health, where a policy wants one.

use crate::manifest::Policy;
use crate::model::{CheckName, Severity};
use crate::policy::contract::{Check, CheckStage, Judgement, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct HealthCheck;

impl Check for HealthCheck {
    fn name(&self) -> CheckName {
        CheckName::Health
    }

    fn code(&self) -> &'static str {
        "larder::policy::health"
    }

    fn default_severity(&self) -> Severity {
        Severity::Deny
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::OnRequest, CheckStage::Audit]
    }

    fn object(&self) -> &'static str {
        "a health score this low"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "has one", plural: "have one" }
    }

    fn help(&self) -> &'static str {
        "`larder health` says what the score is made of, and what to do"
    }

    /// Returns the score as a finding, if it is known; most scores are then allowed.
    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let score = input.health.into_iter();
        score.map(|score| self.project_finding(format!("the health score is {score}"))).collect()
    }

    fn judge(&self, _finding: &Finding, policy: &Policy, input: &CheckInput<'_>) -> Option<Judgement> {
        let wanted = policy.health.filter(|wanted| input.health.is_some_and(|score| score < wanted.at_least));
        Some(match wanted {
            None => Judgement { severity: Severity::Allow, rule: None, note: None },
            Some(wanted) => Judgement {
                severity: Severity::Deny,
                rule: Some(wanted.span),
                note: Some(format!("it has to be at least {}", wanted.at_least)),
            },
        })
    }
}

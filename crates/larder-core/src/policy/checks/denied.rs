//! Packages that the policy names.

use crate::manifest::{DeniedPackages, Policy};
use crate::model::{CheckName, Severity};
use crate::policy::contract::{Check, CheckStage, Judgement, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct DeniedCheck;

impl Check for DeniedCheck {
    fn name(&self) -> CheckName {
        CheckName::Denied
    }

    fn code(&self) -> &'static str {
        "larder::policy::denied"
    }

    fn default_severity(&self) -> Severity {
        Severity::Deny
    }

    fn stages(&self) -> &'static [CheckStage] {
        &CheckStage::ALL
    }

    fn object(&self) -> &'static str {
        "packages by their names"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are such" }
    }

    fn help(&self) -> &'static str {
        "leave the package out, or choose another version; `larder why` shows what needs it"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let denied: Vec<&DeniedPackages> =
            input.environments.iter().flat_map(|environment| &environment.policy.denied).collect();
        if denied.is_empty() {
            return Vec::new();
        }
        let found = input.packages().into_keys().filter_map(|key| {
            let rule = denied.iter().find(|denied| denied.covers(key))?;
            Some(self.package_finding(key, format!("{key} is denied: {}", rule.reason)))
        });
        found.collect()
    }

    fn judge(&self, finding: &Finding, policy: &Policy, _: &CheckInput<'_>) -> Option<Judgement> {
        let package = finding.package.as_ref()?;
        let rule = policy.denied.iter().find(|denied| denied.covers(package));
        let severity = if rule.is_some() { Severity::Deny } else { Severity::Allow };
        Some(Judgement { severity, rule: rule.map(|rule| rule.span), note: None })
    }
}

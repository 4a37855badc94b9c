//! Packages from elsewhere than the policy's sources.

use crate::manifest::Policy;
use crate::model::{CheckName, Origin, Package, Severity, Source};
use crate::policy::contract::{Check, CheckStage, Judgement, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct SourcesCheck;

impl Check for SourcesCheck {
    fn name(&self) -> CheckName {
        CheckName::Sources
    }

    fn code(&self) -> &'static str {
        "larder::policy::sources"
    }

    fn default_severity(&self) -> Severity {
        Severity::Deny
    }

    fn stages(&self) -> &'static [CheckStage] {
        &CheckStage::ALL
    }

    fn object(&self) -> &'static str {
        "packages from other sources"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is from one", plural: "are from others" }
    }

    fn help(&self) -> &'static str {
        "take the package from one of the policy's sources, or name its own there: a registry, `git` or `url`"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        if input.environments.iter().all(|environment| environment.policy.sources.is_none()) {
            return Vec::new();
        }
        let found = input.packages().into_iter().filter_map(|(key, package)| {
            let source = source(package)?;
            Some(self.package_finding(key, format!("{key} comes from `{source}`")))
        });
        found.collect()
    }

    fn judge(&self, finding: &Finding, policy: &Policy, input: &CheckInput<'_>) -> Option<Judgement> {
        let package = input.lock.graph.packages.get(finding.package.as_ref()?)?;
        let refused = policy.sources.as_ref().zip(source(package)).filter(|(allowed, source)| !allowed.admits(source));
        let rule = refused.map(|(allowed, source)| allowed.rule_against(source));
        let severity = if refused.is_some() { Severity::Deny } else { Severity::Allow };
        Some(Judgement { severity, rule, note: None })
    }
}

/// Returns the name by which a policy knows where a package comes from. `None` for folders of the checkout.
fn source(package: &Package) -> Option<&str> {
    Some(match package.origin.as_ref()? {
        Origin::Registry(name) => name.as_str(),
        Origin::Source(pinned) => match pinned.source {
            Source::Git(_) => "git",
            Source::Url(_) | Source::File(_) | Source::Archive(_) => "url",
        },
    })
}

//! Packages that their registries did not sign.

use crate::manifest::Policy;
use crate::model::{CheckName, Severity};
use crate::policy::contract::{Check, CheckStage, Judgement, Verb};
use crate::policy::{CheckInput, Finding};
use crate::provenance::SignatureVerdict;

pub(super) struct SignaturesCheck;

impl Check for SignaturesCheck {
    fn name(&self) -> CheckName {
        CheckName::Signatures
    }

    fn code(&self) -> &'static str {
        "larder::policy::signatures"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::BeforeBuild, CheckStage::OnRequest, CheckStage::Audit]
    }

    fn object(&self) -> &'static str {
        "packages without a valid signature of their registry"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are such" }
    }

    fn help(&self) -> &'static str {
        "ask the registry itself, and not a mirror that drops its signatures; the keys of another registry than npmjs stand in its \
         block: `key \"MFkw…\"`"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let Some(known) = input.signatures else { return Vec::new() };
        let judged = input.packages().into_keys().filter_map(|key| Some((key, known.get(key)?)));
        let wrong = judged.filter(|(_, verdict)| **verdict != SignatureVerdict::Signed);
        wrong.map(|(key, verdict)| self.package_finding(key, format!("{key} {verdict}"))).collect()
    }

    /// What is signed otherwise than it is locked is denied in any case.
    fn judge(&self, finding: &Finding, policy: &Policy, input: &CheckInput<'_>) -> Option<Judgement> {
        let verdict = input.signatures?.get(finding.package.as_ref()?)?;
        let is_denied = verdict.is_contradiction() || policy.signatures.is_some() && !verdict.is_unpromised();
        let severity = if is_denied { Severity::Deny } else { Severity::Warn };
        Some(Judgement { severity, rule: policy.signatures, note: None })
    }
}

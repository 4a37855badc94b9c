//! Packages that neither their registries nor their publishers signed.

use crate::manifest::Policy;
use crate::model::{CheckName, PackageKey, Severity};
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
        &[CheckStage::AfterSolve, CheckStage::BeforeBuild, CheckStage::OnRequest, CheckStage::Audit]
    }

    fn object(&self) -> &'static str {
        "packages without a valid signature"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are such" }
    }

    fn help(&self) -> &'static str {
        "ask the registry itself, and not a mirror that drops its signatures; the keys of another registry than npmjs stand in its \
         block: `key \"MFkw…\"`; publishers of private packages sign with `larder publish --sign KEY`, and a `signer` line says whose \
         signatures count"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let judged = input.packages().into_keys().filter_map(|key| Some((key, verdict(input, key)?)));
        let wrong = judged.filter(|(_, verdict)| *verdict != SignatureVerdict::Signed);
        wrong.map(|(key, verdict)| self.package_finding(key, format!("{key} {verdict}"))).collect()
    }

    /// What is signed otherwise than it is locked is denied in any case.
    fn judge(&self, finding: &Finding, policy: &Policy, input: &CheckInput<'_>) -> Option<Judgement> {
        let verdict = verdict(input, finding.package.as_ref()?)?;
        let is_denied = verdict.is_contradiction() || policy.signatures.is_some() && !verdict.is_unpromised();
        let severity = if is_denied { Severity::Deny } else { Severity::Warn };
        Some(Judgement { severity, rule: policy.signatures, note: None })
    }
}

/// Returns what the signatures of a package are worth: what was found out of them if that was asked, else what the solve saw.
fn verdict(input: &CheckInput<'_>, package: &PackageKey) -> Option<SignatureVerdict> {
    let judged = input.signatures.and_then(|known| known.get(package)).cloned();
    let is_unsigned = || input.solve.is_some_and(|solve| solve.unsigned.contains(package));
    judged.or_else(|| is_unsigned().then_some(SignatureVerdict::NoPublisher))
}

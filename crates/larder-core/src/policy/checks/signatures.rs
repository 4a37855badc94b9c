//! Packages that neither their registries nor their publishers signed.

use crate::manifest::Policy;
use crate::model::{CheckName, Package, PackageKey, Severity};
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
        let wrong = input.packages().into_iter().filter_map(|(key, package)| Some((key, fault(input, key, package)?)));
        wrong.map(|(key, fault)| self.package_finding(key, format!("{key} {fault}"))).collect()
    }

    /// What is signed otherwise than it is locked is denied in any case.
    fn judge(&self, finding: &Finding, policy: &Policy, input: &CheckInput<'_>) -> Option<Judgement> {
        let verdict = input.signatures.and_then(|known| known.get(finding.package.as_ref()?));
        let is_contradiction = verdict.is_some_and(SignatureVerdict::is_contradiction);
        let is_unpromised = verdict.is_some_and(SignatureVerdict::is_unpromised);
        // What nobody asked to be signed was told when it was locked.
        if verdict.is_none() && policy.signatures.is_none() && input.closures.is_some() {
            return None;
        }
        let is_denied = is_contradiction || policy.signatures.is_some() && !is_unpromised;
        let severity = if is_denied { Severity::Deny } else { Severity::Warn };
        Some(Judgement { severity, rule: policy.signatures, note: None })
    }
}

/// Returns what is wrong with the signatures of a package, as the predicate of a sentence about it: of one that its publisher should have
/// signed, the lock tells.
fn fault(input: &CheckInput<'_>, key: &PackageKey, package: &Package) -> Option<String> {
    let verdict = input.signatures.and_then(|known| known.get(key)).filter(|one| **one != SignatureVerdict::Signed);
    let is_unsigned = package.attestation.as_ref().is_some_and(|attestation| !attestation.is_signed);
    let unsigned = is_unsigned.then(|| "has no signature of its publisher".to_owned());
    verdict.map(ToString::to_string).or(unsigned)
}

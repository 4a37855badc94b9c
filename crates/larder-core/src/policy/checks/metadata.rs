//! Parts of a lock that no metadata of its registries has: only asked where somebody wants the registries asked.

use crate::lock::Anchor;
use crate::model::{CheckName, Severity};
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};
use crate::resolve::{AuditedPart, Mismatch};

pub(super) struct MetadataCheck;

impl Check for MetadataCheck {
    fn name(&self) -> CheckName {
        CheckName::Metadata
    }

    fn code(&self) -> &'static str {
        "larder::policy::metadata"
    }

    fn default_severity(&self) -> Severity {
        Severity::Deny
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::OnRequest]
    }

    fn object(&self) -> &'static str {
        "what its registry's metadata does not say"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is locked with", plural: "are locked with" }
    }

    fn unruled_head(&self, subject: &str, verb: &str) -> String {
        format!("{subject} {verb} {}", self.object())
    }

    fn help(&self) -> &'static str {
        "find out who changed larder.lock; `larder update` makes it anew from what the registries say"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let found = input.mismatches.iter().map(|Mismatch { package, part, message }| {
            let key = package.clone();
            let locked = match part {
                AuditedPart::Whole => Anchor::package(key),
                AuditedPart::Edge(to) => Anchor::edge(key, to),
                AuditedPart::Fact(name) => Anchor::fact(key, name),
                AuditedPart::Artifact(file) => Anchor::artifact(key, file),
            };
            Finding { locked: Some(locked), ..self.package_finding(package, format!("{package}: {message}")) }
        });
        found.collect()
    }
}

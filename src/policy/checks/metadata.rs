//! Parts of a lock that no metadata of its registries has: only asked where somebody wants the registries asked.

use crate::lock::Anchor;
use crate::model::{CheckName, Severity};
use crate::policy::check::{Check, Occasion, Verb};
use crate::policy::{Finding, Subject};
use crate::resolve::{Mismatch, Part};

pub(super) struct Metadata;

impl Check for Metadata {
    fn name(&self) -> CheckName {
        CheckName::Metadata
    }

    fn code(&self) -> &'static str {
        "larder::policy::metadata"
    }

    fn default_severity(&self) -> Severity {
        Severity::Deny
    }

    fn occasions(&self) -> &'static [Occasion] {
        &[Occasion::Asked]
    }

    fn object(&self) -> &'static str {
        "what its registry's metadata does not say"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is locked with", plural: "are locked with" }
    }

    fn help(&self) -> &'static str {
        "find out who changed larder.lock; `larder update` makes it anew from what the registries say"
    }

    fn judge(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let found = subject.mismatches.iter().map(|Mismatch { package, part, message }| {
            let key = package.clone();
            let locked = match part {
                Part::Whole => Anchor::package(key),
                Part::Edge(to) => Anchor::edge(key, to),
                Part::Fact(name) => Anchor::fact(key, name),
                Part::Artifact(file) => Anchor::artifact(key, file),
            };
            Finding { locked: Some(locked), ..Finding::of(self, package, format!("{package}: {message}")) }
        });
        found.collect()
    }
}

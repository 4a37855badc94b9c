//! Packages that their authors deprecated.

use crate::model::CheckName;
use crate::policy::check::{Check, Occasion, Verb};
use crate::policy::{Finding, Subject};

pub(super) struct Deprecated;

impl Check for Deprecated {
    fn name(&self) -> CheckName {
        CheckName::Deprecated
    }

    fn code(&self) -> &'static str {
        "larder::policy::deprecated"
    }

    fn occasions(&self) -> &'static [Occasion] {
        &[Occasion::Solved, Occasion::Building, Occasion::Asked]
    }

    fn object(&self) -> &'static str {
        "deprecated packages"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are deprecated" }
    }

    fn help(&self) -> &'static str {
        "look for what its authors name instead"
    }

    fn judge(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let packages = subject.new_packages().into_iter();
        let found = packages.filter_map(|(key, package)| {
            let message = package.facts.deprecated.as_ref()?.trim();
            Some(Finding::of(self, key, format!("{key} is deprecated: {message}")))
        });
        found.collect()
    }
}

//! Versions that were withdrawn from their registry.

use crate::model::CheckName;
use crate::policy::check::{Check, Occasion, Verb};
use crate::policy::{Finding, Subject};

pub(super) struct Yanked;

impl Check for Yanked {
    fn name(&self) -> CheckName {
        CheckName::Yanked
    }

    fn code(&self) -> &'static str {
        "larder::policy::yanked"
    }

    fn occasions(&self) -> &'static [Occasion] {
        &[Occasion::Standing, Occasion::Solved, Occasion::Building, Occasion::Asked]
    }

    fn object(&self) -> &'static str {
        "withdrawn versions"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are withdrawn" }
    }

    fn help(&self) -> &'static str {
        "`larder update` looks for another version, unless a line pins it"
    }

    fn judge(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let packages = subject.packages().into_iter().filter(|(_, package)| package.facts.yanked);
        let found = packages.map(|(key, _)| {
            let name = &key.id.name;
            let message = format!(
                "{key} was yanked from its registry: `larder update {name}` looks for another, unless a line pins it"
            );
            Finding::of(self, key, message)
        });
        found.collect()
    }
}

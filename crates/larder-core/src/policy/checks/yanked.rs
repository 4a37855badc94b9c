//! Versions that were withdrawn from their registry.

use crate::model::CheckName;
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct YankedCheck;

impl Check for YankedCheck {
    fn name(&self) -> CheckName {
        CheckName::Yanked
    }

    fn code(&self) -> &'static str {
        "larder::policy::yanked"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &CheckStage::ALL
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

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let packages = input.packages().into_iter().filter(|(_, package)| package.facts.yanked);
        let reasons = input.yank_reasons.or(input.solve.map(|solve| &solve.yank_reasons));
        let found = packages.map(|(key, _)| {
            let name = &key.id.name;
            let reason = reasons.and_then(|reasons| reasons.get(key)).map(|reason| format!(" ({})", reason.trim()));
            let message = format!(
                "{key} was yanked from its registry{}: `larder update {name}` looks for another, unless a line pins it",
                reason.unwrap_or_default()
            );
            self.package_finding(key, message)
        });
        found.collect()
    }
}

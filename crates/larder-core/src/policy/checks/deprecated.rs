//! Packages that their authors deprecated.

use crate::model::CheckName;
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct DeprecatedCheck;

impl Check for DeprecatedCheck {
    fn name(&self) -> CheckName {
        CheckName::Deprecated
    }

    fn code(&self) -> &'static str {
        "larder::policy::deprecated"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::AfterSolve, CheckStage::BeforeBuild, CheckStage::OnRequest, CheckStage::Audit]
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

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let packages = input.new_packages().into_iter();
        let found = packages.filter_map(|(key, package)| {
            let message = package.facts.deprecated.as_ref()?.trim();
            Some(self.package_finding(key, format!("{key} is deprecated: {message}")))
        });
        found.collect()
    }
}

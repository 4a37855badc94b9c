//! Extras that a package does not declare: only its metadata tells, which a lock does not keep.

use crate::model::CheckName;
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};
use crate::resolve::WarningKind;

pub(super) struct ExtrasCheck;

impl Check for ExtrasCheck {
    fn name(&self) -> CheckName {
        CheckName::Extras
    }

    fn code(&self) -> &'static str {
        "larder::policy::extras"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::AfterSolve]
    }

    fn object(&self) -> &'static str {
        "extras that a package does not have"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "has none such", plural: "have none such" }
    }

    fn help(&self) -> &'static str {
        "leave the extra out, or write the one that is meant"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let solve = input.solve.into_iter().flat_map(|solve| &solve.warnings);
        solve
            .filter(|warning| warning.kind == WarningKind::UnknownExtra)
            .map(|warning| self.package_finding(&warning.package, format!("{}: {}", warning.package, warning.message)))
            .collect()
    }
}

//! Extras that a package does not declare: only its metadata tells, which a lock does not keep.

use crate::model::CheckName;
use crate::policy::check::{Check, Occasion, Verb};
use crate::policy::{Finding, Subject};
use crate::resolve::WarningKind;

pub(super) struct Extras;

impl Check for Extras {
    fn name(&self) -> CheckName {
        CheckName::Extras
    }

    fn code(&self) -> &'static str {
        "larder::policy::extras"
    }

    fn occasions(&self) -> &'static [Occasion] {
        &[Occasion::Solved]
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

    fn judge(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let solve = subject.solve.into_iter().flat_map(|solve| &solve.warnings);
        solve
            .filter(|warning| warning.kind == WarningKind::UnknownExtra)
            .map(|warning| Finding::of(self, &warning.package, format!("{}: {}", warning.package, warning.message)))
            .collect()
    }
}

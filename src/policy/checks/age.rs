//! Direct dependencies of which `age` keeps a newer version away: only their registry tells.

use crate::model::CheckName;
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};
use crate::resolve::TooYoung;

/// How many versions are listed with a line each.
const LISTED: usize = 3;

pub(super) struct AgeCheck;

impl Check for AgeCheck {
    fn name(&self) -> CheckName {
        CheckName::Age
    }

    fn code(&self) -> &'static str {
        "larder::policy::age"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::AfterSolve]
    }

    fn object(&self) -> &'static str {
        "packages of which a newer version is too young"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are held back" }
    }

    fn help(&self) -> &'static str {
        "`larder update` takes them when they are old enough; `exempt` in the block of `age` admits them now"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let mut young: Vec<&TooYoung> = input.solve.into_iter().flat_map(|solve| &solve.too_young).collect();
        young.sort_by_key(|young| &young.package);
        young.dedup();
        if young.len() <= LISTED {
            return young.into_iter().map(|young| self.project_finding(young.to_string())).collect();
        }
        let names: Vec<String> = young.iter().map(|young| young.package.to_string()).collect();
        let message = format!("{} newer versions are too young for `age`: {}", names.len(), names.join(", "));
        vec![self.project_finding(message)]
    }
}

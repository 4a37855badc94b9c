//! Direct dependencies of which a default baseline keeps a newer version away: only their registry tells.

use crate::model::CheckName;
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct BaselinesCheck;

impl Check for BaselinesCheck {
    fn name(&self) -> CheckName {
        CheckName::Baselines
    }

    fn code(&self) -> &'static str {
        "larder::policy::baselines"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::AfterSolve]
    }

    fn object(&self) -> &'static str {
        "packages that a default baseline holds back"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are held back" }
    }

    fn help(&self) -> &'static str {
        "declare the newer system under `platforms`"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let held = input.solve.into_iter().flat_map(|solve| &solve.held_back);
        let mut found: Vec<_> = held.map(|(id, held)| self.project_finding(format!("{id}: {held}"))).collect();
        found.sort_by(|a, b| a.message.cmp(&b.message));
        found.dedup();
        found
    }
}

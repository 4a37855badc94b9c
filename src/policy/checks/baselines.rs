//! Direct dependencies of which a default baseline keeps a newer version away: only their registry tells.

use crate::model::CheckName;
use crate::policy::check::{Check, Occasion, Verb};
use crate::policy::{Finding, Subject};

pub(super) struct Baselines;

impl Check for Baselines {
    fn name(&self) -> CheckName {
        CheckName::Baselines
    }

    fn code(&self) -> &'static str {
        "larder::policy::baselines"
    }

    fn occasions(&self) -> &'static [Occasion] {
        &[Occasion::Solved]
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

    fn judge(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let held = subject.solve.into_iter().flat_map(|solve| &solve.held_back);
        let mut found: Vec<_> = held.map(|(id, held)| Finding::of_project(self, format!("{id}: {held}"))).collect();
        found.sort_by(|a, b| a.message.cmp(&b.message));
        found.dedup();
        found
    }
}

//! What the project's own folders say of each other's names and modules.

use crate::model::CheckName;
use crate::policy::check::{Check, Occasion, Verb};
use crate::policy::{Finding, Subject};

pub(super) struct LocalPackages;

impl Check for LocalPackages {
    fn name(&self) -> CheckName {
        CheckName::LocalPackages
    }

    fn code(&self) -> &'static str {
        "larder::policy::local-packages"
    }

    fn occasions(&self) -> &'static [Occasion] {
        &[Occasion::Standing, Occasion::Solved, Occasion::Asked]
    }

    fn object(&self) -> &'static str {
        "local packages that may be misunderstood"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "has some", plural: "have some" }
    }

    fn help(&self) -> &'static str {
        "change the folder's own manifest, or the line that names it"
    }

    fn judge(&self, subject: &Subject<'_>) -> Vec<Finding> {
        subject.local.iter().map(|message| Finding::of_project(self, message.clone())).collect()
    }
}

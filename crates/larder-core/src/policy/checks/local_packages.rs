//! What the project's own folders say of each other's names and modules.

use crate::model::CheckName;
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct LocalPackagesCheck;

impl Check for LocalPackagesCheck {
    fn name(&self) -> CheckName {
        CheckName::LocalPackages
    }

    fn code(&self) -> &'static str {
        "larder::policy::local-packages"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::ExistingLock, CheckStage::AfterSolve, CheckStage::OnRequest]
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

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        input.local_warnings.iter().map(|message| self.project_finding(message.clone())).collect()
    }
}

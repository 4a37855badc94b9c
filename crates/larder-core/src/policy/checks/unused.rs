//! Direct dependencies that nothing in the checkout names.

use crate::model::{CheckName, Severity};
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding, UnusedLine};

pub(super) struct UnusedCheck;

impl Check for UnusedCheck {
    fn name(&self) -> CheckName {
        CheckName::Unused
    }

    fn code(&self) -> &'static str {
        "larder::policy::unused"
    }

    /// It is a guess: what works without being named is found too.
    fn default_severity(&self) -> Severity {
        Severity::Allow
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::BeforeBuild, CheckStage::Gathered, CheckStage::OnRequest, CheckStage::Audit]
    }

    fn object(&self) -> &'static str {
        "dependencies that nothing uses"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are unused" }
    }

    fn help(&self) -> &'static str {
        "`larder remove` takes out what is not needed; what works without being named in the checkout's files has to be named there, \
         if only in a comment"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let packages = input.packages();
        let there = input.unused.into_iter().flatten().filter(|unused| packages.contains_key(&unused.package));
        let found = there.map(|unused| {
            let UnusedLine { package, manifest, is_known } = unused;
            let message = if *is_known {
                format!("nothing in the checkout names {package}, which {manifest} has")
            } else {
                format!(
                    "whether {package}, which {manifest} has, is used is unknown: its files are not on this machine"
                )
            };
            self.package_finding(package, message)
        });
        found.collect()
    }
}

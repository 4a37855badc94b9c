//! Packages that declare install scripts, which larder does not run.

use crate::model::CheckName;
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct ScriptsCheck;

impl Check for ScriptsCheck {
    fn name(&self) -> CheckName {
        CheckName::Scripts
    }

    fn code(&self) -> &'static str {
        "larder::policy::scripts"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::BeforeBuild, CheckStage::OnRequest]
    }

    fn object(&self) -> &'static str {
        "install scripts"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "declares one", plural: "declare one" }
    }

    fn help(&self) -> &'static str {
        "larder never runs these scripts; leave the package out, or remove the policy if it works without them"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let packages = input.packages().into_iter().filter(|(_, package)| package.facts.install_script);
        packages.map(|(key, _)| self.package_finding(key, format!("{key} declares an install script"))).collect()
    }
}

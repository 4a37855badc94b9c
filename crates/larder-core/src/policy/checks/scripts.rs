//! Packages that declare install scripts which nobody approved, so that larder does not run them.

use crate::model::{CheckName, PackageKey};
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
        "larder runs no script that nobody approved: `larder builds` shows what they do, `larder builds allow` lets them run in a \
         sandbox; or leave the package out, or remove the policy if it works without them"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let is_run = |key: &PackageKey| input.lock.builds.approved_scripts(key).is_some();
        let packages =
            input.packages().into_iter().filter(|(key, package)| package.facts.install_script && !is_run(key));
        packages.map(|(key, _)| self.package_finding(key, format!("{key} declares an install script"))).collect()
    }
}

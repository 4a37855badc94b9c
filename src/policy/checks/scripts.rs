//! Packages that declare install scripts, which larder does not run.

use crate::model::CheckName;
use crate::policy::check::{Check, Occasion, Verb};
use crate::policy::{Finding, Subject};

pub(super) struct Scripts;

impl Check for Scripts {
    fn name(&self) -> CheckName {
        CheckName::Scripts
    }

    fn code(&self) -> &'static str {
        "larder::policy::scripts"
    }

    fn occasions(&self) -> &'static [Occasion] {
        &[Occasion::Building, Occasion::Asked]
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

    fn judge(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let packages = subject.packages().into_iter().filter(|(_, package)| package.facts.install_script);
        packages.map(|(key, _)| Finding::of(self, key, format!("{key} declares an install script"))).collect()
    }
}

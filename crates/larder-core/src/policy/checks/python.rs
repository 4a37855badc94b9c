//! Upper bounds of `Requires-Python`, which keep no version from being chosen, but may well be meant.

use crate::model::{CheckName, PypiSpecifier};
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct PythonCheck;

impl Check for PythonCheck {
    fn name(&self) -> CheckName {
        CheckName::Python
    }

    fn code(&self) -> &'static str {
        "larder::policy::python"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::AfterSolve, CheckStage::BeforeBuild, CheckStage::OnRequest]
    }

    fn object(&self) -> &'static str {
        "packages for another Python"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are for another" }
    }

    fn help(&self) -> &'static str {
        "the bound may be a guess of its authors: test with the declared Python, or declare one that it names"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let settings = input.lock.settings.with_runtimes(&input.lock.runtimes);
        let Some(python) = &settings.python else { return Vec::new() };
        let found = input.packages().into_iter().filter_map(|(key, package)| {
            let wanted = package.facts.requires_python.as_deref()?;
            let is_out = wanted.parse().is_ok_and(|wanted: PypiSpecifier| !wanted.admits(&python.full()));
            let message = || format!("{key}: wants Python {wanted}, and the manifest declares {python}");
            is_out.then(|| self.package_finding(key, message()))
        });
        found.collect()
    }
}

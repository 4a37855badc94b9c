//! Upper bounds of `Requires-Python`, which keep no version from being chosen, but may well be meant.

use crate::model::{CheckName, PypiSpecifier};
use crate::policy::check::{Check, Occasion, Verb};
use crate::policy::{Finding, Subject};

pub(super) struct Python;

impl Check for Python {
    fn name(&self) -> CheckName {
        CheckName::Python
    }

    fn code(&self) -> &'static str {
        "larder::policy::python"
    }

    fn occasions(&self) -> &'static [Occasion] {
        &[Occasion::Solved, Occasion::Building, Occasion::Asked]
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

    fn judge(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let Some(python) = &subject.lock.settings.python else { return Vec::new() };
        let found = subject.packages().into_iter().filter_map(|(key, package)| {
            let wanted = package.facts.requires_python.as_deref()?;
            let is_out = wanted.parse().is_ok_and(|wanted: PypiSpecifier| !wanted.admits(&python.full()));
            let message = || format!("{key}: wants Python {wanted}, and the manifest declares {python}");
            is_out.then(|| Finding::of(self, key, message()))
        });
        found.collect()
    }
}

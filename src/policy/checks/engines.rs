//! npm's `engines.node` against the Node that the manifest declares.

use rustc_hash::FxHashMap;

use crate::model::{CheckName, Engines as EnginesMode};
use crate::policy::check::{Check, Occasion, Verb};
use crate::policy::{Finding, Subject};
use crate::resolve;

pub(super) struct Engines;

impl Check for Engines {
    fn name(&self) -> CheckName {
        CheckName::Engines
    }

    fn code(&self) -> &'static str {
        "larder::policy::engines"
    }

    fn occasions(&self) -> &'static [Occasion] {
        &[Occasion::Solved, Occasion::Building, Occasion::Asked]
    }

    fn object(&self) -> &'static str {
        "packages for another Node"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are for another" }
    }

    fn help(&self) -> &'static str {
        "declare a Node that it wants under `runtimes`, or choose a version for the declared one"
    }

    fn judge(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let settings = &subject.lock.settings;
        let Some(node) = settings.node.as_deref().filter(|_| settings.engines == EnginesMode::Warn) else {
            return Vec::new();
        };
        // A thousand packages say one of a few dozen texts.
        let mut known: FxHashMap<&str, bool> = FxHashMap::default();
        let mut found: Vec<_> = subject
            .packages()
            .into_iter()
            .filter_map(|(key, package)| {
                let wanted = package.facts.node.as_deref()?;
                let admits = || resolve::engine_admits(settings, Some(wanted));
                let message = || format!("{key}: wants Node {wanted}, and the manifest declares {node}");
                (!*known.entry(wanted).or_insert_with(admits)).then(|| Finding::of(self, key, message()))
            })
            .collect();
        found.extend(subject.misfits.iter().map(|misfit| Finding::of_project(self, misfit.clone())));
        found
    }
}

//! npm's `engines.node` against the Node that the manifest declares.

use rustc_hash::FxHashMap;

use crate::model::{CheckName, Engines};
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};
use crate::resolve;

pub(super) struct EnginesCheck;

impl Check for EnginesCheck {
    fn name(&self) -> CheckName {
        CheckName::Engines
    }

    fn code(&self) -> &'static str {
        "larder::policy::engines"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::AfterSolve, CheckStage::BeforeBuild, CheckStage::OnRequest]
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

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let settings = &input.lock.settings;
        let Some(node) = settings.node.as_deref().filter(|_| settings.engines == Engines::Warn) else {
            return Vec::new();
        };
        // A thousand packages say one of a few dozen texts.
        let mut known: FxHashMap<&str, bool> = FxHashMap::default();
        let mut found: Vec<_> = input
            .packages()
            .into_iter()
            .filter_map(|(key, package)| {
                let wanted = package.facts.node.as_deref()?;
                let admits = || resolve::engine_admits(settings, Some(wanted));
                let message = || format!("{key}: wants Node {wanted}, and the manifest declares {node}");
                (!*known.entry(wanted).or_insert_with(admits)).then(|| self.package_finding(key, message()))
            })
            .collect();
        found.extend(input.engine_mismatches.iter().map(|misfit| self.project_finding(misfit.clone())));
        found
    }
}

//! Packages that are locked in several versions.

use std::collections::BTreeMap;

use crate::model::{CheckName, PackageId, PackageKey, Severity};
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct DuplicatesCheck;

impl Check for DuplicatesCheck {
    fn name(&self) -> CheckName {
        CheckName::Duplicates
    }

    fn code(&self) -> &'static str {
        "larder::policy::duplicates"
    }

    /// npm installs several versions side by side, and most projects have some.
    fn default_severity(&self) -> Severity {
        Severity::Allow
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::BeforeBuild, CheckStage::OnRequest, CheckStage::Audit]
    }

    fn object(&self) -> &'static str {
        "packages in several versions"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "is one", plural: "are such" }
    }

    fn help(&self) -> &'static str {
        "`larder why` shows what needs which; `override` in `resolution` sets one version for all"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let mut versions: BTreeMap<&PackageId, Vec<&PackageKey>> = BTreeMap::new();
        for key in input.packages().into_keys() {
            versions.entry(&key.id).or_default().push(key);
        }
        let several = versions.into_values().filter(|keys| keys.len() > 1);
        let found = several.map(|keys| {
            let texts: Vec<String> = keys.iter().map(|key| key.version.to_string()).collect();
            let message = format!("{} is locked in {} versions: {}", keys[0].id, keys.len(), texts.join(", "));
            self.package_finding(keys[0], message)
        });
        found.collect()
    }
}

//! Lines that admit any later version, however different.

use std::collections::BTreeSet;

use crate::model::{CheckName, Dependent, PackageKey};
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct RangesCheck;

impl Check for RangesCheck {
    fn name(&self) -> CheckName {
        CheckName::Ranges
    }

    fn code(&self) -> &'static str {
        "larder::policy::ranges"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::BeforeBuild, CheckStage::OnRequest, CheckStage::Audit]
    }

    fn object(&self) -> &'static str {
        "ranges without an end"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "has one", plural: "have some" }
    }

    fn help(&self) -> &'static str {
        "write a range that ends before the next incompatible version, like \"^1.2\" or \">=1.2,<2\""
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let packages = input.packages();
        let is_served = |key: &&PackageKey| {
            let origin = packages.get(*key).and_then(|package| package.origin.as_ref());
            origin.is_some_and(|origin| origin.registry().is_some())
        };
        let lines = input.lock.graph.roots.iter().filter(|root| root.requirement.is_wildcard());
        let open: BTreeSet<(&PackageKey, String)> = lines
            .filter_map(|root| {
                let key = root.to.iter().map(|edge| &edge.to.package).find(is_served)?;
                let manifest = match &root.dependent {
                    Dependent::Project => "larder.kdl",
                    Dependent::Member(folder) => folder,
                };
                let range = match root.requirement.range_text() {
                    text if text.is_empty() => "any version".to_owned(),
                    text => format!("`{text}`"),
                };
                Some((key, format!("{manifest} takes {range} of {}, whatever comes", key.id)))
            })
            .collect();
        open.into_iter().map(|(key, message)| self.package_finding(key, message)).collect()
    }
}

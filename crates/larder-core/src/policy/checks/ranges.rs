//! Lines that admit any later version, however different.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{CheckName, Dependent, LineKey, PackageKey, Requirement};
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
        let mut now: BTreeMap<LineKey<'_>, Vec<&Requirement>> = BTreeMap::new();
        for line in input.lines {
            now.entry(line.key()).or_default().push(&line.requirement);
        }
        let lines = input.lock.graph.roots.iter().map(|root| {
            let of_lock = &root.requirement;
            let found = now.get(&root.line_key()).filter(|lines| !lines.contains(&of_lock));
            (
                root,
                found.and_then(|lines| lines.iter().copied().max_by_key(|line| line.is_wildcard())).unwrap_or(of_lock),
            )
        });
        let open: BTreeSet<(&PackageKey, String)> = lines
            .filter(|(_, requirement)| requirement.is_wildcard())
            .filter_map(|(root, requirement)| {
                let key = root.to.iter().map(|edge| &edge.to.package).find(is_served)?;
                let manifest = match &root.dependent {
                    Dependent::Project => "larder.kdl",
                    Dependent::Member(folder) => folder,
                };
                let range = match requirement.range_text() {
                    text if text.is_empty() => "any version".to_owned(),
                    text => format!("`{text}`"),
                };
                Some((key, format!("{manifest} takes {range} of {}, whatever comes", key.id)))
            })
            .collect();
        open.into_iter().map(|(key, message)| self.package_finding(key, message)).collect()
    }
}

//! Files that are others than before, though their version is the same.

use crate::lock::Anchor;
use crate::model::{CheckName, Origin, Package, Source};
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct ReplacedCheck;

impl Check for ReplacedCheck {
    fn name(&self) -> CheckName {
        CheckName::Replaced
    }

    fn code(&self) -> &'static str {
        "larder::policy::replaced"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::AfterSolve]
    }

    fn object(&self) -> &'static str {
        "files that a registry replaced"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "has one", plural: "have some" }
    }

    fn help(&self) -> &'static str {
        "find out why before you commit this lock"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let Some(before) = input.previous else { return Vec::new() };
        let mut found = Vec::new();
        for (key, package) in input.packages() {
            let Some(before) = before.graph.packages.get(key) else { continue };
            // Of a repository, another commit is another package, whatever version it states.
            if is_of_git(package) && is_of_git(before) && package.origin != before.origin {
                continue;
            }
            for artifact in &package.artifacts {
                let known = before.artifacts.iter().find(|known| known.file == artifact.file);
                let digests = known.and_then(|known| known.digest.as_ref()).zip(artifact.digest.as_ref());
                if let Some((old, new)) = digests.filter(|(old, new)| old.algorithm() == new.algorithm() && old != new)
                {
                    let message = format!(
                        "{key}: its registry replaced `{}`, though the version is the same: {old} before, {new} now; find out \
                         why before you commit this lock",
                        artifact.file
                    );
                    let locked = Some(Anchor::artifact(key.clone(), &artifact.file));
                    found.push(Finding { locked, ..self.package_finding(key, message) });
                }
            }
        }
        found
    }
}

fn is_of_git(package: &Package) -> bool {
    let source = package.origin.as_ref().and_then(Origin::source);
    source.is_some_and(|pinned| matches!(pinned.source, Source::Git(_)))
}

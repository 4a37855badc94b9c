//! Claims that cover no package of the lock: their names may be misspelt, and then guard nothing.

use crate::manifest::Claim;
use crate::model::{CheckName, PackageId};
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};

pub(super) struct ClaimsCheck;

impl Check for ClaimsCheck {
    fn name(&self) -> CheckName {
        CheckName::Claims
    }

    fn code(&self) -> &'static str {
        "larder::policy::claims"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::ExistingLock, CheckStage::AfterSolve, CheckStage::BeforeBuild, CheckStage::OnRequest]
    }

    fn object(&self) -> &'static str {
        "claims that cover nothing"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "has one", plural: "have some" }
    }

    fn help(&self) -> &'static str {
        "check how the claim is spelt, or leave it out"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let graph = &input.lock.graph;
        let lines: Vec<PackageId> = graph.roots.iter().map(|root| root.requirement.package()).collect();
        let claims = input
            .registries
            .iter()
            .flat_map(|registry| registry.packages.iter().map(move |claim| (&registry.name, claim)));
        let is_idle = |claim: &Claim| {
            !graph.packages.keys().map(|key| &key.id).chain(&lines).any(|package| claim.covers(package))
        };
        let found = claims.filter(|(_, claim)| is_idle(claim)).map(|(registry, claim)| {
            let message = format!(
                "registry `{registry}` claims `{}`, and no locked package has such a name: check how it is spelt, or leave \
                 it out",
                claim.as_str()
            );
            self.project_finding(message)
        });
        found.collect()
    }
}

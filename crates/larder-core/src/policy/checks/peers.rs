//! Peers that are missing, or bound to a version that their dependent does not want.

use crate::lock::Anchor;
use crate::model::CheckName;
use crate::policy::contract::{Check, CheckStage, Verb};
use crate::policy::{CheckInput, Finding};
use crate::resolve::WarningKind;

pub(super) struct PeersCheck;

impl Check for PeersCheck {
    fn name(&self) -> CheckName {
        CheckName::Peers
    }

    fn code(&self) -> &'static str {
        "larder::policy::peers"
    }

    fn stages(&self) -> &'static [CheckStage] {
        &[CheckStage::AfterSolve, CheckStage::BeforeBuild, CheckStage::OnRequest]
    }

    fn object(&self) -> &'static str {
        "unmet peers"
    }

    fn verb(&self) -> Verb {
        Verb { singular: "has one", plural: "have some" }
    }

    fn help(&self) -> &'static str {
        "add a version of the peer that it wants, or write `npm-peers \"strict\"` under `resolution` to have the versions chosen by it"
    }

    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding> {
        let unmet = input.edges().into_iter().filter_map(|(from, edge)| {
            let (range, found) = (edge.unmet.as_ref()?, &edge.to.package);
            let message = format!(
                "{}: wants peer {} {range}, and gets {} {}",
                from.package, edge.name, found.id.name, found.version
            );
            let locked = Some(Anchor::edge(from.package.clone(), &edge.to));
            Some(Finding { locked, ..self.package_finding(&from.package, message) })
        });
        let solve = input.solve.into_iter().flat_map(|solve| &solve.warnings);
        let missing = solve
            .filter(|warning| warning.kind == WarningKind::MissingPeer)
            .map(|warning| self.package_finding(&warning.package, format!("{}: {}", warning.package, warning.message)));
        let mut found: Vec<_> = unmet.chain(missing).collect();
        found.sort_by(|a, b| (&a.package, &a.message).cmp(&(&b.package, &b.message)));
        found.dedup_by(|a, b| a.message == b.message);
        found
    }
}

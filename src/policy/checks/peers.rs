//! Peers that are missing, or bound to a version that their dependent does not want.

use crate::lock::Anchor;
use crate::model::CheckName;
use crate::policy::check::{Check, Occasion, Verb};
use crate::policy::{Finding, Subject};
use crate::resolve::WarningKind;

pub(super) struct Peers;

impl Check for Peers {
    fn name(&self) -> CheckName {
        CheckName::Peers
    }

    fn code(&self) -> &'static str {
        "larder::policy::peers"
    }

    fn occasions(&self) -> &'static [Occasion] {
        &[Occasion::Solved, Occasion::Building, Occasion::Asked]
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

    fn judge(&self, subject: &Subject<'_>) -> Vec<Finding> {
        let unmet = subject.edges().into_iter().filter_map(|(from, edge)| {
            let (range, found) = (edge.unmet.as_ref()?, &edge.to.package);
            let message = format!(
                "{}: wants peer {} {range}, and gets {} {}",
                from.package, edge.name, found.id.name, found.version
            );
            let locked = Some(Anchor::edge(from.package.clone(), &edge.to));
            Some(Finding { locked, ..Finding::of(self, &from.package, message) })
        });
        let solve = subject.solve.into_iter().flat_map(|solve| &solve.warnings);
        let missing = solve
            .filter(|warning| warning.kind == WarningKind::MissingPeer)
            .map(|warning| Finding::of(self, &warning.package, format!("{}: {}", warning.package, warning.message)));
        let mut found: Vec<_> = unmet.chain(missing).collect();
        found.sort_by(|a, b| (&a.package, &a.message).cmp(&(&b.package, &b.message)));
        found.dedup_by(|a, b| a.message == b.message);
        found
    }
}

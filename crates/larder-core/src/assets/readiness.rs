//! Whether flows can be deployed, and every reason why not.

use std::collections::BTreeSet;

use crate::diagnostic::SourceFinding;
use crate::model::{AssetKind, FlowState};

use super::package::AssetIndex;
use super::set::AssetSet;

/// The word for flows that can be deployed.
pub fn ready_word() -> &'static str {
    "ready"
}

/// Whether flows can be deployed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Readiness {
    /// Reasons why not that are about the whole.
    pub issues: Vec<String>,
    /// What was found in the assets that the flows need. Errors are reasons too.
    pub findings: Vec<SourceFinding>,
}

impl Readiness {
    /// Returns whether the flows can be deployed.
    pub fn is_ready(&self) -> bool {
        self.issues.is_empty() && !self.findings.iter().any(SourceFinding::is_error)
    }
}

impl AssetSet<'_> {
    /// Returns whether flows can be deployed; without any those that are not archived. `environments` are those that the project
    /// declares, and `failures` tells why an adapter was not reached when it was last tried; nothing of one that was, or never was tried.
    pub fn readiness(
        &self,
        flows: Option<&[AssetIndex]>,
        environments: Option<&[&str]>,
        failures: &dyn Fn(AssetIndex) -> Vec<String>,
    ) -> Readiness {
        let own: Vec<AssetIndex> = self.own().collect();
        if own.is_empty() && flows.is_none_or(<[AssetIndex]>::is_empty) {
            return Readiness { issues: vec!["Package has no assets to deploy".to_owned()], findings: Vec::new() };
        }
        let active = |at: &AssetIndex| {
            let asset = self.asset(*at);
            asset.id.kind == AssetKind::Flow && asset.declaration.state != FlowState::Archived
        };
        let flows: Vec<AssetIndex> = match flows {
            Some(flows) => flows.iter().copied().filter(active).collect(),
            None => own.iter().copied().filter(active).collect(),
        };
        // Without a flow, all assets are looked at.
        let needed: Vec<AssetIndex> = if flows.is_empty() { own } else { self.closure(flows.iter().copied()) };
        let (mut readiness, mut adapters, mut valid) = (Readiness::default(), 0, 0);
        let (mut found, mut unreached) = (Vec::new(), Vec::new());
        for at in &needed {
            let of_asset = self.check_asset(*at, environments);
            if self.asset(*at).id.kind == AssetKind::Adapter {
                adapters += 1;
                let failures = failures(*at);
                if !of_asset.iter().any(SourceFinding::is_error) && failures.is_empty() {
                    valid += 1;
                }
                unreached.extend(failures);
            }
            found.extend(of_asset);
        }
        if valid < adapters {
            readiness.issues.push(format!("Only {valid}/{adapters} adapters have validated connections"));
        }
        readiness.issues.extend(unreached);
        if flows.is_empty() {
            readiness.issues.push("No active flows available for deployment".to_owned());
        }
        let files: BTreeSet<&str> =
            needed.iter().filter_map(|at| self.content(*at).source.as_ref()).map(|source| &*source.file).collect();
        let lines: BTreeSet<_> = needed.iter().map(|at| self.declared_at(*at)).collect();
        let is_about = |one: &SourceFinding| {
            files.contains(&*one.file) || lines.contains(&(&one.file, one.position)) || one.code == "package.cycle"
        };
        found.extend(self.check_graph().into_iter().filter(|one| is_about(one) && one.code != "asset.orphan"));
        readiness.findings = super::check::ordered(found);
        readiness
    }
}

//! A [`Difference`] as `--json` prints it.

use serde::Serialize;

use crate::difference::{Difference, FlowChange, RuntimeChange};
use crate::model::{PackageId, Version};

/// `"plan"` in `schema/sync.json` and `schema/lock.json`.
#[derive(Debug, Serialize)]
pub(super) struct DifferenceSummary {
    added: Vec<ChangedPackage>,
    changed: Vec<Changed>,
    removed: Vec<ChangedPackage>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    runtimes: Vec<MovedRuntime>,
    kept: usize,
}

#[derive(Debug, Serialize)]
struct ChangedPackage {
    ecosystem: &'static str,
    name: String,
    versions: Vec<String>,
}

#[derive(Debug, Serialize)]
struct Changed {
    ecosystem: &'static str,
    name: String,
    from: Vec<String>,
    to: Vec<String>,
}

/// A runtime that larder brings and that has another version, is new or is gone.
#[derive(Debug, Serialize)]
pub struct MovedRuntime {
    /// `node` or `python`
    pub name: &'static str,
    /// Its versions before; empty if it is new.
    pub from: Vec<String>,
    /// Its versions now; empty if it is gone.
    pub to: Vec<String>,
}

/// A deployed flow that is another one, is new or is gone.
#[derive(Debug, Serialize)]
pub struct MovedFlow {
    /// The flow.
    pub name: String,
    /// What it was before, as `larder history` has it; left out if it is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// What it is now; left out if it is gone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
}

/// Returns the deployed flows that differ.
pub(super) fn moved_flows(difference: &Difference) -> Vec<MovedFlow> {
    let moved = |change: &FlowChange| MovedFlow {
        name: change.name.to_string(),
        from: change.from.clone(),
        to: change.to.clone(),
    };
    difference.flows.iter().map(moved).collect()
}

/// Returns the runtimes that differ.
pub(super) fn moved_runtimes(difference: &Difference) -> Vec<MovedRuntime> {
    let moved = |change: &RuntimeChange| MovedRuntime {
        name: change.name.as_str(),
        from: texts(&change.from),
        to: texts(&change.to),
    };
    difference.runtimes.iter().map(moved).collect()
}

impl From<&Difference> for DifferenceSummary {
    fn from(difference: &Difference) -> Self {
        Self {
            added: difference.added.iter().map(moved).collect(),
            changed: difference
                .changed
                .iter()
                .map(|(package, from, to)| Changed {
                    ecosystem: package.ecosystem.as_str(),
                    name: package.name.to_string(),
                    from: texts(from),
                    to: texts(to),
                })
                .collect(),
            removed: difference.removed.iter().map(moved).collect(),
            runtimes: moved_runtimes(difference),
            kept: difference.kept,
        }
    }
}

fn moved((package, versions): &(PackageId, Vec<Version>)) -> ChangedPackage {
    ChangedPackage { ecosystem: package.ecosystem.as_str(), name: package.name.to_string(), versions: texts(versions) }
}

fn texts(versions: &[impl ToString]) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

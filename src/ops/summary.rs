//! A [`Difference`] as `--json` prints it.

use serde::Serialize;

use crate::difference::Difference;
use crate::model::{PackageId, Version};

/// `"plan"` in `schema/sync.json` and `schema/lock.json`.
#[derive(Serialize)]
pub(super) struct DifferenceSummary {
    added: Vec<Moved>,
    changed: Vec<Changed>,
    removed: Vec<Moved>,
    kept: usize,
}

#[derive(Serialize)]
struct Moved {
    ecosystem: &'static str,
    name: String,
    versions: Vec<String>,
}

#[derive(Serialize)]
struct Changed {
    ecosystem: &'static str,
    name: String,
    from: Vec<String>,
    to: Vec<String>,
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
            kept: difference.kept,
        }
    }
}

fn moved((package, versions): &(PackageId, Vec<Version>)) -> Moved {
    Moved { ecosystem: package.ecosystem.as_str(), name: package.name.to_string(), versions: texts(versions) }
}

fn texts(versions: &[Version]) -> Vec<String> {
    versions.iter().map(ToString::to_string).collect()
}

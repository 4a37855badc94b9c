//! Whether a new version of a schema serves those who know the old one.
//!
//! A schema describes what some send and others receive, and larder does not know on which side a reader stands. What every
//! old document may have stays possible, and nothing becomes necessary: then a change is minor. All else is breaking: what
//! was removed or narrowed, what is newly required, what moved. A change of which nobody can tell counts as breaking, and
//! says so.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `change` | changes and how grave they are |
//! | `entries` | what may stand behind `#`: root elements, types, operations |
//! | `types` | two types, with all that is below them |
//! | `values` | two types of values |

mod change;
mod entries;
mod types;
mod values;

#[cfg(test)]
mod tests;

pub use change::{ChangeLevel, SchemaChange};

use super::Schema;

/// The most changes that are told: a schema with more is another one.
const MAX_CHANGES: usize = 500;

/// Returns the changes from an old to a new version that count. Schemas of different kinds have nothing in common.
pub fn compare(old: &Schema, new: &Schema) -> Vec<SchemaChange> {
    let mut changes = entries::compare(old, new);
    changes.sort();
    changes.dedup();
    changes.truncate(MAX_CHANGES);
    changes
}

/// Returns the gravest level of some changes. `None` if there are none.
pub fn level(changes: &[SchemaChange]) -> Option<ChangeLevel> {
    changes.iter().map(|change| change.level).min()
}

//! `larder.lock`: the model, its canonical text, and whether it is fresh.

mod closure;

pub use closure::{Closure, Selection};

use crate::model::{Graph, Settings};

/// A lockfile: what was solved, and under which settings.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Lockfile {
    /// Platforms, runtimes and rules that it was solved for.
    pub settings: Settings,
    /// What was chosen.
    pub graph: Graph,
}

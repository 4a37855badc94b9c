//! What a switch came to, and what programs that run already see of it.

use serde::Serialize;

use crate::profile::GenerationSummary;

/// `larder rollback --json` and `larder use --json`: see `schema/switch.json`.
#[derive(Debug, Serialize)]
pub struct Switched {
    /// The environment.
    pub environment: String,
    /// The generation that was there before; none where nothing was.
    pub from: Option<u64>,
    /// Its current generation now.
    pub generation: u64,
    /// Whether the environment is the active one.
    pub active: bool,
    /// What a user should hear about.
    pub warnings: Vec<String>,
}

/// Node finds packages through the links of the checkout, which lead elsewhere now.
pub(in crate::ops) fn restart(summary: &GenerationSummary) -> Option<String> {
    summary.has_npm_packages().then(|| RESTART.to_owned())
}

/// What to say where a switch moved the packages of programs that may be running.
pub(in crate::ops) const RESTART: &str =
    "Node programs that are running find the new packages at their next look-up: restart them";

/// Tells that an environment is where it was before.
pub fn rolled_back(environment: &str, to: u64, from: u64) -> String {
    format!(
        "{environment} was rolled back to generation {to} from {from}; `larder sync --forward` follows the lock again"
    )
}

//! Checking manifest, lock and policies, without touching anything.

use serde::Serialize;

use crate::lock::Closure;

use super::project::selection;
use super::{Context, Project, Result, lock, policies};

/// `larder check --json`: see `schema/check.json`.
#[derive(Debug, Serialize)]
pub struct Checked {
    /// The environments that were checked.
    pub environments: Vec<String>,
    /// How many packages the lock has.
    pub packages: usize,
}

/// Checks everything that can be checked offline.
pub fn check(context: &Context<'_>) -> Result<Checked> {
    let project = Project::open(context)?;
    let lockfile = lock::fresh(&project)?;
    let mut environments = Vec::new();
    for environment in &project.manifest.environments {
        let selection = selection(environment, None);
        let closure = Closure::of(&lockfile.graph, &selection);
        policies::check(&project, environment, &lockfile, &closure)?;
        environments.push(environment.name.to_string());
    }
    Ok(Checked { environments, packages: lockfile.graph.packages.len() })
}

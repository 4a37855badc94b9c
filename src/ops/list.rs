//! The locked packages of an environment.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::lock::Closure;
use crate::model::{Label, PackageKey, Platform};

use super::project::selection;
use super::{Context, Project, Result, lock};

/// `larder list --json`: see `schema/list.json`.
#[derive(Debug, Serialize)]
pub struct Listing {
    /// The environment's name.
    pub environment: String,
    /// One element per (ecosystem, name, version), sorted.
    pub packages: Vec<Listed>,
}

/// A package of an environment.
#[derive(Debug, Serialize)]
pub struct Listed {
    /// `npm`, `pypi`, `larder` or `path`
    pub ecosystem: &'static str,
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The registry that it comes from; `null` for a local folder.
    pub registry: Option<Label>,
    /// The declared platforms that need it.
    pub platforms: Vec<Platform>,
    /// Whether a manifest names it.
    pub direct: bool,
}

/// Lists what the environment needs, on all declared platforms.
pub fn list(context: &Context<'_>) -> Result<Listing> {
    let project = Project::open(context)?;
    let environment = project.environment(context)?;
    let lockfile = lock::existing(&project)?;
    let mut found: BTreeMap<&PackageKey, Listed> = BTreeMap::new();
    for target in &lockfile.settings.platforms {
        let selection = selection(environment, Some(target.platform));
        let closure = Closure::of(&lockfile.graph, &selection);
        let direct = closure.direct();
        for instance in closure.instances.keys() {
            let key = &instance.package;
            let listed = found.entry(key).or_insert_with(|| Listed {
                ecosystem: key.id.ecosystem.as_str(),
                name: key.id.name.to_string(),
                version: key.version.to_string(),
                registry: lockfile.graph.packages.get(key).and_then(|package| package.registry.clone()),
                platforms: Vec::new(),
                direct: false,
            });
            listed.direct |= direct.contains(key);
            if listed.platforms.last() != Some(&target.platform) {
                listed.platforms.push(target.platform);
            }
        }
    }
    Ok(Listing { environment: environment.name.to_string(), packages: found.into_values().collect() })
}

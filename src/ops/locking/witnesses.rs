//! What a lock witnesses of registries of private packages: how long the histories were that versions were chosen from, and the keys
//! of logs that were believed on first use.

use std::collections::{BTreeMap, BTreeSet};

use crate::lock::Lockfile;
use crate::model::{Graph, Label, LogKey, Origin};
use crate::ops::failure;
use crate::ops::{Project, Result};
use crate::registry::Registries;

/// Notes in a lock that was just solved what it witnesses.
///
/// # Errors
/// If a history does not go on where the older lock witnessed it.
pub(in crate::ops) fn note(
    project: &Project,
    registries: &Registries,
    old: Option<&Lockfile>,
    new: &mut Lockfile,
) -> Result<()> {
    new.log_keys = log_keys(project, registries, old, &new.graph);
    if let Some(old) = old {
        check_histories(registries, &old.graph, &new.graph)?;
        new.keep_histories(old);
    }
    Ok(())
}

/// Returns the keys of logs of the registries that serve something and for which the manifest names none: those that were believed
/// now, else those of an older lock.
fn log_keys(
    project: &Project,
    registries: &Registries,
    old: Option<&Lockfile>,
    graph: &Graph,
) -> BTreeMap<Label, LogKey> {
    let has_no_key = |name: &Label| {
        project.manifest.registries.iter().any(|registry| registry.name == *name && registry.log.keys.is_empty())
    };
    let serving: BTreeSet<_> =
        graph.packages.values().filter_map(|package| package.origin.as_ref().and_then(Origin::registry)).collect();
    let mut keys = old.map(|old| old.log_keys.clone()).unwrap_or_default();
    keys.extend(registries.believed_log_keys());
    keys.retain(|registry, _| serving.contains(registry) && has_no_key(registry));
    keys
}

/// Makes sure that the histories of private packages go on where an older lock witnessed them.
fn check_histories(registries: &Registries, old: &Graph, new: &Graph) -> Result<()> {
    let now: BTreeSet<_> = new.packages.iter().map(|(key, package)| (&key.id, package.origin.as_ref())).collect();
    for (key, package) in &old.packages {
        if let Some(attestation) = &package.attestation
            && now.contains(&(&key.id, package.origin.as_ref()))
        {
            registries.check_history(&key.id, &attestation.history).map_err(failure::of_index)?;
        }
    }
    Ok(())
}

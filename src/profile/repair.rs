//! Building again what is damaged.

use std::collections::BTreeSet;

use super::ProfileError;
use super::build::{self, Built, Input, Repeat, realise};
use super::complete_generations::Whole;
use super::generation::{Contents, Generation};
use super::key::Key;
use super::paths::ProfilePaths;
use super::profiles::Project;
use super::project_lock::ProjectLock;
use super::verify::Damage;

impl Project {
    /// Builds again what is harmed: each harmed package in its place, and a new generation where the generation itself
    /// is. The store has been healed before: harm through a hard link is the store's too.
    pub fn repair(&self, _lock: &ProjectLock, input: &Input<'_>, damage: &[Damage]) -> Result<Built, ProfileError> {
        let harmed: BTreeSet<&Key> = damage.iter().filter_map(|damage| damage.key.as_ref()).collect();
        let current = self.current_if_readable(input.environment)?;
        let profile = self.profile(input.environment)?;
        let paths = self.paths(&profile);
        let Some(generation) = &current else { return build::build(paths, input, None, Repeat::Always(&harmed)) };
        let built = realise_again(paths, input, generation, &harmed)?;
        // What is wrong in the checkout itself is mended by activating.
        let inside = |damage: &Damage| damage.key.is_none() && damage.path.starts_with(".larder");
        if built.made || !damage.iter().any(inside) {
            return Ok(built);
        }
        let rebuilt = build::build(paths, input, Some(generation), Repeat::Always(&BTreeSet::new()))?;
        Ok(Built { realised: built.realised + rebuilt.realised, ..rebuilt })
    }
}

/// Realises packages of the current generation anew: those that are harmed, and those that are not there.
fn realise_again(
    paths: ProfilePaths<'_>,
    input: &Input<'_>,
    current: &Generation,
    harmed: &BTreeSet<&Key>,
) -> Result<Built, ProfileError> {
    let contents = Contents::read(&paths.generation(current.number))?;
    let trees = input.trees_by_digest();
    if !contents.layout.packages.values().all(|realised| trees.contains_key(&realised.tree)) {
        // The lock has moved on: what it wants now is built instead.
        return build::build(paths, input, Some(current), Repeat::Always(harmed));
    }
    let whole = Whole::read(paths.root, paths.packages)?;
    let realised = realise(paths, &contents.layout, &trees, harmed)?;
    whole.carry(paths.root, paths.packages, paths.profile, current.number)?;
    Ok(Built {
        generation: current.clone(),
        made: false,
        relocated: false,
        realised,
        recalled: false,
        warnings: Vec::new(),
    })
}

//! Building again what is damaged.

use std::collections::BTreeSet;

use crate::fs;

use super::ProfileError;
use super::build::{self, BuildInput, Built, Reuse, realise};
use super::complete_generations::CompleteGenerations;
use super::fallback_link::fallback_link;
use super::generation::{Contents, Generation};
use super::key::RealisedKey;
use super::paths::ProfilePaths;
use super::profiles::Profiles;
use super::project_lock::ProjectLock;
use super::verify::{Checked, Damage};

impl Profiles {
    /// Builds again what is damaged: each damaged package in its place, and a new generation where the generation itself
    /// is. The store has been healed before: harm through a hard link is the store's too. Byte-code that larder did not
    /// compile goes in any case: Python makes it again from the source.
    pub fn repair(
        &self,
        _lock: &ProjectLock,
        input: &BuildInput<'_>,
        Checked { damage, unknown_bytecode }: &Checked,
    ) -> Result<Built, ProfileError> {
        for file in unknown_bytecode {
            fs::remove_file(file)?;
        }
        let damaged: BTreeSet<&RealisedKey> = damage.iter().filter_map(|damage| damage.key.as_ref()).collect();
        let current = self.current_if_readable(input.environment)?;
        let profile = self.profile(input.environment)?;
        let paths = self.paths(&profile);
        let Some(generation) = &current else { return build::build(paths, input, None, Reuse::Nothing(&damaged)) };
        let built = realise_again(paths, input, generation, &damaged)?;
        // What is wrong in the checkout itself is mended by activating.
        let link = fallback_link();
        let inside =
            |damage: &Damage| damage.key.is_none() && damage.path.starts_with(".larder") && damage.path != link;
        if built.is_new || !damage.iter().any(inside) {
            return Ok(built);
        }
        let rebuilt = build::build(paths, input, Some(generation), Reuse::Nothing(&BTreeSet::new()))?;
        Ok(Built { realised: built.realised + rebuilt.realised, ..rebuilt })
    }
}

/// Realises packages of the current generation anew: those that are damaged, and those that are not there.
fn realise_again(
    paths: ProfilePaths<'_>,
    input: &BuildInput<'_>,
    current: &Generation,
    damaged: &BTreeSet<&RealisedKey>,
) -> Result<Built, ProfileError> {
    let contents = Contents::read(&paths.generation(current.number))?;
    let trees = input.trees_by_digest();
    if !contents.layout.realised_trees().all(|(_, tree)| trees.contains_key(tree)) {
        // The lock has moved on: what it wants now is built instead.
        return build::build(paths, input, Some(current), Reuse::Nothing(damaged));
    }
    let complete = CompleteGenerations::read(paths.root, paths.packages)?;
    let realised = realise(paths, &contents.layout, &trees, damaged)?;
    complete.add_after_change(paths.root, paths.packages, paths.profile, current.number)?;
    Ok(Built {
        generation: current.clone(),
        is_new: false,
        relocated: false,
        realised,
        record_rewritten: false,
        warnings: Vec::new(),
    })
}

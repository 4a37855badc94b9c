//! Finding damage in a profile and in what it shares with the store, and healing the store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::lock::Closure;
use crate::model::{Label, TreeDigest};
use crate::profile::python::Bytecode;
use crate::profile::{self, Built, Generation, Harm, Input, ProfileError, ProjectLock};
use crate::store::{self, Store, StoreError, Tree};

use super::Result;
use super::verify::Harmed;

/// Looks for damage in a generation and in the trees of the store that it is made of.
pub(super) fn look(
    profile: &profile::Project,
    environment: &Label,
    generation: &Generation,
    store: &Store,
) -> Result<Vec<Harmed>> {
    let digests: BTreeSet<TreeDigest> = generation.trees().collect();
    let mut found = Vec::new();
    let mut trees: BTreeMap<TreeDigest, Arc<Tree>> = BTreeMap::new();
    for digest in digests {
        match store.tree_by_digest(&digest) {
            Ok(tree) => trees.extend(tree.map(|tree| (digest, Arc::new(tree)))),
            Err(error @ StoreError::Index { .. }) => {
                found.push(Harmed { text: error.to_string(), changed: true });
            }
            Err(error) => return Err(error.into()),
        }
    }
    for tree in trees.values() {
        for damage in store.verify_tree(tree)? {
            let changed = matches!(damage.harm, store::Harm::Content { .. } | store::Harm::Index);
            found.push(Harmed { text: format!("store: {damage}"), changed });
        }
    }
    for damage in profile.verify_generation(environment, generation.number, |digest| trees.get(digest).cloned())? {
        let changed = matches!(damage.harm, Harm::Changed { .. });
        found.push(Harmed { text: damage.to_string(), changed });
    }
    Ok(found)
}

/// Takes what is harmed of a closure's trees out of the store, so that it is fetched again.
pub(super) fn forget_harmed(store: &Store, closure: &Closure<'_>) -> Result<()> {
    let artifacts = closure.packages().flat_map(|(_, package)| &package.artifacts);
    for digest in artifacts.filter_map(|artifact| artifact.digest.as_ref()) {
        match store.tree(digest) {
            Ok(Some(tree)) if !store.verify_tree(&tree)?.is_empty() => store.remove(&tree.digest)?,
            Ok(_) => {}
            Err(StoreError::Index { .. }) => store.forget(digest)?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Takes harmed byte-code out of the store, so that it is made again.
pub(super) fn drop_harmed_bytecode(store: &Store, bytecode: &Bytecode) -> Result<usize> {
    let mut harmed = 0;
    for tree in bytecode.values() {
        if !store.verify_tree(tree)?.is_empty() {
            store.remove(&tree.digest)?;
            harmed += 1;
        }
    }
    Ok(harmed)
}

/// Looks for damage in the current generation and builds anew what has any. The store has been healed before.
pub(super) fn heal<'a>(
    profile: &profile::Project,
    held: &ProjectLock,
    input: &Input<'_>,
    trees: impl Iterator<Item = &'a Arc<Tree>>,
) -> Result<Built> {
    if profile.current_number(input.environment)?.is_none() {
        return Ok(profile.repair(held, input, &[])?);
    }
    let trees: BTreeMap<TreeDigest, &Arc<Tree>> = trees.map(|tree| (tree.digest, tree)).collect();
    match profile.verify(input.environment, |digest| trees.get(digest).map(|tree| Arc::clone(tree))) {
        Ok(damage) => Ok(profile.repair(held, input, &damage)?),
        // Nothing is known of it any more, or of its packages.
        Err(ProfileError::BadRecord { .. } | ProfileError::NoGeneration { .. }) => Ok(profile.rebuild(held, input)?),
        Err(error) => Err(error.into()),
    }
}

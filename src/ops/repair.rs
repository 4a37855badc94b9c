//! Finding damage in a profile and in what it shares with the store, and healing the store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Label, PackageKey, TreeDigest};
use crate::profile::python::Bytecode;
use crate::profile::{self, Damage, Generation, Harm};
use crate::store::{self, Store, Tree};

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
    let trees = trees(store, &digests)?;
    let mut found = Vec::new();
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

/// Takes harmed trees of these packages out of the store, so that they are fetched again.
pub(super) fn drop_harmed_trees(store: &Store, trees: &mut BTreeMap<PackageKey, Arc<Tree>>) -> Result<usize> {
    let mut harmed = Vec::new();
    for (key, tree) in trees.iter() {
        if !store.verify_tree(tree)?.is_empty() {
            store.remove(&tree.digest)?;
            harmed.push(key.clone());
        }
    }
    for key in &harmed {
        trees.remove(key);
    }
    Ok(harmed.len())
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

/// Returns the damage of an environment's current generation; none before the first sync.
pub(super) fn damage<'a>(
    profile: &profile::Project,
    environment: &Label,
    trees: impl Iterator<Item = &'a Arc<Tree>>,
) -> Result<Vec<Damage>> {
    if profile.current_number(environment)?.is_none() {
        return Ok(Vec::new());
    }
    let by_digest: BTreeMap<TreeDigest, Arc<Tree>> = trees.map(|tree| (tree.digest, Arc::clone(tree))).collect();
    Ok(profile.verify(environment, |digest| by_digest.get(digest).cloned())?)
}

fn trees(store: &Store, digests: &BTreeSet<TreeDigest>) -> Result<BTreeMap<TreeDigest, Arc<Tree>>> {
    let mut trees = BTreeMap::new();
    for digest in digests {
        if let Some(tree) = store.tree_by_digest(digest)? {
            trees.insert(*digest, Arc::new(tree));
        }
    }
    Ok(trees)
}

//! Healing a profile and what it shares with the store.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::lock::Closure;
use crate::model::{Artifact, Digest, PackageKey, PatchedPackage, Runtimes, TreeDigest};
use crate::profile::python::Bytecode;
use crate::profile::{self, BuildInput, Built, Checked, ProfileDamageKind, ProfileError, ProjectLock};
use crate::store::{Store, StoreError, Tree};

use crate::ops::Result;

/// Takes damaged runtimes out of the store, so that they are fetched again.
pub(super) fn forget_damaged_runtimes(store: &Store, runtimes: &Runtimes) -> Result<()> {
    let archives = runtimes.0.values().flat_map(|runtime| &runtime.artifacts);
    forget(store, archives.filter_map(|archive| archive.digest.as_ref()))
}

/// Takes what is damaged of a closure's trees, and of what was built for it, out of the store, so that it is fetched and built
/// again. `outputs` are the names of what was built, with its packages.
pub(super) fn forget_damaged(
    store: &Store,
    closure: &Closure<'_>,
    patches: &[PatchedPackage],
    outputs: Vec<(PackageKey, Digest)>,
) -> Result<()> {
    let mut names: Vec<Digest> = Vec::new();
    let artifacts = closure.packages().flat_map(|(key, package)| {
        let digests = package.artifacts.iter().filter_map(|artifact| artifact.digest.clone());
        let laid_out = package.artifacts.iter().filter_map(Artifact::laid_out_name);
        digests.chain(laid_out).map(|digest| (key.clone(), digest)).collect::<Vec<_>>()
    });
    for (key, digest) in artifacts.chain(outputs) {
        let rule = PatchedPackage::find(patches, &key);
        names.extend(rule.map(|rule| rule.applied_to(&digest)));
        names.push(digest);
    }
    forget(store, names.iter())
}

/// Returns a tree, if it is whole. Takes it out of the store otherwise.
pub(super) fn whole_tree(store: &Store, digest: &TreeDigest) -> Result<Option<Tree>> {
    match store.tree_by_digest(digest) {
        Ok(Some(tree)) if store.verify_tree(&tree)?.is_empty() => Ok(Some(tree)),
        Ok(None) => Ok(None),
        Ok(Some(_)) | Err(StoreError::Index { .. }) => {
            store.remove(digest)?;
            Ok(None)
        }
        Err(error) => Err(error.into()),
    }
}

fn forget<'d>(store: &Store, names: impl Iterator<Item = &'d Digest>) -> Result<()> {
    for digest in names {
        match store.tree(digest) {
            Ok(Some(tree)) if !store.verify_tree(&tree)?.is_empty() => store.remove(&tree.digest)?,
            Ok(_) => {}
            Err(StoreError::Index { .. }) => store.forget(digest)?,
            Err(StoreError::Record { .. }) => store.drop_record(digest)?,
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

/// Takes records of byte-code out of the store that lead to other trees.
pub(super) fn drop_false_records(store: &Store, names: &[Digest]) -> Result<()> {
    for name in names {
        match store.tree(name) {
            Err(StoreError::Record { .. }) => store.drop_record(name)?,
            Err(StoreError::Index { .. }) => store.forget(name)?,
            looked => drop(looked?),
        }
    }
    Ok(())
}

/// Takes damaged byte-code out of the store, so that it is made again.
pub(super) fn drop_damaged_bytecode(store: &Store, bytecode: &Bytecode) -> Result<usize> {
    let mut damaged = 0;
    for tree in bytecode.values() {
        if !store.verify_tree(tree)?.is_empty() {
            store.remove(&tree.digest)?;
            damaged += 1;
        }
    }
    Ok(damaged)
}

/// Looks for damage in the current generation and builds anew what has any. The store has been healed before.
pub(super) fn heal<'a>(
    profile: &profile::Profiles,
    held: &ProjectLock,
    input: &BuildInput<'_>,
    trees: impl Iterator<Item = &'a Arc<Tree>>,
) -> Result<Built> {
    let Some(number) = profile.current_number(input.environment)? else {
        return Ok(profile.repair(held, input, &Checked::default())?);
    };
    let trees: BTreeMap<TreeDigest, &Arc<Tree>> = trees.map(|tree| (tree.digest, tree)).collect();
    let is_known = |digest: &TreeDigest| trees.get(digest).map(|tree| Arc::clone(tree));
    let looked = profile.relocate(held, input.environment, number).and_then(|relocated| {
        let mut checked = profile.verify_generation(input.environment, number, is_known)?;
        // The switch makes the links, where the folders are.
        checked.damage.retain(|damage| damage.kind != ProfileDamageKind::FolderGone);
        Ok((relocated, checked))
    });
    match looked {
        Ok((relocated, checked)) => {
            let built = profile.repair(held, input, &checked)?;
            Ok(Built { relocated: relocated || built.relocated, ..built })
        }
        Err(ProfileError::BadRecord { .. } | ProfileError::NoGeneration { .. }) => {
            Ok(profile.repair_record(held, input, number, is_known)?)
        }
        Err(error) => Err(error.into()),
    }
}

//! Trees that are made of a package's own: each has a name in the store, and is made once.

use std::sync::Arc;

use crate::model::{Digest, PackageKey};
use crate::ops::Result;
use crate::store::{Staging, Store, Tree};

/// Returns the tree that the store has under a name. If there is none, `fill` makes it of the package's own tree, `source`.
pub(super) fn derived(
    store: &Store,
    package: &PackageKey,
    name: &Digest,
    source: &Tree,
    fill: impl FnOnce(&mut Staging<'_>) -> Result<()>,
) -> Result<Arc<Tree>> {
    if let Some(made) = store.tree(name)? {
        return Ok(Arc::new(made));
    }
    let mut staging = store.stage(Some(name), |_| {})?;
    // Another process may have made it while this one waited.
    if let Some(made) = store.tree(name)? {
        return Ok(Arc::new(made));
    }
    fill(&mut staging)?;
    staging.note_twins(source.twins);
    staging.set_package(package.to_string());
    Ok(Arc::new(staging.commit(name)?))
}

//! What was tested: the trees that a generation has of packages whose code ran while they were made. Who takes the generation over
//! takes these, and not what would come of the same sources now.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Installation, repair};
use crate::lock::Lockfile;
use crate::model::{PackageKey, TreeDigest};
use crate::ops::{Result, Session};
use crate::profile::{Generation, PackageContent};
use crate::store::Tree;

/// Returns which trees a generation has of the packages that are built or whose scripts run.
pub(in crate::ops) fn trees<'l>(
    lockfile: &'l Lockfile,
    tested: &'l Generation,
) -> impl Iterator<Item = (PackageKey, TreeDigest)> + 'l {
    let is_made =
        |key: &PackageKey| lockfile.builds.requirements.contains_key(key) || lockfile.builds.scripts.contains_key(key);
    let members = tested.closure.iter().filter_map(|member| match member.content {
        PackageContent::Tree(digest) => Some((member.key()?, digest)),
        PackageContent::Folder(_) => None,
    });
    members.filter(move |(key, _)| is_made(key))
}

/// Returns these trees, as far as the store has them still.
pub(in crate::ops) fn made(
    session: &Session<'_>,
    lockfile: &Lockfile,
    tested: &Generation,
) -> Result<BTreeMap<PackageKey, Arc<Tree>>> {
    let mut made = BTreeMap::new();
    for (key, digest) in trees(lockfile, tested) {
        if let Some(tree) = session.store.tree_by_digest(&digest)? {
            made.insert(key, Arc::new(tree));
        }
    }
    Ok(made)
}

/// Returns what an environment keeps because it was promoted: until the lock is another one, or a line that allowed the code to run
/// is gone, another compiler or variable makes nothing else of it.
pub(super) fn promoted(installation: &Installation<'_>) -> Result<BTreeMap<PackageKey, Arc<Tree>>> {
    let Installation { session, profile, environment, lock, .. } = *installation;
    let name = &environment.name;
    // A record that cannot be read is no reason not to build what the lock says.
    let head = profile.current_summary(name).ok().flatten().filter(|head| head.promoted.is_some());
    let Some(tested) = head.and_then(|_| profile.current(name).ok().flatten()) else { return Ok(BTreeMap::new()) };
    if trees(lock, &tested).next().is_none() || profile.lock_text(name, tested.number).ok() != Some(lock.to_text()) {
        return Ok(BTreeMap::new());
    }
    let approvals = &installation.project.manifest.settings.builds;
    let mut made = made(session, lock, &tested)?;
    made.retain(|key, _| approvals.approves(&key.id, &key.version));
    if installation.purpose.repairs() { repair::whole_ones(&session.store, made) } else { Ok(made) }
}

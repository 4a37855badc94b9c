//! What was tested: the trees that a generation has of packages whose code ran while they were made. Who takes the generation over
//! takes these, and not what would come of the same sources now.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Installation, Purpose, repair};
use crate::lock::Lockfile;
use crate::manifest::{self, ManifestKind};
use crate::model::{PackageKey, TreeDigest};
use crate::ops::session::MANIFEST;
use crate::ops::{Event, Result, Session};
use crate::profile::{Generation, PackageContent, PromotionSource};
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

/// Returns the generation that an environment keeps because it was promoted, if its lock is the one that is to be built, and where that
/// came from.
pub(super) fn kept(installation: &Installation<'_>) -> Option<(Generation, PromotionSource)> {
    let Installation { profile, environment, lock, .. } = *installation;
    let name = &environment.name;
    // A record that cannot be read is no reason not to build what the lock says.
    let source = profile.current_summary(name).ok().flatten()?.promoted?;
    let kept = profile.current(name).ok().flatten()?;
    (profile.lock_text(name, kept.number).ok()? == lock.to_text()).then_some((kept, source))
}

/// Returns what an environment keeps because it was promoted: until the lock is another one, or the manifest lets other code run, or lets
/// it run otherwise. Another compiler or variable makes nothing else of it.
pub(super) fn promoted(installation: &Installation<'_>) -> Result<BTreeMap<PackageKey, Arc<Tree>>> {
    let Installation { session, profile, environment, lock, purpose, .. } = *installation;
    if matches!(purpose, Purpose::Promote(_)) {
        return Ok(BTreeMap::new());
    }
    let Some((kept, _)) = kept(installation).filter(|(kept, _)| trees(lock, kept).next().is_some()) else {
        return Ok(BTreeMap::new());
    };
    let manifests = profile.manifests(&environment.name, kept.number).unwrap_or_default();
    let then = manifests.get(MANIFEST).and_then(|text| manifest::parse(MANIFEST, text, ManifestKind::Root).ok());
    if then.is_none_or(|then| then.settings.builds != installation.project.manifest.settings.builds) {
        return Ok(BTreeMap::new());
    }
    if !purpose.repairs() {
        return made(session, lock, &kept);
    }
    let mut whole = BTreeMap::new();
    for (key, digest) in trees(lock, &kept) {
        match repair::whole_tree(&session.store, &digest)? {
            Some(tree) => drop(whole.insert(key, Arc::new(tree))),
            None => (session.context.reporter)(Event::Warning(format!(
                "what was tested of {key} is in the store no more, or is damaged: it is made anew, of which nobody has tested what comes"
            ))),
        }
    }
    Ok(whole)
}

//! What was tested: the trees that a generation has of packages whose code ran while they were made. Who takes the generation over
//! takes these, and not what would come of the same sources now.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Installation, Promotion, repair};
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

/// Returns what an environment keeps because it was promoted, and from where: until the lock is another one, or the manifest lets other
/// code run, or lets it run otherwise. Another compiler or variable makes nothing else of it.
pub(super) fn kept(installation: &Installation<'_>) -> Result<Option<Promotion>> {
    let Installation { session, profile, environment, lock, .. } = *installation;
    let Some((kept, source)) = promoted(installation) else { return Ok(None) };
    let manifests = profile.manifests(&environment.name, kept.number).unwrap_or_default();
    let then = manifests.get(MANIFEST).and_then(|text| manifest::parse(MANIFEST, text, ManifestKind::Root).ok());
    if then.is_none_or(|then| then.settings.builds != installation.project.manifest.settings.builds) {
        return Ok(None);
    }
    if !installation.purpose.repairs() {
        return Ok(Some(Promotion { source, carried: made(session, lock, &kept)? }));
    }
    let mut carried = BTreeMap::new();
    for (key, digest) in trees(lock, &kept) {
        match repair::whole_tree(&session.store, &digest)? {
            Some(tree) => drop(carried.insert(key, Arc::new(tree))),
            None => (session.context.reporter)(Event::Warning(format!(
                "what was tested of {key} is in the store no more, or is damaged: it is made anew, of which nobody has tested what comes"
            ))),
        }
    }
    Ok(Some(Promotion { source, carried }))
}

/// Returns the current generation, if it was promoted and its lock is the one that is to be built, and where it came from.
fn promoted(
    Installation { profile, environment, lock, .. }: &Installation<'_>,
) -> Option<(Generation, PromotionSource)> {
    let name = &environment.name;
    // A record that cannot be read is no reason not to build what the lock says.
    let source = profile.current_summary(name).ok().flatten()?.promoted?;
    let current = profile.current(name).ok().flatten()?;
    (profile.lock_text(name, current.number).ok()? == lock.to_text()).then_some((current, source))
}

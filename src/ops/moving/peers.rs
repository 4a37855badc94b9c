//! Peers that other tools installed, or leave out: npm, pnpm and Bun install those of the project itself, and pnpm those of members, optional
//! ones too, as if they were dependencies. What a lockfile shows as installed becomes a line.

use std::path::Path;
use std::sync::Arc;

use super::locked;
use crate::import::locks::LockedVersions;
use crate::import::{Imported, package_peers};
use crate::model::{Dependent, Settings};
use crate::ops::Result;
use crate::ops::project::{inputs, members};

/// Adds lines for the peers that lockfiles show as installed, and notes whether missing ones are left out. larder installs members'
/// required peers else.
pub(in crate::ops) fn take_installed(root: &Path, imported: &mut Imported) -> Result<()> {
    let folders = members::find(root, imported.members.iter().map(String::as_str))?.folders;
    let locked = locked_packages(root, &folders)?;
    imported.add_no_peers(locked.leaves_peers_out());
    if locked.is_empty() {
        return Ok(());
    }
    if let Some(Ok((_, peers))) = inputs::text(&root.join("package.json"))?.map(|text| package_peers(&text)) {
        for peer in peers.iter().filter(|peer| locked.has_line(&Dependent::Project, &peer.name)) {
            imported.take_own_peer(peer);
        }
    }
    for folder in folders {
        // A file that cannot be read is an error of the project itself.
        let Some(Ok((name, peers))) =
            inputs::text(&root.join(&*folder).join("package.json"))?.map(|text| package_peers(&text))
        else {
            continue;
        };
        let member = Dependent::Member(Arc::clone(&folder));
        let name = name.as_deref().or_else(|| folder.rsplit('/').next()).unwrap_or_default();
        for peer in peers.iter().filter(|peer| peer.is_optional && locked.has_line(&member, &peer.name)) {
            imported.take_peer_of_member(name, peer);
        }
    }
    Ok(())
}

/// Reads the lockfiles beside package.json files. One that cannot be read is told of when the versions are taken over.
fn locked_packages(root: &Path, members: &[Arc<str>]) -> Result<LockedVersions> {
    let mut all = LockedVersions::default();
    for folder in std::iter::once("").chain(members.iter().map(|folder| &**folder)) {
        for file in locked::of_packages(root, folder)? {
            if let Ok(versions) = locked::read(root, &[file], members, &Settings::default()) {
                all.merge(versions);
            }
        }
    }
    Ok(all)
}

//! Peers that other tools installed, or leave out: npm, pnpm and Bun install those of the project itself, and pnpm those of members, optional
//! ones too, as if they were dependencies. What a lockfile shows as installed becomes a line.

use std::path::Path;
use std::sync::Arc;

use crate::import::locks::{LockedVersions, remembered_peers};
use crate::import::{Imported, package_peers};
use crate::model::Dependent;
use crate::ops::Result;
use crate::ops::project::inputs;

/// Adds lines for the peers that lockfiles show as installed, those of packages too where nothing else asks for them, and notes whether missing
/// ones are left out. larder installs required peers else, and no optional ones.
pub(in crate::ops) fn take_installed(
    root: &Path,
    members: &[Arc<str>],
    locked: &[(String, LockedVersions)],
    imported: &mut Imported,
) -> Result<()> {
    imported.add_no_peers(locked.iter().any(|(_, versions)| versions.leaves_peers_out()));
    if locked.iter().all(|(_, versions)| versions.is_empty()) {
        return Ok(());
    }
    let is_installed = |dependent: &Dependent, name: &str| locked.iter().any(|(_, it)| it.has_line(dependent, name));
    if let Some(Ok((_, peers))) = inputs::text(&root.join("package.json"))?.map(|text| package_peers(&text)) {
        for peer in peers.iter().filter(|peer| is_installed(&Dependent::Project, &peer.name)) {
            imported.take_own_peer(peer);
        }
    }
    for folder in members {
        // A file that cannot be read is an error of the project itself.
        let Some(Ok((name, peers))) =
            inputs::text(&root.join(&**folder).join("package.json"))?.map(|text| package_peers(&text))
        else {
            continue;
        };
        let member = Dependent::Member(Arc::clone(folder));
        let name = name.as_deref().or_else(|| folder.rsplit('/').next()).unwrap_or_default();
        for peer in peers.iter().filter(|peer| peer.is_optional && is_installed(&member, &peer.name)) {
            imported.take_peer_of_member(name, peer);
        }
    }
    for peer in remembered_peers(locked.iter().map(|(_, versions)| versions)) {
        imported.take_remembered_peer(&peer);
    }
    Ok(())
}

//! Whether a lock's registries are those that the manifest takes its packages from.

use crate::lock::{self, Lockfile, RegistryMatch, StaleReason};
use crate::model::{Label, PackageId};
use crate::registry::Routing;

use super::Project;

/// What a lock's registries are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// The claims, the lines' `registry=` and which registries are declared.
    Demanded,
    /// Also the registries that serve what nobody claims and no line takes from elsewhere: every line is known.
    All,
}

/// Returns the packages that the lock has from another registry than the manifest says.
///
/// A registry that would be asked before the locked one is no reason: whether it has the package is not known offline.
pub(super) fn misrouted(project: &Project, lockfile: &Lockfile, extent: Extent) -> Vec<StaleReason> {
    let routing = Routing::new(&project.manifest.registries, project.pins.clone());
    lock::misrouted(lockfile, |package, locked| route(&routing, extent, package, locked))
}

fn route(routing: &Routing, extent: Extent, package: &PackageId, locked: Option<&Label>) -> RegistryMatch {
    if let Some(demanded) = routing.required_registry(package) {
        return if Some(demanded) == locked { RegistryMatch::Same } else { RegistryMatch::Other(demanded.clone()) };
    }
    let admitted = routing.allowed_registries(package);
    let is_known = locked.is_some_and(|locked| match extent {
        Extent::Demanded => routing.declares(locked, package.ecosystem),
        Extent::All => admitted.contains(locked),
    });
    if is_known {
        RegistryMatch::Same
    } else {
        admitted.first().map_or(RegistryMatch::None, |first| RegistryMatch::Other(first.clone()))
    }
}

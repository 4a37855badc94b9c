//! Whether a lock's registries are those that the manifest takes its packages from.

use crate::lock::{self, Lockfile, OriginMatch, StaleReason};
use crate::model::{Label, Origin, PackageId};
use crate::registry::Routing;

use crate::ops::Project;

/// What a lock's registries are compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum RoutingExtent {
    /// The claims, the lines' `registry=` and which registries are declared.
    Demanded,
    /// Also the registries that serve what nobody claims and no line takes from elsewhere: every line is known.
    All,
}

/// Returns the packages that the lock has from elsewhere than the manifest says.
///
/// A registry that would be asked before the locked one is no reason: whether it has the package is not known offline.
pub(in crate::ops) fn misrouted(project: &Project, lockfile: &Lockfile, extent: RoutingExtent) -> Vec<StaleReason> {
    let routing = Routing::new(&project.manifest.registries, project.pins.clone());
    let transitive = project.manifest.settings.transitive;
    lock::misrouted(lockfile, |package, locked| match (project.sources.get(package), locked) {
        (Some(source), Some(Origin::Source(pinned))) if pinned.source == *source => OriginMatch::Same,
        (Some(source), _) => OriginMatch::Other(source.to_string()),
        (None, Some(Origin::Source(pinned))) => unnamed(&routing, extent, package, transitive.admit(&pinned.source)),
        (None, locked) => route(&routing, extent, package, locked.and_then(Origin::registry)),
    })
}

/// Compares a package that is locked from outside of registries though no line that is known takes it from there: a package that
/// may bring it does. Lines of members need not be known where only what is demanded counts.
fn unnamed(routing: &Routing, extent: RoutingExtent, package: &PackageId, may_be_brought: bool) -> OriginMatch {
    match routing.required_registry(package) {
        Some(demanded) => OriginMatch::Other(registry(demanded)),
        None if may_be_brought || extent == RoutingExtent::Demanded => OriginMatch::Same,
        None => first(routing, package),
    }
}

fn route(routing: &Routing, extent: RoutingExtent, package: &PackageId, locked: Option<&Label>) -> OriginMatch {
    if let Some([one, other]) = routing.rival_claimants(package) {
        return OriginMatch::Other(format!("`{one}` or `{other}`, which both claim it"));
    }
    if let Some(demanded) = routing.required_registry(package) {
        return if Some(demanded) == locked { OriginMatch::Same } else { OriginMatch::Other(registry(demanded)) };
    }
    let admitted = routing.allowed_registries(package);
    let is_known = locked.is_some_and(|locked| match extent {
        RoutingExtent::Demanded => routing.declares(locked, package.ecosystem),
        RoutingExtent::All => admitted.contains(locked),
    });
    if is_known { OriginMatch::Same } else { first(routing, package) }
}

fn first(routing: &Routing, package: &PackageId) -> OriginMatch {
    let admitted = routing.allowed_registries(package);
    admitted.first().map_or(OriginMatch::None, |first| OriginMatch::Other(registry(first)))
}

fn registry(label: &Label) -> String {
    format!("`{label}`")
}

//! What packages find that they do not declare: the links of `fallback/`, and those that `hoist` lines add to the project's
//! own `node_modules`.

use std::sync::Arc;

use crate::lock;
use crate::manifest::FallbackMode;
use crate::model::{Edition, PackageKey};

use super::layout::{Fallback, Layout, Links};
use super::layout_input::{LayoutInput, RealisedKeys};
use super::placement;

/// Adds the links to a layout that has all others. Each name leads to one instance, chosen over the whole lock; where the
/// closure does not reach it, or the project has the name itself, there is no link.
///
/// A lock of an edition that does not record unbound peers has no fallback: what would contradict them is not known.
pub(super) fn add_undeclared(input: &LayoutInput<'_>, keys: &RealisedKeys<'_>, layout: &mut Layout) {
    let has_fallback =
        input.hoisting.fallback == FallbackMode::On && input.lock.settings.package_extensions >= Edition::UNBOUND_PEERS;
    if !has_fallback && input.hoisting.names.is_empty() {
        return;
    }
    let Some(graph) = input.closure.graph else { return };
    let is_found = |package: &PackageKey| {
        let placement = placement::of(package.id.ecosystem);
        // Private packages are found by nobody who does not declare them.
        placement.is_in_node_modules()
            && !placement.has_halves()
            && input.folders.get(package).is_none_or(|folder| folder.npm)
    };
    let is_hoisted = input.hoisting.matcher();
    let choice = lock::Fallback::choose(graph, input.environments, input.closure, (&is_found, &is_hoisted));
    let mut links = Links::new();
    for (name, &instance) in &choice.chosen {
        let name: Arc<str> = name.as_str().into();
        let is_reached = input.closure.instances.contains_key(instance);
        if layout.node_modules.contains_key(&name) || !is_reached {
            continue;
        }
        let Some(target) = input.target(keys, instance) else { continue };
        if is_hoisted(&name) {
            layout.hoisted.insert(name, target);
        } else {
            links.insert(name, target);
        }
    }
    let of_others = choice.left_out.iter().filter(|(name, _)| !layout.node_modules.contains_key(name.as_str()));
    let left_out = of_others.map(|(name, unmet)| (name.as_str().into(), unmet.to_string())).collect();
    layout.fallback = has_fallback.then_some(Fallback { links, left_out });
}

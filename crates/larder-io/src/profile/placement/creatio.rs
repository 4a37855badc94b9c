//! Creatio packages are realised, and found in `packages/creatio/` as a workspace has them, beside the order in which they are installed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::Placement;
use crate::model::{PackageKey, install_order};
use crate::profile::ProfileError;
use crate::profile::layout::{InstallStep, Layout};
use crate::profile::layout_input::{LayoutInput, PackageToPlace};

/// The folder of `packages/` that has them.
const FOLDER: &str = "creatio";

pub(super) struct CreatioPlacement;

impl Placement for CreatioPlacement {
    fn is_realised(&self) -> bool {
        true
    }

    fn is_in_node_modules(&self) -> bool {
        false
    }

    fn is_in_environment(&self) -> bool {
        false
    }

    fn needs_python(&self, _: Option<&Path>) -> bool {
        false
    }

    fn place(&self, package: &PackageToPlace<'_>, layout: &mut Layout) -> Result<(), ProfileError> {
        let place = format!("{FOLDER}/{}", package.name());
        layout.package_links.extend(package.whole().map(|target| (place.into(), target)));
        Ok(())
    }

    /// A private or local package has the folder's name: both cannot be there.
    fn complete(&self, input: &LayoutInput<'_>, layout: &mut Layout) -> Result<(), ProfileError> {
        let ordered = |key: &PackageKey| key.id.ecosystem.has_install_order();
        let mut depends: BTreeMap<PackageKey, BTreeSet<PackageKey>> = BTreeMap::new();
        for instance in input.closure.instances.keys().filter(|instance| ordered(&instance.package)) {
            let targets = input.closure.edges(instance).map(|edge| edge.to.package.clone()).filter(ordered);
            depends.entry(instance.package.clone()).or_default().extend(targets);
        }
        if !depends.is_empty() && layout.package_links.contains_key(FOLDER) {
            let reason = format!("another package is called `{FOLDER}`, and is to lie there too: rename it");
            return Err(ProfileError::NotInstallable { folder: FOLDER, reason });
        }
        let order = install_order(&depends).map_err(|cycle| {
            let names = cycle.iter().map(|key| key.id.name.as_str()).collect::<Vec<_>>().join(" → ");
            ProfileError::NotInstallable { folder: FOLDER, reason: format!("they depend on each other: {names}") }
        })?;
        let step = |key: PackageKey| InstallStep {
            uid: input
                .lock
                .graph
                .packages
                .get(&key)
                .and_then(|package| package.facts.descriptor.as_ref())
                .map(|facts| facts.uid.as_str().into()),
            name: key.id.name.as_str().into(),
            version: key.version.to_string().into(),
        };
        layout.install_order = order.into_iter().map(step).collect();
        Ok(())
    }
}

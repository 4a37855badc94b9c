//! Private packages are realised. Direct dependencies are found in `packages/`; Node sees their Node halves, and Python all Python
//! halves.

use std::path::Path;

use super::Placement;
use crate::profile::ProfileError;
use crate::profile::layout::{AskedBy, Layout};
use crate::profile::layout_input::PackageToPlace;

pub(super) struct LarderPlacement;

impl Placement for LarderPlacement {
    fn is_realised(&self) -> bool {
        true
    }

    /// Its Node half is.
    fn is_in_node_modules(&self) -> bool {
        true
    }

    fn is_in_environment(&self) -> bool {
        false
    }

    fn has_halves(&self) -> bool {
        true
    }

    /// A private package may have a Python half.
    fn needs_python(&self, _: Option<&Path>) -> bool {
        true
    }

    fn place(&self, package: &PackageToPlace<'_>, layout: &mut Layout) -> Result<(), ProfileError> {
        if package.asked_by == AskedBy::Line {
            layout.package_links.extend(package.whole().map(|target| (package.name(), target)));
        }
        Ok(())
    }
}

//! Private packages are realised, and found in `packages/`.

use std::path::Path;

use super::Placement;
use crate::profile::ProfileError;
use crate::profile::layout::Layout;
use crate::profile::layout_input::PackageToPlace;

pub(super) struct Larder;

impl Placement for Larder {
    fn is_realised(&self) -> bool {
        true
    }

    fn is_in_node_modules(&self) -> bool {
        false
    }

    fn is_in_environment(&self) -> bool {
        false
    }

    /// A private package may have a Python half.
    fn needs_python(&self, _: Option<&Path>) -> bool {
        true
    }

    fn place(&self, package: &PackageToPlace<'_>, layout: &mut Layout) -> Result<(), ProfileError> {
        layout.package_links.extend(package.target().map(|target| (package.name(), target)));
        Ok(())
    }
}

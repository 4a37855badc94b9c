//! npm packages are realised, and seen by nobody but those that depend on them.

use std::path::Path;

use super::Placement;
use crate::profile::ProfileError;
use crate::profile::layout::Layout;
use crate::profile::layout_input::PackageToPlace;

pub(super) struct NpmPlacement;

impl Placement for NpmPlacement {
    fn is_realised(&self) -> bool {
        true
    }

    fn is_in_node_modules(&self) -> bool {
        true
    }

    fn is_in_environment(&self) -> bool {
        false
    }

    fn needs_python(&self, _: Option<&Path>) -> bool {
        false
    }

    fn place(&self, _: &PackageToPlace<'_>, _: &mut Layout) -> Result<(), ProfileError> {
        Ok(())
    }
}

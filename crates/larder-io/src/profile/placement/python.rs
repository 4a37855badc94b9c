//! Python packages are installed into one virtual environment.

use std::path::Path;

use super::Placement;
use crate::profile::ProfileError;
use crate::profile::layout::{AskedBy, Distribution, Layout};
use crate::profile::layout_input::PackageToPlace;

pub(super) struct PythonPlacement;

impl Placement for PythonPlacement {
    fn is_realised(&self) -> bool {
        false
    }

    fn is_in_node_modules(&self) -> bool {
        false
    }

    fn is_in_environment(&self) -> bool {
        true
    }

    fn needs_python(&self, _: Option<&Path>) -> bool {
        true
    }

    fn place(&self, package: &PackageToPlace<'_>, layout: &mut Layout) -> Result<(), ProfileError> {
        layout.python.push(Distribution {
            name: package.name(),
            version: package.key.package.version.to_string().into(),
            tree: package.tree()?,
            files: package.link_mode(),
            direct: package.asked_by == AskedBy::Line,
            by_extra: package.asked_by == AskedBy::Extra,
        });
        Ok(())
    }
}

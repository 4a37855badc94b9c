//! Python packages are installed into one virtual environment.

use std::path::Path;

use crate::profile::ProfileError;
use crate::profile::layout::{Distribution, Layout, Placed};
use crate::profile::placement::Placement;

pub(in crate::profile) struct Python;

impl Placement for Python {
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

    fn place(&self, package: &Placed<'_>, layout: &mut Layout) -> Result<(), ProfileError> {
        layout.python.push(Distribution {
            name: package.name(),
            version: package.key.package.version.to_string().into(),
            tree: package.tree()?,
            files: package.files(),
            direct: package.is_direct,
        });
        Ok(())
    }
}

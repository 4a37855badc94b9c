//! Tools by URL are realised. They are found in `packages/`, and their programs in `bin`.

use std::path::Path;

use super::Placement;
use crate::model::{Package, PackageKey, Source};
use crate::profile::ProfileError;
use crate::profile::layout::Layout;
use crate::profile::layout_input::PackageToPlace;
use crate::profile::private::PrivateContent;
use crate::store::Tree;

pub(super) struct ArchivePlacement;

impl Placement for ArchivePlacement {
    fn is_realised(&self) -> bool {
        true
    }

    fn is_in_node_modules(&self) -> bool {
        false
    }

    fn is_in_environment(&self) -> bool {
        false
    }

    fn has_halves(&self) -> bool {
        true
    }

    /// It has neither half; its programs are what the line of the manifest says.
    fn content(&self, key: &PackageKey, locked: &Package, tree: &Tree) -> Result<PrivateContent, ProfileError> {
        let files = tree.entries.iter().map(|entry| &*entry.path);
        let bad = |problem: String| ProfileError::BadPrivatePackage { package: Box::new(key.clone()), problem };
        let bin = match locked.origin.as_ref().and_then(|origin| origin.source()).map(|pinned| &pinned.source) {
            Some(Source::Archive(source)) => source.find_programs(&files).map_err(|error| bad(error.to_string()))?,
            _ => return Err(bad("the lock does not say where it comes from".to_owned())),
        };
        Ok(PrivateContent { version: key.version.to_string().into(), bin, ..PrivateContent::default() })
    }

    fn needs_python(&self, _: Option<&Path>) -> bool {
        false
    }

    fn place(&self, package: &PackageToPlace<'_>, layout: &mut Layout) -> Result<(), ProfileError> {
        layout.package_links.extend(package.whole().map(|target| (package.name(), target)));
        Ok(())
    }
}

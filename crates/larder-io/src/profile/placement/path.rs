//! Local packages are linked live, wherever Node or Python looks for them; those that Node does not see, in `packages/`.

use std::path::Path;

use super::Placement;
use crate::fs;
use crate::import::PYTHON_MANIFESTS;
use crate::profile::layout::{AskedBy, Layout, LinkTarget};
use crate::profile::layout_input::PackageToPlace;
use crate::profile::{ProfileError, local_folders};

pub(super) struct PathPlacement;

impl Placement for PathPlacement {
    fn is_realised(&self) -> bool {
        false
    }

    fn is_in_node_modules(&self) -> bool {
        true
    }

    fn is_in_environment(&self) -> bool {
        true
    }

    fn needs_python(&self, folder: Option<&Path>) -> bool {
        let has = |folder: &Path, file: &str| matches!(fs::stat(&folder.join(file)), Ok(Some(_)));
        let has_half = |folder| local_folders::declared(folder).is_ok_and(|package| package.python.is_some());
        folder.is_some_and(|folder| PYTHON_MANIFESTS.iter().any(|file| has(folder, file)) || has_half(folder))
    }

    fn place(&self, package: &PackageToPlace<'_>, layout: &mut Layout) -> Result<(), ProfileError> {
        let Some(folder) = package.folder() else { return Ok(()) };
        let name = package.name();
        // A link to the root would lead from a folder below it into itself. Test runners and formatters that follow links would find
        // the files of a Node package twice: they pass over `node_modules` alone.
        if !folder.folder.is_empty() && !folder.npm {
            layout.package_links.insert(name.clone(), LinkTarget::Folder(folder.folder.clone()));
        }
        let mut placed = folder.clone();
        // What Node sees is run by whoever depends on it; of the rest, the project has what it asks for itself.
        if !folder.npm && package.asked_by != AskedBy::Line {
            placed.bin.clear();
        }
        layout.folders.insert(name, placed);
        // The root's `node_modules` is the project's, whose own lines say what is in it.
        if folder.npm && !folder.folder.is_empty() && !folder.unbuilt {
            let own = layout.members.entry(folder.folder.clone()).or_default();
            // A member's own lines come first: they bind what its development dependencies provide.
            for (name, target) in package.dependencies() {
                own.entry(name).or_insert(target);
            }
        }
        Ok(())
    }
}

//! The contract of the ecosystems: where their packages go in a generation.

mod archive;
mod creatio;
mod larder;
mod npm;
mod path;
mod python;

use std::path::Path;

use crate::lock::Closure;
use crate::model::{Ecosystem, Package, PackageKey, PerEcosystem};
use crate::store::Tree;

use super::ProfileError;
use super::layout::Layout;
use super::layout_input::{LayoutInput, PackageToPlace};
use super::private::PrivateContent;

/// The places of an ecosystem's packages.
pub(super) trait Placement: Sync {
    /// Returns whether packages are realised: each in a folder of `.packages` of its own, whose key covers all that the package sees.
    fn is_realised(&self) -> bool;

    /// Returns whether dependents find packages in a `node_modules`.
    fn is_in_node_modules(&self) -> bool;

    /// Returns whether Python imports packages from the environment.
    fn is_in_environment(&self) -> bool;

    /// Returns whether a package has a half for Node, one for Python, or programs, as its larder.kdl or the lock declares.
    fn has_halves(&self) -> bool {
        false
    }

    /// Returns what a package with halves brings.
    ///
    /// # Errors
    /// [`ProfileError::BadPrivatePackage`] if its files do not say it, or are not there.
    fn content(&self, key: &PackageKey, _: &Package, tree: &Tree) -> Result<PrivateContent, ProfileError> {
        PrivateContent::read(key, tree)
    }

    /// Returns whether a package needs the interpreter of the environment; `folder` is that of a local one.
    fn needs_python(&self, folder: Option<&Path>) -> bool;

    /// Adds a package to a layout, besides the links of those that depend on it.
    fn place(&self, package: &PackageToPlace<'_>, layout: &mut Layout) -> Result<(), ProfileError>;

    /// Completes a layout that all packages have their place in.
    fn complete(&self, _input: &LayoutInput<'_>, _layout: &mut Layout) -> Result<(), ProfileError> {
        Ok(())
    }
}

const PLACEMENTS: PerEcosystem<&dyn Placement> = PerEcosystem {
    npm: &npm::NpmPlacement,
    pypi: &python::PythonPlacement,
    larder: &larder::LarderPlacement,
    path: &path::PathPlacement,
    archive: &archive::ArchivePlacement,
    creatio: &creatio::CreatioPlacement,
};

/// Returns the placement of an ecosystem's packages.
pub(super) fn of(ecosystem: Ecosystem) -> &'static dyn Placement {
    *PLACEMENTS.of(ecosystem)
}

/// Returns whether anything in a closure needs the interpreter of the environment.
pub fn needs_python(root: &Path, closure: &Closure<'_>) -> bool {
    closure.instances.keys().any(|instance| {
        let package = closure.graph.and_then(|graph| graph.packages.get(&instance.package));
        let folder = package.and_then(|package| package.folder.as_ref()).map(|folder| root.join(&**folder));
        of(instance.package.id.ecosystem).needs_python(folder.as_deref())
    })
}

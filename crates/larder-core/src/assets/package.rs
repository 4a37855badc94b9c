//! Packages with their assets, as a check is given them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::manifest::AssetDeclaration;
use crate::model::{PackageName, TreeDigest};

/// The place of a package among those that are looked at together.
pub type PackageIndex = usize;

/// The place of an asset in its set.
pub type AssetIndex = usize;

/// A package with its assets.
#[derive(Clone, Debug)]
pub struct AssetPackage {
    /// The name.
    pub name: PackageName,
    /// The version.
    pub version: semver::Version,
    /// How messages call its manifest: `packages/orders/larder.kdl`.
    pub manifest: Arc<str>,
    /// The manifest's text.
    pub text: Arc<str>,
    /// The folder of its files, as messages name it; empty, or without a `/` at its end.
    pub folder: Arc<str>,
    /// The assets that it declares.
    pub declarations: Vec<AssetDeclaration>,
    /// The private packages that it depends on and that are here, by their names in the form in which spellings are equal.
    pub dependencies: BTreeMap<String, PackageIndex>,
    /// The private packages that it depends on and that are not here, each with the reason.
    pub absent: BTreeMap<String, String>,
    /// Whether its assets are checked; those of others are only referred to.
    pub is_own: bool,
}

impl AssetPackage {
    /// Returns how messages call a file of the package.
    pub fn file(&self, path: &str) -> Arc<str> {
        if self.folder.is_empty() { path.into() } else { format!("{}/{path}", self.folder).into() }
    }

    /// Returns the path in the package of a file that messages call so.
    pub fn path<'p>(&self, file: &'p str) -> Option<&'p str> {
        if self.folder.is_empty() { Some(file) } else { file.strip_prefix(&*self.folder)?.strip_prefix('/') }
    }
}

/// The files of packages.
pub trait AssetFiles: Sync {
    /// Returns the text of a file of a package, or `None` if there is none: none that is text, within bounds, and in the package.
    fn read(&self, package: PackageIndex, path: &str) -> Option<Arc<str>>;

    /// Returns why a file that is in a package cannot be read, as far as that is known.
    fn obstacle(&self, package: PackageIndex, path: &str) -> Option<String> {
        let _ = (package, path);
        None
    }

    /// Returns the digest of the text of a file of a package, or `None` if there is none.
    fn digest(&self, package: PackageIndex, path: &str) -> Option<TreeDigest> {
        self.read(package, path).map(|text| TreeDigest::of(text.as_bytes()))
    }
}

/// A file that was looked for while an asset was read: its package, its path there, and the digest of its text, if it was there.
pub(super) type FileRead = (PackageIndex, Box<str>, Option<TreeDigest>);

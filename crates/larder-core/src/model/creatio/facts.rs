//! What is told of a Creatio package besides its dependencies.

use super::uid::Uid;

/// What a package's `descriptor.json` says of it, and a marketplace of its application.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageDescriptor {
    /// `UId`
    pub uid: Uid,
    /// `Type`: 0 is general, 1 an assembly.
    pub kind: u32,
    /// `InstallBehavior`; 0 is none.
    pub install_behavior: u32,
    /// `Maintainer`, on one line.
    pub maintainer: Option<String>,
    /// Whether its application runs only with a license of its vendor: the marketplace's `IsLicenseRequired`.
    pub needs_license: bool,
}

//! The variables that the solver decides: packages in their places, as small values that are cheap to copy and compare.

use std::fmt;

use crate::model::Platform;

/// An interned [`PackageId`](crate::model::PackageId).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct PackageIx(pub(super) u32);

/// An interned [`ExtraName`](crate::model::ExtraName).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ExtraIx(pub(super) u32);

/// An interned [`BucketRange`](super::interned::BucketRange).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct RangeIx(pub(super) u32);

/// An interned [`ScopeNode`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct NodeIx(pub(super) u32);

/// The owner of dependencies: a manifest, or a version of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum NodeOwner {
    /// A manifest, by its place among those that the lines name.
    Manifest(u32),
    /// A version of a package.
    Release(PackageIx, u32),
}

impl NodeOwner {
    /// Returns what stands for the dependent whatever its version is.
    pub(super) fn of_any_version(self) -> Self {
        match self {
            Self::Manifest(manifest) => Self::Manifest(manifest),
            Self::Release(package, _) => Self::Release(package, 0),
        }
    }
}

/// A dependent in its place. To npm it is a `node_modules`: the scope in which its dependencies are decided.
///
/// The scope around it is part of it only where the version declares peers, which look there; so a package without
/// peers is one node wherever it is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct ScopeNode {
    /// The owner of the dependencies.
    pub(super) owner: NodeOwner,
    /// The scope around it, where its peers are looked up.
    pub(super) around: Option<NodeIx>,
}

/// The version of a Python package, or of an extra, on a platform where nothing needs it. So the choice for all platforms
/// can say at once that each has that version or none, and a version that is refused on one platform is refused as a whole.
pub(super) const ABSENT: u32 = u32::MAX - 1;

/// A variable of the solver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Variable {
    /// The root, which depends on all lines.
    Root,
    /// A manifest line, so that a contradiction leads back to lines.
    Line(u32),
    /// An npm package in a `node_modules`, under a name.
    Nested {
        /// The package.
        package: PackageIx,
        /// The name in `node_modules`, as if it were a package.
        alias: PackageIx,
        /// The `node_modules`.
        scope: NodeIx,
    },
    /// A Python package, one version for all platforms that need it.
    Py(PackageIx),
    /// A Python package on one platform, or [`ABSENT`].
    PyOn(PackageIx, Platform),
    /// An extra of a Python package on one platform, or [`ABSENT`].
    PyExtra(PackageIx, ExtraIx, Platform),
    /// A private package: one version per semver-compatible bucket, named by the bucket's first ordinal.
    Bucket(PackageIx, u32),
    /// A feature of the version of a private package that is in a bucket, by the bucket's name.
    BucketFeature(PackageIx, u32, ExtraIx),
    /// A range that reaches into several buckets of a private package: the bucket that it is decided in, as its name.
    BucketRange(PackageIx, RangeIx),
    /// The one version of a private package whose Python half is in the environment.
    PythonHalf(PackageIx),
    /// A package of which there is one version for all: a local folder, for one.
    Single(PackageIx),
}

impl Variable {
    /// Returns the package that the variable decides a version of.
    pub(super) fn package(self) -> Option<PackageIx> {
        match self {
            Self::Root | Self::Line(_) => None,
            Self::Nested { package, .. }
            | Self::Py(package)
            | Self::PyOn(package, _)
            | Self::PyExtra(package, ..)
            | Self::Bucket(package, _)
            | Self::BucketFeature(package, ..)
            | Self::BucketRange(package, _)
            | Self::PythonHalf(package)
            | Self::Single(package) => Some(package),
        }
    }
}

impl fmt::Display for Variable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

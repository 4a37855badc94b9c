//! What a publisher says of a version of a private package.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `document` | the JSON of a body, and what it must be like |
//! | `of_manifest` | the body that a manifest stands for |

mod document;
mod of_manifest;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use crate::model::{
    AssetKind, EntryPath, FeatureName, FlowState, Label, Marker, PackageName, PackageStatus, Requirement, TreeDigest,
};

pub use document::BodyError;

/// Everything that a publisher says of a version. Its text, which [`Body::to_json`] writes, is what a publisher signs; who has
/// the package derives it again with [`Body::of`] and compares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// The package's name.
    pub name: PackageName,
    /// The version.
    pub version: semver::Version,
    /// What it is, in a sentence.
    pub description: Option<Box<str>>,
    /// An SPDX license expression.
    pub license: Option<Box<str>>,
    /// The label by which listings group packages.
    pub category: Option<Label>,
    /// Words by which it is found.
    pub keywords: Vec<Box<str>>,
    /// The state at the time of publishing. Later events may change it.
    pub status: PackageStatus,
    /// The origins of the registries in which it may appear. Empty: in any.
    pub origins: Vec<Box<str>>,
    /// What it depends on, sorted by their JSON.
    pub dependencies: Vec<BodyDependency>,
    /// Its features.
    pub features: BTreeMap<FeatureName, BodyFeature>,
    /// The folder of its Node half; `.` is the package's own.
    pub node: Option<Box<str>>,
    /// The folder of its Python half; `.` is the package's own.
    pub python: Option<Box<str>>,
    /// Its executables: the file of each.
    pub bin: BTreeMap<Label, EntryPath>,
    /// Its assets, sorted by their identities.
    pub assets: Vec<BodyAsset>,
    /// The digest of its files.
    pub tree: TreeDigest,
}

/// An asset of a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BodyAsset {
    /// The kind.
    pub kind: AssetKind,
    /// The name.
    pub name: Label,
    /// The version, which is not the package's.
    pub version: Label,
    /// The file.
    pub file: EntryPath,
    /// The state of a flow.
    pub state: Option<FlowState>,
}

/// A dependency of a version, or of one of its features.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyDependency {
    /// What is asked for.
    pub requirement: Requirement,
    /// Whether the package works without it.
    pub optional: bool,
    /// The condition, where the requirement has none of its own.
    pub when: Marker,
}

/// A feature of a version.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct BodyFeature {
    /// The features that it turns on.
    pub includes: Vec<FeatureName>,
    /// The dependencies that it adds, sorted by their JSON.
    pub dependencies: Vec<BodyDependency>,
}

impl Body {
    /// The most bytes of a body's text: it is a part of an event line.
    pub const MAX_SIZE: usize = 60_000;

    /// Returns the name of the version's archive: `orders-client-2.1.0.tar.gz`.
    pub fn archive_name(&self) -> String {
        format!("{}.tar.gz", self.folder_name())
    }

    /// Returns the name of the one folder in the version's archive: `orders-client-2.1.0`.
    pub fn folder_name(&self) -> String {
        format!("{}-{}", self.name.without_scope(), self.version)
    }
}

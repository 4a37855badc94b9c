//! Why a registry's answer cannot be used.

use crate::diagnostic::{Exit, Failure};
use crate::model::{Ecosystem, Label, PackageName};

/// Why a registry's answer cannot be used, or nobody can be asked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum RegistryError {
    /// A packument that is not one.
    #[error(
        "registry `{registry}` answers for npm package `{package}` with something else than its metadata: {reason}"
    )]
    #[diagnostic(
        code(larder::npm::bad_metadata),
        help(
            "check that the URL of registry `{registry}` is that of an npm registry, and that no proxy answers for it"
        )
    )]
    NpmMetadata {
        /// The registry.
        registry: Label,
        /// The package.
        package: PackageName,
        /// What is wrong.
        reason: String,
    },
    /// An index page that is not one.
    #[error(
        "registry `{registry}` answers for Python package `{package}` with something else than its files: {reason}"
    )]
    #[diagnostic(
        code(larder::pypi::bad_index),
        help("check that the URL of registry `{registry}` is that of a simple index, like https://pypi.org/simple/")
    )]
    PypiIndex {
        /// The registry.
        registry: Label,
        /// The package.
        package: PackageName,
        /// What is wrong.
        reason: String,
    },
    /// An answer about another package.
    #[error("registry `{registry}` was asked for `{package}` and answers for `{answered}`")]
    #[diagnostic(
        code(larder::registry::wrong_package),
        help("do not trust this answer; check registry `{registry}` and its mirrors")
    )]
    WrongPackage {
        /// The registry.
        registry: Label,
        /// What was asked for, with its version where one was.
        package: String,
        /// What the answer is about.
        answered: String,
    },
    /// A digest that is none.
    #[error(
        "registry `{registry}` says that the integrity of npm package `{package}` is `{digest}`, which is no digest"
    )]
    #[diagnostic(
        code(larder::npm::bad_digest),
        help("do not trust this answer: check registry `{registry}` and its mirrors, or ask for another version")
    )]
    BadDigest {
        /// The registry.
        registry: Label,
        /// The package and its version.
        package: String,
        /// What it says.
        digest: String,
    },
    /// A file that says that it is of another package.
    #[error("registry `{registry}` was asked for `{package}`, and its `{file}` is of `{answered}`")]
    #[diagnostic(
        code(larder::registry::wrong_metadata),
        help("do not trust this file; check registry `{registry}` and its mirrors")
    )]
    WrongMetadata {
        /// The registry.
        registry: Label,
        /// The package and its version.
        package: String,
        /// The file.
        file: String,
        /// What its metadata says.
        answered: String,
    },
    /// A file that is not the one that its index lists.
    #[error("`{file}` as registry `{registry}` sends it is not the file that its index lists: its digest is another")]
    #[diagnostic(
        code(larder::registry::wrong_bytes),
        help("do not trust this file; check registry `{registry}` and its mirrors")
    )]
    WrongBytes {
        /// The registry.
        registry: Label,
        /// The file.
        file: String,
    },
    /// A page in a form that came later.
    #[error("registry `{registry}` answers for Python package `{package}` in version {version} of the index's form")]
    #[diagnostic(
        code(larder::pypi::newer_index),
        help(
            "this larder reads version 1; a newer larder may read it, or another registry or mirror may serve version 1"
        )
    )]
    NewerIndex {
        /// The registry.
        registry: Label,
        /// The package.
        package: PackageName,
        /// The version, as the registry gives it.
        version: String,
    },
    /// No registry of this ecosystem.
    #[error("no registry serves {ecosystem} packages such as `{package}`")]
    #[diagnostic(
        code(larder::registry::none),
        help("declare one in larder.kdl: registries {{ {ecosystem} \"name\" \"https://…\" }}")
    )]
    NoRegistry {
        /// The ecosystem.
        ecosystem: Ecosystem,
        /// The package.
        package: PackageName,
    },
    /// A registry that nobody declared.
    #[error("registry `{registry}` is not declared")]
    #[diagnostic(
        code(larder::registry::undeclared),
        help("declare it under `registries` in larder.kdl, or run `larder lock` anew")
    )]
    Undeclared {
        /// The registry.
        registry: Label,
    },
    /// A file that its index does not list any more.
    #[error("registry `{registry}` no longer lists `{file}`")]
    #[diagnostic(
        code(larder::registry::file_gone),
        help("run `larder update {package}` to lock a version that is still there")
    )]
    FileGone {
        /// The registry.
        registry: Label,
        /// The package.
        package: PackageName,
        /// The file.
        file: String,
    },
    /// Private packages have no index yet.
    #[error("private package `{package}` cannot be resolved by this version of larder")]
    #[diagnostic(
        code(larder::registry::private_packages),
        help("use a `path` dependency, or publish it to an npm or Python registry")
    )]
    PrivatePackages {
        /// The package.
        package: PackageName,
    },
    /// A package of one ecosystem asked of a registry of another.
    #[error("`{package}` is a package of {ecosystem}, and registry `{registry}` serves none")]
    #[diagnostic(code(larder::registry::wrong_kind), help("name a registry of kind `{ecosystem}`"))]
    WrongKind {
        /// The registry.
        registry: Label,
        /// The ecosystem.
        ecosystem: Ecosystem,
        /// The package.
        package: PackageName,
    },
    /// Metadata that was understood once and is not any more.
    #[error("the cached metadata of {ecosystem} package `{package}` is damaged")]
    #[diagnostic(code(larder::registry::damaged), help("delete larder's cache folder and run the command again"))]
    Damaged {
        /// The ecosystem.
        ecosystem: Ecosystem,
        /// The package.
        package: PackageName,
    },
}

impl Failure for RegistryError {
    fn exit(&self) -> Exit {
        match self {
            Self::NpmMetadata { .. } | Self::PypiIndex { .. } | Self::NewerIndex { .. } | Self::FileGone { .. } => {
                Exit::Network
            }
            Self::WrongPackage { .. }
            | Self::BadDigest { .. }
            | Self::WrongMetadata { .. }
            | Self::WrongBytes { .. } => Exit::Integrity,
            Self::Damaged { .. } => Exit::Machine,
            Self::NoRegistry { .. }
            | Self::Undeclared { .. }
            | Self::PrivatePackages { .. }
            | Self::WrongKind { .. } => Exit::Manifest,
        }
    }
}

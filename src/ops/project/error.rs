//! What keeps a project from being found and read.

use std::path::PathBuf;
use std::sync::Arc;

use miette::{NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure};
use crate::manifest::ManifestErrors;
use crate::ops::Result;

/// What keeps a command from finding its project.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(in crate::ops) enum ProjectError {
    /// No folder upward has a manifest.
    #[error("no larder.kdl in `{}` or above it", .0.display())]
    #[diagnostic(code(larder::project::no_manifest), help("`larder init` writes one"))]
    NoManifest(PathBuf),
    /// `--env` or `LARDER_ENV` names no environment.
    #[error("no environment is named `{name}`")]
    #[diagnostic(code(larder::project::unknown_environment), help("declared are: {known}{}", meant.as_ref().map(|m| format!("; did you mean `{m}`?")).unwrap_or_default()))]
    UnknownEnvironment {
        /// The name that was asked for.
        name: String,
        /// Those that are declared.
        known: String,
        /// The nearest of them.
        meant: Option<String>,
    },
    /// A member's own manifest asks for something larder refuses.
    #[error("{file} asks for `{what}`: {reason}")]
    #[diagnostic(
        code(larder::project::unsupported),
        help(
            "ask for what is there, take it from a registry, or make it a `path` dependency; `members \"!FOLDER\"` leaves a folder out"
        )
    )]
    Unsupported {
        /// The manifest, relative to the root.
        file: String,
        /// The dependency as written.
        what: String,
        /// Why it is refused.
        reason: String,
    },
    /// A package or a member has Python dependencies.
    #[error("{0} has Python dependencies, and larder.kdl declares no Python")]
    #[diagnostic(
        code(larder::project::no_python),
        help("add `python \"3.12\"` to `runtimes`: markers and wheels depend on it")
    )]
    NoPython(String),
    /// The root is no package.
    #[error(
        "`.` is the project itself, and it is no package: there is neither a pyproject.toml with `[project]` nor a package.json with a `name`"
    )]
    #[diagnostic(code(larder::project::no_root_package), help("give one of them a `name`, or remove the line"))]
    NoRootPackage,
    /// The machine is none of the declared platforms.
    #[error("this machine is {host}, which the manifest does not declare")]
    #[diagnostic(
        code(larder::project::other_platform),
        help("declared are: {declared}; add this one to `platforms` and lock again")
    )]
    OtherPlatform {
        /// This machine.
        host: String,
        /// Those that are declared.
        declared: String,
    },
}

impl Failure for ProjectError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// A `path` line whose folder is not a package.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{inner}")]
#[diagnostic(code(larder::project::path_package))]
pub(super) struct PathLineError {
    #[source_code]
    pub(super) source_code: NamedSource<Arc<str>>,
    #[label("named here")]
    pub(super) span: SourceSpan,
    pub(super) inner: String,
    #[help]
    pub(super) help: Option<String>,
}

impl Failure for PathLineError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// What is wrong between the root's manifest and its members'.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the manifests of the root and its members do not fit")]
#[diagnostic(code(larder::manifest::invalid))]
pub(super) struct MemberErrors {
    #[related]
    files: Vec<ManifestErrors>,
}

impl MemberErrors {
    /// Returns the errors as one failure, where there are any.
    pub(super) fn none(mut files: Vec<ManifestErrors>) -> Result<()> {
        match (files.pop(), files.is_empty()) {
            (None, _) => Ok(()),
            (Some(one), true) => Err(one.into()),
            (Some(last), false) => {
                files.push(last);
                Err(Self { files }.into())
            }
        }
    }
}

impl Failure for MemberErrors {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

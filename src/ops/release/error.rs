//! Why there is no release.

use crate::diagnostic::{Exit, Failure};

/// Why there is no release.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub(super) enum ReleaseError {
    /// Another larder releases.
    #[error("another larder is releasing this project")]
    #[diagnostic(code(larder::release::busy))]
    Busy,
    /// There is nothing to give up.
    #[error("no release is under way")]
    #[diagnostic(code(larder::release::nothing_to_abort))]
    NothingToAbort,
    /// Files that git keeps have changes.
    #[error("{} changed and not committed: {}", if files.len() == 1 { "a file is" } else { "files are" }, files.join(", "))]
    #[diagnostic(code(larder::release::changed), help("a release is what is committed: commit, or `git stash`"))]
    Changed {
        /// The files.
        files: Vec<String>,
    },
    /// A part of the history is missing.
    #[error("the clone is shallow, and has no tag of the last release")]
    #[diagnostic(
        code(larder::release::shallow),
        help("fetch the history and the tags: `git fetch --unshallow --tags`; in CI `fetch-depth: 0`")
    )]
    Shallow,
    /// Nothing has a version.
    #[error("nothing here has a version to raise")]
    #[diagnostic(
        code(larder::release::no_version),
        help(
            "state one: `project \"NAME\" version=\"0.1.0\"` or `package \"NAME\" version=\"0.1.0\"` in larder.kdl, or in package.json or pyproject.toml"
        )
    )]
    NoVersion,
    /// A tag is there already, elsewhere.
    #[error("tag `{tag}` is there already, and is no ancestor of what is checked out")]
    #[diagnostic(code(larder::release::tag_taken), help("was it released on another branch? merge that one first"))]
    TagTaken {
        /// The tag.
        tag: String,
    },
    /// The run of a pre-release has no number.
    #[error("`{branch}` is no branch of releases, and a pre-release needs the number of its run")]
    #[diagnostic(
        code(larder::release::no_run),
        help("give one with `--run N`, or release from main; `--branch NAME` names another branch of releases")
    )]
    NoRun {
        /// The branch.
        branch: String,
    },
    /// Something was committed since a release stopped.
    #[error("a release of {what} stopped, and {found} is checked out now instead of {base}")]
    #[diagnostic(
        code(larder::release::moved),
        help("check out {base} and run `larder release` again, or give it up with `larder release --abort`")
    )]
    Moved {
        /// What is released.
        what: String,
        /// The commit that it began at.
        base: String,
        /// What is checked out.
        found: String,
    },
    /// A registry that is not declared.
    #[error("larder.kdl declares no registry `{name}`")]
    #[diagnostic(code(larder::release::no_registry), help("{help}"))]
    NoRegistry {
        /// The name.
        name: String,
        /// Those that there are.
        help: String,
    },
    /// A registry that nothing of the release is for.
    #[error("nothing that is released can be published to registry `{name}`")]
    #[diagnostic(
        code(larder::release::nothing_for_registry),
        help(
            "a package is a `package` in larder.kdl, a package.json that is not private, or a `[project]` in pyproject.toml"
        )
    )]
    NothingFor {
        /// The registry.
        name: String,
    },
    /// A package that cannot be packed.
    #[error("the package in `{folder}` cannot be published to {registry}: {reason}")]
    #[diagnostic(code(larder::release::not_packable), help("nothing was published"))]
    NotPackable {
        /// The folder.
        folder: String,
        /// The registry.
        registry: String,
        /// Why.
        reason: String,
    },
    /// The note of a release cannot be read.
    #[error("`.larder/release.json` is not what larder wrote: {reason}")]
    #[diagnostic(code(larder::release::bad_record), help("remove it to begin anew, and see what was published before"))]
    BadRecord {
        /// Why.
        reason: String,
    },
}

impl Failure for ReleaseError {
    fn exit(&self) -> Exit {
        match self {
            Self::Busy | Self::Changed { .. } | Self::TagTaken { .. } | Self::Moved { .. } => Exit::Refused,
            Self::BadRecord { .. } => Exit::Machine,
            _ => Exit::Manifest,
        }
    }
}

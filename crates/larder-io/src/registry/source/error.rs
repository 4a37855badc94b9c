//! Why a source cannot be used.

use crate::diagnostic::{Exit, Failure};
use crate::fetch::RequestError;
use crate::fs::FsError;
use crate::git::GitError;
use crate::model::{Digest, PackageId, PinnedSource};

/// Why a git repository or a URL cannot be used. Places are kept as they may be shown: without secrets.
#[derive(Clone, Debug, thiserror::Error, miette::Diagnostic)]
pub enum SourceFailure {
    /// `--offline`, and it was not fetched before.
    #[error("offline, and {place} was not fetched before")]
    #[diagnostic(code(larder::source::offline), help("run the command once without `--offline`"))]
    Offline {
        /// The source.
        place: String,
    },
    /// 404 or 410.
    #[error("{place} does not exist (404)")]
    #[diagnostic(
        code(larder::source::gone),
        help("check the URL; if the file has moved, name its new place in the manifest")
    )]
    Gone {
        /// The source.
        place: String,
    },
    /// 401 or 403.
    #[error("{place} may not be read without other credentials ({status})")]
    #[diagnostic(
        code(larder::source::denied),
        help(
            "a token of a registry is sent to what lies below the registry's URL: declare the host as one, or serve the file without"
        )
    )]
    Denied {
        /// The source.
        place: String,
        /// 401 or 403.
        status: u16,
    },
    /// No answer that could be used.
    #[error("{place} cannot be fetched: {reason}")]
    #[diagnostic(code(larder::source::unreachable), help("check the network and the URL"))]
    Unreachable {
        /// The source.
        place: String,
        /// The reason.
        reason: String,
    },
    /// A file of the checkout that is not there.
    #[error("there is no file `{place}`")]
    #[diagnostic(
        code(larder::source::no_file),
        help("bring it back, or name its new place in the manifest; what a build makes has to be there before")
    )]
    NoFile {
        /// The path, relative to the root.
        place: String,
    },
    /// A file of the checkout whose path leads out of it.
    #[error("`{place}` leads out of the project")]
    #[diagnostic(code(larder::source::leads_out), help("put the file itself there instead of a link"))]
    LeadsOut {
        /// The path, relative to the root.
        place: String,
    },
    /// More bytes than anything real has.
    #[error("{place} has more than {limit} bytes")]
    #[diagnostic(code(larder::source::too_large), help("is this the right file?"))]
    TooLarge {
        /// The source.
        place: String,
        /// The bound.
        limit: u64,
    },
    /// It is no such package, or one that cannot be used.
    #[error("{place} cannot be used for {package}: {reason}")]
    #[diagnostic(
        code(larder::source::unusable),
        help("check that the line names the right place, and the package as it calls itself")
    )]
    Unusable {
        /// The source.
        place: String,
        /// The package.
        package: PackageId,
        /// The reason.
        reason: String,
    },
    /// Its digest is not the one that the URL promises.
    #[error("{place} is not what its URL promises: expected {expected}, found {found}")]
    #[diagnostic(code(larder::source::integrity), help("nothing of it was kept: find out why the file was changed"))]
    OtherDigest {
        /// The source.
        place: String,
        /// The promised digest.
        expected: Digest,
        /// That of the file.
        found: Digest,
    },
    /// A git repository.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Git(std::sync::Arc<GitError>),
    /// The disk.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Disk(std::sync::Arc<FsError>),
}

impl SourceFailure {
    /// Returns why a URL was not fetched.
    pub(super) fn of_request(place: String, error: &RequestError) -> Self {
        match error {
            RequestError::Offline { .. } => Self::Offline { place },
            RequestError::NotFound { .. } => Self::Gone { place },
            RequestError::Unauthorized { .. } | RequestError::OutsideRegistry { .. } => {
                Self::Denied { place, status: 401 }
            }
            RequestError::Forbidden { .. } => Self::Denied { place, status: 403 },
            RequestError::TooLarge { limit, .. } => Self::TooLarge { place, limit: *limit },
            RequestError::Status { status, .. } => {
                Self::Unreachable { place, reason: format!("the server answers {status}") }
            }
            RequestError::Unreachable { reason, .. } | RequestError::Certificate { reason, .. } => {
                Self::Unreachable { place, reason: reason.clone() }
            }
            RequestError::ClientCertificate { reason, .. } => {
                Self::Unreachable { place, reason: format!("the client certificate cannot be used: {reason}") }
            }
            RequestError::Timeout { .. } => {
                Self::Unreachable { place, reason: "the server does not answer in time".to_owned() }
            }
            RequestError::Refused { url, reason, .. } => {
                Self::Unreachable { place, reason: format!("it leads to {url}, which is {reason}") }
            }
        }
    }

    /// Returns why what lies there is not the package.
    pub(in crate::registry) fn unusable(pinned: &PinnedSource, package: &PackageId, reason: impl Into<String>) -> Self {
        Self::Unusable { place: pinned.to_string(), package: package.clone(), reason: reason.into() }
    }
}

impl From<FsError> for SourceFailure {
    fn from(error: FsError) -> Self {
        Self::Disk(std::sync::Arc::new(error))
    }
}

impl From<GitError> for SourceFailure {
    fn from(error: GitError) -> Self {
        Self::Git(std::sync::Arc::new(error))
    }
}

impl Failure for SourceFailure {
    fn exit(&self) -> Exit {
        match self {
            Self::Offline { .. } | Self::Gone { .. } | Self::Denied { .. } | Self::Unreachable { .. } => Exit::Network,
            Self::TooLarge { .. } | Self::OtherDigest { .. } => Exit::Integrity,
            Self::Git(error) => error.exit(),
            Self::Unusable { .. } | Self::NoFile { .. } | Self::LeadsOut { .. } => Exit::Manifest,
            Self::Disk(error) => error.exit(),
        }
    }
}

//! Why a registry gave no answer.

use crate::diagnostic::{Exit, Failure};
use crate::model::Label;

/// Why a request has no answer. URLs are kept as they may be shown: without credentials.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
pub enum RequestError {
    /// `--offline`, and nothing in the cache answers.
    #[error("offline, and {what} of registry `{registry}` is not cached")]
    #[diagnostic(code(larder::fetch::offline), help("run the command once without `--offline`"))]
    Offline {
        /// The registry.
        registry: Label,
        /// What was asked for.
        what: String,
    },
    /// 401
    #[error("registry `{registry}` wants to know who asks (401): {url}")]
    #[diagnostic(
        code(larder::fetch::unauthorized),
        help("give registry `{registry}` a `token` in larder.kdl, and check that the token is set and still valid")
    )]
    Unauthorized {
        /// The registry.
        registry: Label,
        /// The URL.
        url: String,
    },
    /// 403
    #[error("registry `{registry}` refuses this (403): {url}")]
    #[diagnostic(code(larder::fetch::forbidden), help("check what the token of registry `{registry}` may read"))]
    Forbidden {
        /// The registry.
        registry: Label,
        /// The URL.
        url: String,
    },
    /// 401 or 403 of a URL that the registry's token is not sent to.
    #[error("registry `{registry}` wants to know who asks, where its token is not sent: {url}")]
    #[diagnostic(
        code(larder::fetch::outside_registry),
        help(
            "a token is for what lies below its registry's URL: declare `{registry}` with a URL that this one lies below, or keep \
             the credentials of the whole host in ~/.netrc and write `token \"netrc\"`"
        )
    )]
    OutsideRegistry {
        /// The registry.
        registry: Label,
        /// The URL.
        url: String,
    },
    /// 404 or 410
    #[error("registry `{registry}` does not have this (404): {url}")]
    #[diagnostic(code(larder::fetch::not_found), help("check the name, and which registry it belongs to"))]
    NotFound {
        /// The registry.
        registry: Label,
        /// The URL.
        url: String,
    },
    /// Another status that is no answer.
    #[error("registry `{registry}` answers {status}: {url}")]
    #[diagnostic(code(larder::fetch::status), help("try again later, or put a `mirror` beside registry `{registry}`"))]
    Status {
        /// The registry.
        registry: Label,
        /// The URL.
        url: String,
        /// The status.
        status: u16,
        /// `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
    /// No connection, or one that broke.
    #[error("registry `{registry}` cannot be reached: {reason}: {url}")]
    #[diagnostic(
        code(larder::fetch::unreachable),
        help("check the network and the URL of registry `{registry}`, or put a `mirror` beside it")
    )]
    Unreachable {
        /// The registry.
        registry: Label,
        /// The URL.
        url: String,
        /// What the connection said.
        reason: String,
    },
    /// It took too long.
    #[error("registry `{registry}` does not answer in time: {url}")]
    #[diagnostic(
        code(larder::fetch::timeout),
        help("check the network, or put a `mirror` beside registry `{registry}`")
    )]
    Timeout {
        /// The registry.
        registry: Label,
        /// The URL.
        url: String,
    },
    /// A redirect that is not followed, or a URL that is not asked.
    #[error("registry `{registry}` leads to {url}, which is {reason}")]
    #[diagnostic(code(larder::fetch::redirect), help("larder asks `https://` only, outside of this machine"))]
    Refused {
        /// The registry.
        registry: Label,
        /// The URL.
        url: String,
        /// Why it is not asked.
        reason: &'static str,
    },
    /// More bytes than anything real has.
    #[error("registry `{registry}` sends more than {limit} bytes: {url}")]
    #[diagnostic(code(larder::fetch::too_large), help("check the URL of registry `{registry}`"))]
    TooLarge {
        /// The registry.
        registry: Label,
        /// The URL.
        url: String,
        /// The bound.
        limit: u64,
    },
}

impl RequestError {
    /// Tells whether the same request may do better later, or at a mirror.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } => true,
            Self::Status { status, .. } => *status == 429 || *status == 408 || *status >= 500,
            _ => false,
        }
    }

    /// Tells whether the server could not be talked to at all.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout { .. })
    }

    /// Tells whether a server answered, and has it not there for who asks: it may be elsewhere.
    pub fn is_answer(&self) -> bool {
        match self {
            Self::Unauthorized { .. }
            | Self::Forbidden { .. }
            | Self::OutsideRegistry { .. }
            | Self::NotFound { .. }
            | Self::Refused { .. } => true,
            Self::Status { .. } => !self.is_transient(),
            _ => false,
        }
    }

    /// Tells whether the registry says that the thing does not exist.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

impl Failure for RequestError {
    fn exit(&self) -> Exit {
        Exit::Network
    }
}

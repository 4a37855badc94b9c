//! Why a request to a registry failed.

use std::fmt;

use crate::diagnostic::{Exit, Failure};
use crate::model::Label;

/// The server that was asked: a registry's own, or a mirror's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// The registry.
    pub registry: Label,
    /// Whether a mirror was asked in its place.
    pub is_mirror: bool,
}

impl Server {
    /// Returns the help text for something that the server does not have.
    fn on_missing(&self) -> String {
        if self.is_mirror {
            format!(
                "a mirror answers for registry `{}`, which is not asked then: take the mirror out (a `mirror` line, or \
                 a LARDER_MIRROR_… variable), or let it fetch what it does not have",
                self.registry
            )
        } else {
            "check the name, and which registry it belongs to".to_owned()
        }
    }
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_mirror {
            f.write_str("a mirror of ")?;
        }
        write!(f, "registry `{}`", self.registry)
    }
}

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
    #[error("{server} wants credentials (401): {url}")]
    #[diagnostic(
        code(larder::fetch::unauthorized),
        help(
            "`larder login {0}`, or give registry `{0}` a `token` in larder.kdl, and check that the token is set and still valid",
            server.registry
        )
    )]
    Unauthorized {
        /// Who was asked.
        server: Server,
        /// The URL.
        url: String,
    },
    /// 403
    #[error("{server} refuses this (403): {url}")]
    #[diagnostic(code(larder::fetch::forbidden), help("check what the token of registry `{}` may read", server.registry))]
    Forbidden {
        /// Who was asked.
        server: Server,
        /// The URL.
        url: String,
    },
    /// 401 or 403 of a URL that the registry's token is not sent to.
    #[error("registry `{registry}` wants credentials for a URL that its token is not sent to: {url}")]
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
    #[error("{server} does not have this (404): {url}")]
    #[diagnostic(code(larder::fetch::not_found), help("{}", server.on_missing()))]
    NotFound {
        /// Who was asked.
        server: Server,
        /// The URL.
        url: String,
    },
    /// Another status than those of success.
    #[error("{server} answers {status}: {url}")]
    #[diagnostic(code(larder::fetch::status), help("try again later, or put a `mirror` beside registry `{}`", server.registry))]
    Status {
        /// Who was asked.
        server: Server,
        /// The URL.
        url: String,
        /// The status.
        status: u16,
        /// `Retry-After`, in seconds.
        retry_after: Option<u64>,
    },
    /// No connection, or one that broke.
    #[error("{server} cannot be reached: {reason}: {url}")]
    #[diagnostic(
        code(larder::fetch::unreachable),
        help("check the network and the URL of registry `{}`, or put a `mirror` beside it", server.registry)
    )]
    Unreachable {
        /// Who was asked.
        server: Server,
        /// The URL.
        url: String,
        /// What the connection said.
        reason: String,
    },
    /// The server's certificate is not trusted. Trying again would not help.
    #[error("{server} shows a certificate that is not trusted: {reason}: {url}")]
    #[diagnostic(
        code(larder::fetch::certificate),
        help(
            "where your organisation signs certificates of its own, name the file of its root in SSL_CERT_FILE or \
             NODE_EXTRA_CA_CERTS; else look at the machine's clock and its root certificates"
        )
    )]
    Certificate {
        /// Who was asked.
        server: Server,
        /// The URL.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The certificate that larder is to show cannot be used.
    #[error("the client certificate for {server} cannot be used: {reason}")]
    #[diagnostic(
        code(larder::fetch::client_certificate),
        help("name a file of PEM with a certificate and its private key in SSL_CLIENT_CERT, or unset it")
    )]
    ClientCertificate {
        /// Who was asked.
        server: Server,
        /// What is wrong with it.
        reason: String,
    },
    /// It took too long.
    #[error("{server} does not answer in time: {url}")]
    #[diagnostic(
        code(larder::fetch::timeout),
        help("check the network, or put a `mirror` beside registry `{}`", server.registry)
    )]
    Timeout {
        /// Who was asked.
        server: Server,
        /// The URL.
        url: String,
    },
    /// A redirect that is not followed, or a URL that is not asked.
    #[error("{server} leads to {url}, which is {reason}")]
    #[diagnostic(code(larder::fetch::redirect), help("larder follows `https://` URLs only, except to this machine"))]
    Refused {
        /// Who was asked.
        server: Server,
        /// The URL.
        url: String,
        /// Why it is not asked.
        reason: &'static str,
    },
    /// More bytes than anything real has.
    #[error("{server} sends more than {limit} bytes: {url}")]
    #[diagnostic(code(larder::fetch::too_large), help("check the URL of registry `{}`", server.registry))]
    TooLarge {
        /// Who was asked.
        server: Server,
        /// The URL.
        url: String,
        /// The bound.
        limit: u64,
    },
}

impl RequestError {
    /// Returns the error that a status other than those of success is.
    pub(super) fn of_status(status: u16, server: Server, url: String, retry_after: Option<u64>) -> Self {
        match status {
            401 => Self::Unauthorized { server, url },
            403 => Self::Forbidden { server, url },
            404 | 410 => Self::NotFound { server, url },
            status => Self::Status { server, url, status, retry_after },
        }
    }

    /// Returns whether the same request may succeed later, or at a mirror.
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Timeout { .. } => true,
            Self::Status { status, .. } => *status == 429 || *status == 408 || *status >= 500,
            _ => false,
        }
    }

    /// Returns whether the server did not respond at all.
    pub(super) fn is_silence(&self) -> bool {
        matches!(self, Self::Unreachable { .. } | Self::Timeout { .. })
    }

    /// Returns whether the server responded that it does not serve this to the client: another place may have it.
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

    /// Returns whether the registry says that there is no such thing.
    pub fn is_not_found(&self) -> bool {
        matches!(self, Self::NotFound { .. })
    }
}

impl Failure for RequestError {
    fn exit(&self) -> Exit {
        Exit::Network
    }
}

//! Answers what a build asks of the network, out of files that are here already.
//!
//! A build has a network of its own, in which every name leads to its own loopback. There larder answers `http` and `https`:
//!
//! ```text
//! build ──what is github.com?──▶ 127.0.0.1:53       dns
//!       ──GET https://…────────▶ 127.0.0.1:80, 443  http, authority ──URL──▶ Downloads ──▶ a file, or 403
//! ```
//!
//! The sockets are made by the process that makes the network, and handed over to larder, which needs no way into it.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `authority` | certificates for all names, by an authority that lives as long as the build |
//! | `dns` | a query → the answer that it is here |
//! | `http` | a request → the URL that it asks for; the answer |
//! | `server` | the sockets and their connections |

mod authority;
mod dns;
mod http;
mod server;

use std::fmt;

use crate::fs::File;

pub(super) use server::DownloadServer;

/// The most ports that are answered at.
pub(super) const MOST_PORTS: usize = 16;

/// Where a build finds the certificates that it is to trust.
pub(super) const CERTIFICATES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/ssl/cert.pem", "/etc/pki/tls/certs/ca-bundle.crt"];

/// The variables by which programs find these certificates.
pub(super) const VARIABLES: [&str; 6] = [
    "NODE_EXTRA_CA_CERTS",
    "SSL_CERT_FILE",
    "CURL_CA_BUNDLE",
    "REQUESTS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "npm_config_cafile",
];

/// The files that a build may download.
pub trait Downloads: fmt::Debug + Send + Sync {
    /// Returns the ports besides those of `http` and `https` at which it may ask.
    fn ports(&self) -> Vec<u16>;

    /// Returns the file at a URL. Returns `None` if the build may not have it.
    fn file(&self, url: &str) -> Option<DownloadedFile>;
}

/// A file that a build may download.
#[derive(Debug)]
pub struct DownloadedFile {
    /// Its content, from the beginning.
    pub content: File,
    /// The number of its bytes.
    pub length: u64,
}

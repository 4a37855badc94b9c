//! How a client behaves.

use std::path::PathBuf;
use std::time::Duration;

use super::proxy::Proxies;
use super::retry::Retry;
use super::roots::RootCertificateSources;

/// How a [`Client`](super::Client) behaves.
#[derive(Clone, Debug)]
pub struct ClientOptions {
    /// Whether servers may be asked; folders always may.
    pub network: Network,
    /// For a connection to be made.
    pub connect_timeout: Duration,
    /// For an answer to begin, and for each further part of it.
    pub read_timeout: Duration,
    /// When to try again.
    pub retry: Retry,
    /// Which servers are asked through a proxy.
    pub proxies: Proxies,
    /// Which certificates are trusted.
    pub roots: RootCertificateSources,
    /// `SSL_CLIENT_CERT`: a file of PEM with a certificate and its private key, for registries that want one. Hosts that a
    /// registry only leads to do not see it.
    pub identity: Option<PathBuf>,
}

/// Whether servers may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Network {
    /// They may.
    #[default]
    Online,
    /// Only what is on this machine answers.
    Offline,
}

impl Default for ClientOptions {
    fn default() -> Self {
        Self {
            network: Network::Online,
            connect_timeout: Duration::from_secs(10),
            read_timeout: Duration::from_secs(30),
            retry: Retry::default(),
            proxies: Proxies::default(),
            roots: RootCertificateSources::default(),
            identity: None,
        }
    }
}

//! The clients of all that is asked by HTTP.

use std::time::Duration;

use larder::diagnostic::{Exit, Failure};
use larder::fetch::{ClientOptions, Proxies};
use larder::model::Url;

/// A receiver that takes longer for an alert did not take it.
const SENDING_TIME_LIMIT: Duration = Duration::from_secs(10);

/// Returns the client that looks at services: each connection is new, as one that was kept says nothing about a service, and no
/// proxy is asked, as services are near.
///
/// # Errors
/// There are no root certificates, or no client can be made.
pub fn probing_client(options: &ClientOptions) -> Result<reqwest::Client, WebError> {
    Ok(builder(options)?.no_proxy().pool_max_idle_per_host(0).build()?)
}

/// Returns the client that sends alerts.
///
/// # Errors
/// There are no root certificates, or no client can be made.
pub fn sending_client(options: &ClientOptions) -> Result<reqwest::Client, WebError> {
    let proxies: Proxies = options.proxies.clone();
    let proxy = reqwest::Proxy::custom(move |url| {
        let url: Url = url.as_str().parse().ok()?;
        proxies.address_for(&url).map(|address| address.inner().clone())
    });
    Ok(builder(options)?.no_proxy().proxy(proxy).timeout(SENDING_TIME_LIMIT).build()?)
}

fn builder(options: &ClientOptions) -> Result<reqwest::ClientBuilder, WebError> {
    // One provider of cryptography serves the whole process; a second call changes nothing.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let roots = options.roots.certificates().map_err(WebError::NoRoots)?;
    let roots = roots.iter().map(|der| reqwest::Certificate::from_der(der)).collect::<Result<Vec<_>, _>>()?;
    let agent = concat!("larder-monitor/", env!("CARGO_PKG_VERSION"));
    let policy = reqwest::redirect::Policy::none();
    Ok(reqwest::Client::builder().user_agent(agent).tls_certs_only(roots).redirect(policy).referer(false))
}

/// Why nothing can be asked by HTTP.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum WebError {
    /// No certificate is trusted.
    #[error("there are no root certificates: {0}")]
    #[diagnostic(
        code(larder::monitor::no_roots),
        help("install the system's (`ca-certificates`), or name a file in SSL_CERT_FILE")
    )]
    NoRoots(String),
    /// The client.
    #[error("no client for HTTP can be made: {0}")]
    #[diagnostic(code(larder::monitor::no_client))]
    Client(#[from] reqwest::Error),
}

impl Failure for WebError {
    fn exit(&self) -> Exit {
        Exit::Machine
    }
}

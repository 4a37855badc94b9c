//! How a command asks: whether it may, through which proxies, trusting which certificates.

use crate::diagnostic::{Exit, Failure};
use crate::fetch::{BadProxy, ClientOptions, Network, Proxies, RootCertificateSources};

use super::{Context, Result, Variables};

/// Returns how a command asks.
pub fn client_options(context: &Context<'_>) -> Result<ClientOptions> {
    Ok(ClientOptions {
        network: if context.offline { Network::Offline } else { Network::Online },
        proxies: Proxies::read(|name| context.variables.text(name)).map_err(BadProxyVariable)?,
        roots: roots(&context.variables),
        identity: context.variables.path("SSL_CLIENT_CERT"),
        ..ClientOptions::default()
    })
}

/// Returns which certificates the variables want trusted.
fn roots(variables: &Variables) -> RootCertificateSources {
    let folders = variables.path("SSL_CERT_DIR").map(|list| std::env::split_paths(&list).collect::<Vec<_>>());
    RootCertificateSources {
        file: variables.path("SSL_CERT_FILE"),
        folders: folders.unwrap_or_default().into_iter().filter(|folder| !folder.as_os_str().is_empty()).collect(),
        extra: variables.path("NODE_EXTRA_CA_CERTS"),
        has_empty_file: variables.is_set("SSL_CERT_FILE") && variables.path("SSL_CERT_FILE").is_none(),
    }
}

/// A proxy's variable that names none.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error(transparent)]
#[diagnostic(code(larder::registry::bad_proxy), help("it is written http://HOST:PORT or socks5://HOST:PORT"))]
struct BadProxyVariable(BadProxy);

impl Failure for BadProxyVariable {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

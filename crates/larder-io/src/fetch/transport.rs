//! HTTP connections, TLS, and the runtime that drives them.
//!
//! Callers are plain threads. Each request is a task of the runtime, which sends back the head of the response with the beginning
//! of its body. The runtime starts with the first request.

use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::HeaderMap;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::connection_error::{SendError, innermost, is_hang_up, send_error};
use super::dns_cache::CachingResolver;
use super::options::ClientOptions;
use super::pace::Pace;
use super::proxy;
use super::received_body::{BodySender, ReceivedBody};
use crate::fs;
use crate::model::Url;

/// The threads that drive the connections. They neither inflate nor hash, so two are enough for any number of processors.
const WORKERS: usize = 2;

/// Tasks that run one after the other before a connection can be used again.
const TASKS_PER_RELEASE: usize = 3;

/// The number of idle connections to a host that are kept, and for how long.
const IDLE_CONNECTIONS: usize = 64;
const IDLE_FOR: Duration = Duration::from_secs(30);

/// Sends HTTP requests. Nothing is set up before the first request, and no certificates are read before the first `https` request.
#[derive(Default)]
pub(super) struct Transport {
    runtime: OnceLock<Result<Runtime, String>>,
    plain: OnceLock<Result<Pool, String>>,
    secure: OnceLock<Result<SecurePools, SendError>>,
}

/// A connection pool, and a client that never reuses a connection.
#[derive(Clone)]
struct Pool {
    kept: reqwest::Client,
    fresh: Arc<Fresh>,
}

type Fresh = LazyLock<Result<reqwest::Client, String>, Box<dyn FnOnce() -> Result<reqwest::Client, String> + Send>>;

/// The connection pools for `https`.
struct SecurePools {
    /// For registries' own hosts, which see the client certificate if there is one.
    registries: Pools,
    /// For all other hosts.
    others: Pools,
    /// Why some root certificates could not be read.
    unread: Option<String>,
}

/// The pools for a direct connection and for one through the proxy.
#[derive(Clone)]
struct Pools {
    direct: Pool,
    /// Through the proxy, if there is one.
    proxied: Option<Pool>,
}

/// Whether a host is the registry's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum HostRole {
    /// A registry's own, or that of a mirror.
    Registry,
    /// Another host, which a document or a redirect of a registry leads to.
    Other,
}

/// The head of a response with the beginning of its body.
pub(super) struct TransportResponse {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// The number of bytes in the body, if it is known.
    pub(super) length: Option<u64>,
    pub(super) body: ReceivedBody,
}

impl TransportResponse {
    /// Returns a header. Returns `None` if it is missing or no text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Transport {
    /// Sends a request and waits for the response: `GET`, unless there is a body. `pace` limits how slowly the response may
    /// arrive.
    pub(super) fn exchange(
        &self,
        options: &ClientOptions,
        (url, host_role): (&Url, HostRole),
        (headers, body): (HeaderMap, Option<(reqwest::Method, Bytes)>),
        pace: Pace,
    ) -> Result<TransportResponse, SendError> {
        let pool = self.pool(options, url, host_role)?.clone();
        let (method, body) = body.map_or((reqwest::Method::GET, None), |(method, body)| (method, Some(body)));
        let mut request = reqwest::Request::new(method, url.inner().clone());
        *request.headers_mut() = headers;
        *request.body_mut() = body.map(Into::into);
        let runtime = self.runtime.get_or_init(start).as_ref().map_err(|error| SendError::Failed(error.clone()))?;
        let span = tracing::debug_span!("request", url = %url.masked(), status = tracing::field::Empty).entered();
        let (tell, told) = oneshot::channel();
        runtime.spawn(transfer(pool, request, pace, tell));
        match told.blocking_recv() {
            Ok(Err(SendError::Distrusted(reason))) => Err(SendError::Distrusted(self.with_unread(&reason))),
            Ok(answer) => {
                match &answer {
                    Ok(answer) => span.record("status", answer.status),
                    Err(error) => span.record("status", tracing::field::debug(error)),
                };
                answer
            }
            Err(_) => Err(SendError::Failed("the connection's thread ended".to_owned())),
        }
    }

    fn pool(&self, options: &ClientOptions, url: &Url, host_role: HostRole) -> Result<&Pool, SendError> {
        if !url.is_encrypted() {
            let plain = self.plain.get_or_init(|| Pool::new(ConnectionSettings::of(options)));
            return plain.as_ref().map_err(|error| SendError::Failed(error.clone()));
        }
        let secure = self.secure.get_or_init(|| SecurePools::new(options)).as_ref().map_err(Clone::clone)?;
        let pools = if host_role == HostRole::Registry { &secure.registries } else { &secure.others };
        let proxied = pools.proxied.as_ref().filter(|_| options.proxies.of(url).is_some());
        Ok(proxied.unwrap_or(&pools.direct))
    }

    /// Adds to the reason which root certificates could not be read.
    fn with_unread(&self, reason: &str) -> String {
        let unread = self.secure.get().and_then(|secure| secure.as_ref().ok()?.unread.as_ref());
        unread.map_or_else(|| reason.to_owned(), |unread| format!("{reason} ({unread})"))
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        // Responses that still arrive are dropped.
        if let Some(Ok(runtime)) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl std::fmt::Debug for Transport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Transport")
    }
}

/// The settings of a connection pool.
#[derive(Clone)]
struct ConnectionSettings {
    connect_timeout: Duration,
    roots: Vec<reqwest::Certificate>,
    proxy: Option<reqwest::Proxy>,
    identity: Option<reqwest::Identity>,
    names: Arc<CachingResolver>,
}

impl ConnectionSettings {
    fn of(options: &ClientOptions) -> Self {
        let (roots, names) = (Vec::new(), Arc::default());
        Self { connect_timeout: options.connect_timeout, roots, proxy: None, identity: None, names }
    }

    fn build(self, idle: usize) -> Result<reqwest::Client, String> {
        // One provider of cryptography serves the whole process; a second call changes nothing.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let builder = reqwest::Client::builder()
            .user_agent(concat!("larder/", env!("CARGO_PKG_VERSION")))
            .tls_certs_only(self.roots)
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(self.connect_timeout)
            .tcp_keepalive(None)
            .pool_max_idle_per_host(idle)
            .pool_idle_timeout(IDLE_FOR)
            .dns_resolver(self.names)
            // The variables for proxies were read already.
            .no_proxy();
        let builder = self.proxy.into_iter().fold(builder, reqwest::ClientBuilder::proxy);
        let builder = self.identity.into_iter().fold(builder, reqwest::ClientBuilder::identity);
        builder.build().map_err(|error| innermost(&error))
    }
}

impl Pool {
    fn new(setup: ConnectionSettings) -> Result<Self, String> {
        let kept = setup.clone().build(IDLE_CONNECTIONS)?;
        let fresh: Arc<Fresh> = Arc::new(LazyLock::new(Box::new(move || setup.build(0))));
        Ok(Self { kept, fresh })
    }
}

impl SecurePools {
    fn new(options: &ClientOptions) -> Result<Self, SendError> {
        let no_roots = |reason| SendError::Distrusted(format!("no root certificates: {reason}"));
        let found = options.roots.load().map_err(no_roots)?;
        let failed = SendError::Failed;
        let roots = found.certificates.iter().map(|der| reqwest::Certificate::from_der(der));
        let roots = roots.collect::<Result<_, _>>().map_err(|error| failed(innermost(&error)))?;
        let setup = ConnectionSettings { roots, ..ConnectionSettings::of(options) };
        let others = Pools::new(&setup, options).map_err(failed)?;
        let registries = match &options.identity {
            None => others.clone(),
            Some(file) => {
                let identity = Some(identity(file).map_err(SendError::NoIdentity)?);
                Pools::new(&ConnectionSettings { identity, ..setup }, options).map_err(SendError::NoIdentity)?
            }
        };
        Ok(Self { registries, others, unread: found.unread })
    }
}

impl Pools {
    fn new(setup: &ConnectionSettings, options: &ClientOptions) -> Result<Self, String> {
        let through = |proxy: &proxy::ProxyUrl| {
            let proxy = reqwest::Proxy::all(proxy.url().clone()).map_err(|error| innermost(&error))?;
            Pool::new(ConnectionSettings { proxy: Some(proxy), ..setup.clone() })
        };
        let proxied = options.proxies.proxy().map(through).transpose()?;
        Ok(Self { direct: Pool::new(setup.clone())?, proxied })
    }
}

/// Reads the client certificate.
fn identity(file: &Path) -> Result<reqwest::Identity, String> {
    let pem = fs::read(file).map_err(|error| error.to_string())?;
    reqwest::Identity::from_pem(&pem).map_err(|error| format!("{}: {}", file.display(), innermost(&error)))
}

fn start() -> Result<Runtime, String> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    // Names are looked up by threads of their own.
    let builder = builder.worker_threads(WORKERS).max_blocking_threads(8).thread_name("larder-net");
    builder.enable_all().build().map_err(|error| format!("no threads for connections: {error}"))
}

/// Sends a request and waits for the head of the response.
async fn execute(pool: &Pool, request: reqwest::Request) -> Result<reqwest::Response, reqwest::Error> {
    let again = request.try_clone();
    match (pool.kept.execute(request).await, again) {
        // A server may close a connection that was kept at the moment when it is used again.
        (Err(error), Some(again)) if is_hang_up(&error) => match &**pool.fresh {
            Ok(fresh) => fresh.execute(again).await,
            Err(_) => Err(error),
        },
        (answer, _) => answer,
    }
}

/// Makes one request: sends back the head with the first piece of the body, then the rest of the body as it is read.
async fn transfer(
    pool: Pool,
    request: reqwest::Request,
    pace: Pace,
    tell: oneshot::Sender<Result<TransportResponse, SendError>>,
) {
    let response = match tokio::time::timeout(pace.patience(), execute(&pool, request)).await {
        Ok(Ok(response)) => response,
        Ok(Err(error)) => {
            let _ = tell.send(Err(send_error(&error)));
            return;
        }
        Err(_) => {
            let _ = tell.send(Err(SendError::Timeout));
            return;
        }
    };
    let (status, length) = (response.status().as_u16(), response.content_length());
    let headers = response.headers().clone();
    let mut arriving = BodySender::new(response, pace);
    let (body, rest) = arriving.begin().await;
    if rest.is_none() {
        // The receiver makes its next request at once. If the connection is not free by then, another one is made.
        for _ in 0..TASKS_PER_RELEASE {
            tokio::task::yield_now().await;
        }
    }
    if tell.send(Ok(TransportResponse { status, headers, length, body })).is_ok()
        && let Some(rest) = rest
    {
        arriving.send_on(rest).await;
    }
}

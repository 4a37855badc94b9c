//! HTTP itself: connections, TLS and the runtime that drives them.
//!
//! Callers are plain threads and stay so: each request is one task of the runtime, which hands back the head of the answer
//! together with the beginning of its body. The runtime starts with the first request; a run that asks nobody has none.

use std::path::Path;
use std::sync::{Arc, LazyLock, OnceLock};
use std::time::Duration;

use reqwest::header::HeaderMap;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

use super::arriving::{Arriving, Pieces};
use super::connection_error::{SendError, innermost, is_hang_up, send_error};
use super::first_requests::FirstRequests;
use super::lookup::Remembering;
use super::options::ClientOptions;
use super::pace::Pace;
use super::proxy;
use crate::fs;
use crate::model::Url;

/// The threads that drive the connections. They inflate and hash nothing, so that two keep up with any number of processors.
const WORKERS: usize = 2;

/// Tasks through whose hands a connection goes before it can be used again.
const HANDS: usize = 3;

/// Connections of a host that are kept while nobody uses them, and for how long.
const IDLE_CONNECTIONS: usize = 64;
const IDLE_FOR: Duration = Duration::from_secs(30);

/// Speaks HTTP. Nothing is set up before the first request needs it, and no certificates are read before the first `https` one.
#[derive(Default)]
pub(super) struct Transport {
    runtime: OnceLock<Result<Runtime, String>>,
    plain: OnceLock<Result<Agent, String>>,
    secure: OnceLock<Result<Secure, SendError>>,
}

/// A pool of connections, and what makes connections that are new in any case.
#[derive(Clone)]
struct Agent {
    kept: reqwest::Client,
    fresh: Arc<Fresh>,
    first_requests: Arc<FirstRequests>,
}

type Fresh = LazyLock<Result<reqwest::Client, String>, Box<dyn FnOnce() -> Result<reqwest::Client, String> + Send>>;

/// What `https` is spoken with.
struct Secure {
    /// To registries' own hosts, which see the user's certificate if there is one.
    registries: Ways,
    /// To all others.
    others: Ways,
    /// Roots that could not be read.
    unread: Option<String>,
}

/// The ways to a server.
#[derive(Clone)]
struct Ways {
    direct: Agent,
    /// Through the proxy, if there is one.
    proxied: Option<Agent>,
}

/// Whose host is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    /// A registry's own, or that of a mirror.
    Registry,
    /// One that a registry leads to.
    Other,
}

/// The head of an answer with the beginning of its body.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    /// The number of bytes in the body, if it is known.
    pub(super) length: Option<u64>,
    pub(super) body: Pieces,
}

impl Answer {
    /// Returns a header that is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }
}

impl Transport {
    /// Sends a request and waits for its answer. The body may take so long as `pace` says.
    pub(super) fn send(
        &self,
        options: &ClientOptions,
        (url, asked): (&Url, Asked),
        headers: HeaderMap,
        pace: Pace,
    ) -> Result<Answer, SendError> {
        let agent = self.agent(options, url, asked)?.clone();
        let mut request = reqwest::Request::new(reqwest::Method::GET, url.inner().clone());
        *request.headers_mut() = headers;
        let runtime = self.runtime.get_or_init(start).as_ref().map_err(|error| SendError::Failed(error.clone()))?;
        let span = tracing::debug_span!("request", url = %url.masked(), status = tracing::field::Empty).entered();
        let (tell, told) = oneshot::channel();
        runtime.spawn(transfer(agent, request, pace, tell));
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

    fn agent(&self, options: &ClientOptions, url: &Url, asked: Asked) -> Result<&Agent, SendError> {
        if !url.is_encrypted() {
            let plain = self.plain.get_or_init(|| Agent::new(Setup::of(options)));
            return plain.as_ref().map_err(|error| SendError::Failed(error.clone()));
        }
        let secure = self.secure.get_or_init(|| Secure::new(options)).as_ref().map_err(Clone::clone)?;
        let ways = if asked == Asked::Registry { &secure.registries } else { &secure.others };
        let proxied = ways.proxied.as_ref().filter(|_| options.proxies.of(url).is_some());
        Ok(proxied.unwrap_or(&ways.direct))
    }

    /// Adds to the reason of a distrust which roots could not be read.
    fn with_unread(&self, reason: &str) -> String {
        let unread = self.secure.get().and_then(|secure| secure.as_ref().ok()?.unread.as_ref());
        unread.map_or_else(|| reason.to_owned(), |unread| format!("{reason} ({unread})"))
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        // Whatever still arrives is for nobody.
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

/// What connections are made with.
#[derive(Clone)]
struct Setup {
    connect_timeout: Duration,
    read_timeout: Duration,
    roots: Vec<reqwest::Certificate>,
    proxy: Option<reqwest::Proxy>,
    identity: Option<reqwest::Identity>,
    names: Arc<Remembering>,
}

impl Setup {
    fn of(options: &ClientOptions) -> Self {
        let (connect_timeout, read_timeout) = (options.connect_timeout, options.read_timeout);
        let (roots, names) = (Vec::new(), Arc::default());
        Self { connect_timeout, read_timeout, roots, proxy: None, identity: None, names }
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
            .read_timeout(self.read_timeout)
            .tcp_keepalive(None)
            .pool_max_idle_per_host(idle)
            .pool_idle_timeout(IDLE_FOR)
            .dns_resolver(self.names)
            // Never what the environment says: that was read already.
            .no_proxy();
        let builder = self.proxy.into_iter().fold(builder, reqwest::ClientBuilder::proxy);
        let builder = self.identity.into_iter().fold(builder, reqwest::ClientBuilder::identity);
        builder.build().map_err(|error| innermost(&error))
    }
}

impl Agent {
    fn new(setup: Setup) -> Result<Self, String> {
        let kept = setup.clone().build(IDLE_CONNECTIONS)?;
        let fresh: Arc<Fresh> = Arc::new(LazyLock::new(Box::new(move || setup.build(0))));
        Ok(Self { kept, fresh, first_requests: Arc::default() })
    }
}

impl Secure {
    fn new(options: &ClientOptions) -> Result<Self, SendError> {
        let no_roots = |reason| SendError::Distrusted(format!("no root certificates: {reason}"));
        let found = options.roots.load().map_err(no_roots)?;
        let failed = SendError::Failed;
        let roots = found.certificates.iter().map(|der| reqwest::Certificate::from_der(der));
        let roots = roots.collect::<Result<_, _>>().map_err(|error| failed(innermost(&error)))?;
        let setup = Setup { roots, ..Setup::of(options) };
        let others = Ways::new(&setup, options).map_err(failed)?;
        let registries = match &options.identity {
            None => others.clone(),
            Some(file) => {
                let identity = Some(identity(file).map_err(SendError::NoIdentity)?);
                Ways::new(&Setup { identity, ..setup }, options).map_err(SendError::NoIdentity)?
            }
        };
        Ok(Self { registries, others, unread: found.unread })
    }
}

impl Ways {
    fn new(setup: &Setup, options: &ClientOptions) -> Result<Self, String> {
        let through = |proxy: &proxy::ProxyUrl| {
            let proxy = reqwest::Proxy::all(proxy.url().clone()).map_err(|error| innermost(&error))?;
            Agent::new(Setup { proxy: Some(proxy), ..setup.clone() })
        };
        let proxied = options.proxies.proxy().map(through).transpose()?;
        Ok(Self { direct: Agent::new(setup.clone())?, proxied })
    }
}

/// Reads the user's certificate.
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

/// Does one request: tells the head with the first piece of the body, then the rest of it as somebody takes it.
async fn transfer(
    agent: Agent,
    request: reqwest::Request,
    pace: Pace,
    tell: oneshot::Sender<Result<Answer, SendError>>,
) {
    let again = request.try_clone();
    let first = agent.first_requests.wait(request.url()).await;
    let answer = agent.kept.execute(request).await;
    drop(first);
    let response = match (answer, again) {
        // A server may close a connection that was kept at the moment when it is used again.
        (Err(error), Some(again)) if is_hang_up(&error) => match &**agent.fresh {
            Ok(fresh) => fresh.execute(again).await,
            Err(_) => Err(error),
        },
        (answer, _) => answer,
    };
    let response = match response {
        Ok(response) => response,
        Err(error) => {
            let _ = tell.send(Err(send_error(&error)));
            return;
        }
    };
    let (status, length) = (response.status().as_u16(), response.content_length());
    let headers = response.headers().clone();
    let mut arriving = Arriving::new(response, pace);
    let (body, rest) = arriving.begin().await;
    if rest.is_none() {
        // Who is told now asks for the next thing: the connection is to be free by then, or another one is made.
        for _ in 0..HANDS {
            tokio::task::yield_now().await;
        }
    }
    if tell.send(Ok(Answer { status, headers, length, body })).is_ok()
        && let Some(rest) = rest
    {
        arriving.send_on(rest).await;
    }
}

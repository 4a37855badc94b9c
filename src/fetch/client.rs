//! The HTTP client: blocking, with a pool of connections, retries, mirrors and folders that stand for servers.

use std::io::{self, Read};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use ureq::http;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::transport::DefaultConnector;

use super::budget::{self, Budget, Held};
use super::endpoint::Place;
use super::failure::Server;
use super::gunzip::{Gunzip, inflate_at_once, length_at_end};
use super::pace::Pace;
use super::proxy::{Proxies, ProxyUrl};
use super::request::{Body, Document};
use super::resolver::Remembering;
use super::roots::{self, RootSources};
use super::{
    ByteRange, Content, Encoding, Endpoint, Request, RequestError, Response, Retry, Target, folder, retry, url,
};

const REDIRECTS: usize = 10;

/// How long a document may take to arrive, and how long a file.
const DOCUMENT_DEADLINE: Duration = Duration::from_secs(10 * 60);
const FILE_DEADLINE: Duration = Duration::from_secs(6 * 60 * 60);

/// Several times what the largest listing of a public registry has; several are read at the same time.
const LARGEST_DOCUMENT: u64 = 256 << 20;

/// How a [`Client`] behaves.
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
    pub roots: RootSources,
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
            roots: RootSources::default(),
        }
    }
}

/// Asks registries. Connections are kept and shared; nothing is set up before the first request needs it, and no
/// certificates are read before the first `https` one.
pub struct Client {
    options: ClientOptions,
    plain: OnceLock<ureq::Agent>,
    secure: OnceLock<Result<Secure, String>>,
    budget: Arc<Budget>,
}

/// What `https` is spoken with.
struct Secure {
    direct: ureq::Agent,
    /// Through the proxy, where there is one.
    proxied: Option<ureq::Agent>,
    /// Roots that could not be read.
    unread: Option<String>,
}

impl Client {
    /// Returns a client; this costs nothing.
    pub fn new(options: ClientOptions) -> Self {
        Self { options, plain: OnceLock::new(), secure: OnceLock::new(), budget: Arc::default() }
    }

    /// Tells whether servers may be asked.
    pub fn network(&self) -> Network {
        self.options.network
    }

    /// Asks a registry, and its mirrors in order where it does not answer; again, after a pause, where none does.
    pub fn get(&self, endpoint: &Arc<Endpoint>, request: &Request<'_>) -> Result<Response, RequestError> {
        self.persist(endpoint, request, |response| {
            let length = response.length.filter(|_| !response.body.is_gzip);
            Ok(Response { length, body: response.body.inflated(), ..response })
        })
    }

    /// Like [`get`](Self::get), with the body read to its end; a connection that breaks meanwhile is tried again.
    pub fn read(&self, endpoint: &Arc<Endpoint>, request: &Request<'_>) -> Result<Document, RequestError> {
        self.persist(endpoint, request, |mut response| {
            let limit = request.limit.unwrap_or(LARGEST_DOCUMENT);
            response.body.pace = response.body.pace.map(|pace| pace.within(DOCUMENT_DEADLINE));
            match read_whole(&mut response, limit, &self.budget) {
                Err(NotRead::TooLarge(limit)) => {
                    let (server, url) = (response.server, url::masked(&response.url));
                    Err(RequestError::TooLarge { server, url, limit })
                }
                Ok((bytes, held)) => Ok(Document { response, bytes, _held: held }),
                Err(NotRead::Broken(error)) => Err(read_failure(response.server, &response.url, &error)),
            }
        })
    }

    fn persist<T>(
        &self,
        endpoint: &Arc<Endpoint>,
        request: &Request<'_>,
        finish: impl Fn(Response) -> Result<T, RequestError>,
    ) -> Result<T, RequestError> {
        let mut tries = 0;
        loop {
            let error = match self.everywhere(endpoint, request, &finish) {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            tries += 1;
            match self.options.retry.pause(tries, &error, retry::random()) {
                Some(pause) => std::thread::sleep(pause),
                None => return Err(error),
            }
        }
    }

    /// Tries each place once. A URL of its own is asked once, with the credentials of the place on whose host it is.
    fn everywhere<T>(
        &self,
        endpoint: &Arc<Endpoint>,
        request: &Request<'_>,
        finish: &impl Fn(Response) -> Result<T, RequestError>,
    ) -> Result<T, RequestError> {
        if let Target::At(at) = request.target {
            if request.stated_by.is_some_and(|by| by.starts_with("https://")) && !at.starts_with("https://") {
                return Err(refused(endpoint.server(None), at, "not https"));
            }
            let homes = || endpoint.places().iter().filter(|place| is_home(place, at));
            let home = homes().find(|place| place.authorization(at).is_some()).or_else(|| homes().next());
            return self.once(endpoint, home, at, request).and_then(finish);
        }
        let mut first = None;
        for (index, place) in endpoint.in_order() {
            let error = match self.once(endpoint, Some(place), &request.target.url(place), request).and_then(finish) {
                Ok(answer) => return Ok(answer),
                Err(error) if error.is_transient() || matches!(error, RequestError::Offline { .. }) => error,
                Err(error) => return Err(error),
            };
            if error.is_silence() {
                endpoint.skip(index);
            }
            first.get_or_insert(error);
        }
        Err(first.unwrap_or_else(|| missing(endpoint, &request.target.what())))
    }

    fn once(
        &self,
        endpoint: &Arc<Endpoint>,
        place: Option<&Place>,
        url: &str,
        request: &Request<'_>,
    ) -> Result<Response, RequestError> {
        if let Some(place) = place.filter(|place| place.on_disk().is_some()) {
            return folder::open(endpoint, place, url, request);
        }
        if self.options.network == Network::Offline {
            return Err(RequestError::Offline { registry: endpoint.name().clone(), what: request.target.what() });
        }
        let permit = endpoint.permit();
        endpoint.keep_pace();
        let (answer, url) = self.follow(endpoint, place, url, request)?;
        let header = |name: &str| answer.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let content = match answer.status().as_u16() {
            304 => Content::NotModified,
            206 => part(header("content-range").as_deref()).unwrap_or(Content::UnknownPart),
            _ => Content::Whole,
        };
        Ok(Response {
            url,
            base: place.map_or_else(String::new, |place| place.url().to_owned()),
            server: endpoint.server(place),
            content,
            etag: header("etag"),
            last_modified: header("last-modified"),
            max_age: header("cache-control").as_deref().and_then(max_age),
            length: answer.body().content_length(),
            body: Body {
                is_gzip: header("content-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("gzip")),
                reader: Box::new(answer.into_body().into_reader()),
                permit: Some(permit),
                pace: Some(Pace::new(self.options.read_timeout, FILE_DEADLINE)),
            },
        })
    }

    /// Asks one server and follows its redirects. Credentials go to the host that they are for and to no other.
    fn follow(
        &self,
        endpoint: &Endpoint,
        place: Option<&Place>,
        url: &str,
        request: &Request<'_>,
    ) -> Result<(http::Response<ureq::Body>, String), RequestError> {
        let server = endpoint.server(place);
        let refused = |url: &str, reason| Err(refused(server.clone(), url, reason));
        let mut url = url.to_owned();
        for _ in 0..=REDIRECTS {
            if !url::is_safe(&url) {
                return refused(&url, "not https");
            }
            let authorization = place.and_then(|place| place.authorization(&url)).map(super::Authorization::header);
            let answer = self.send(&server, &url, request, authorization)?;
            match answer.status().as_u16() {
                200 | 203 | 206 | 304 => return Ok((answer, url)),
                301 | 302 | 303 | 307 | 308 => {
                    let Some(location) = answer.headers().get("location").and_then(|value| value.to_str().ok()) else {
                        return refused(&url, "a redirect to nowhere");
                    };
                    let next = url::join(&url, location);
                    if url.starts_with("https://") && !next.starts_with("https://") {
                        return refused(&next, "not https");
                    }
                    url = next;
                }
                401 | 403 if place.is_some_and(|place| place.withholds(&url)) => {
                    let (registry, url) = (endpoint.name().clone(), url::masked(&url));
                    return Err(RequestError::OutsideRegistry { registry, url });
                }
                status => {
                    let error = refusal(&server, &url, status, &answer);
                    // A short body is read to its end, so that the connection can be used again.
                    let _ = io::copy(&mut answer.into_body().into_reader().take(16 << 10), &mut io::sink());
                    return Err(error);
                }
            }
        }
        refused(&url, "one redirect too many")
    }

    fn send(
        &self,
        server: &Server,
        url: &str,
        request: &Request<'_>,
        authorization: Option<&str>,
    ) -> Result<http::Response<ureq::Body>, RequestError> {
        let distrusted = |reason| RequestError::Certificate { server: server.clone(), url: url::masked(url), reason };
        let agent = self.agent(url).map_err(|reason| distrusted(format!("no root certificates: {reason}")))?;
        let range = request.range.map(|range| match range {
            ByteRange::Last(count) => format!("bytes=-{count}"),
            ByteRange::Between(start, end) => format!("bytes={start}-{}", end.saturating_sub(1)),
            ByteRange::From(start) => format!("bytes={start}-"),
        });
        let is_identity = range.is_some() || request.encoding == Encoding::Identity;
        let headers = [
            ("accept", request.accept),
            ("accept-encoding", Some(if is_identity { "identity" } else { "gzip" })),
            ("authorization", authorization),
            ("if-none-match", request.etag),
            ("if-modified-since", request.last_modified.filter(|_| request.etag.is_none())),
            ("range", range.as_deref()),
        ];
        let ask = |connection: Connection| {
            let call = match connection {
                Connection::Any => agent.get(url),
                Connection::New => agent.get(url).config().max_idle_age(Duration::ZERO).build(),
            };
            let headers = headers.into_iter().filter_map(|(name, value)| value.map(|value| (name, value)));
            headers.fold(call, |call, (name, value)| call.header(name, value)).call()
        };
        // A server may close a connection that was kept at the moment when it is used again.
        let answer = match ask(Connection::Any) {
            Err(error) if is_hang_up(&error) => ask(Connection::New),
            answer => answer,
        };
        answer.map_err(|error| match error {
            ureq::Error::Timeout(_) => timeout(server.clone(), url),
            ureq::Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => timeout(server.clone(), url),
            error => match roots::distrust(&error.to_string()) {
                Some(reason) => distrusted(self.with_unread(&reason)),
                None => unreachable(server.clone(), url, error.to_string()),
            },
        })
    }

    fn agent(&self, url: &str) -> Result<&ureq::Agent, String> {
        if !url.starts_with("https://") {
            return Ok(self.plain.get_or_init(|| self.connect_with(RootCerts::from([]), None)));
        }
        let secure = self.secure.get_or_init(|| self.secure()).as_ref().map_err(Clone::clone)?;
        let proxied = secure.proxied.as_ref().filter(|_| self.options.proxies.of(url).is_some());
        Ok(proxied.unwrap_or(&secure.direct))
    }

    fn secure(&self) -> Result<Secure, String> {
        let found = self.options.roots.load()?;
        let roots: RootCerts = found.certificates.iter().map(|der| Certificate::from_der(der).to_owned()).into();
        let through = |proxy: &ProxyUrl| ureq::Proxy::new(proxy.as_str()).map_err(|error| error.to_string());
        let proxy = self.options.proxies.proxy().map(through).transpose()?;
        Ok(Secure {
            proxied: proxy.map(|proxy| self.connect_with(roots.clone(), Some(proxy))),
            direct: self.connect_with(roots, None),
            unread: found.unread,
        })
    }

    /// Adds to the reason of a distrust which roots could not be read.
    fn with_unread(&self, reason: &str) -> String {
        let unread = self.secure.get().and_then(|secure| secure.as_ref().ok()?.unread.as_ref());
        unread.map_or_else(|| reason.to_owned(), |unread| format!("{reason} ({unread})"))
    }

    fn connect_with(&self, roots: RootCerts, proxy: Option<ureq::Proxy>) -> ureq::Agent {
        let tls = TlsConfig::builder().root_certs(roots).build();
        let config = ureq::Agent::config_builder()
            .tls_config(tls)
            // Never what the environment says: that was read already.
            .proxy(proxy)
            .http_status_as_error(false)
            .max_redirects(0)
            .user_agent(concat!("larder/", env!("CARGO_PKG_VERSION")))
            .timeout_resolve(Some(self.options.connect_timeout))
            .timeout_connect(Some(self.options.connect_timeout))
            .timeout_recv_response(Some(self.options.read_timeout))
            .timeout_per_read(Some(self.options.read_timeout))
            .input_buffer_size(64 << 10)
            .output_buffer_size(8 << 10)
            .max_idle_connections(256)
            .max_idle_connections_per_host(64)
            .max_idle_age(Duration::from_secs(30))
            .build();
        ureq::Agent::with_parts(config, DefaultConnector::default(), Remembering::default())
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new(ClientOptions::default())
    }
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("options", &self.options).finish_non_exhaustive()
    }
}

/// Which connection a request takes.
#[derive(Clone, Copy)]
enum Connection {
    /// One that was kept, where there is one.
    Any,
    /// A new one.
    New,
}

/// Tells whether a connection ended before an answer came.
fn is_hang_up(error: &ureq::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};

    let ureq::Error::Io(error) = error else { return false };
    matches!(error.kind(), BrokenPipe | ConnectionAborted | ConnectionReset | UnexpectedEof)
}

/// Why a body was not read to its end.
enum NotRead {
    /// It has more bytes, packed or inflated.
    TooLarge(u64),
    /// The connection broke, or it is no gzip.
    Broken(io::Error),
}

impl From<io::Error> for NotRead {
    fn from(error: io::Error) -> Self {
        Self::Broken(error)
    }
}

/// Reads a body to its end, and inflates it. One that turns out to be large waits for its part of the memory.
fn read_whole(response: &mut Response, limit: u64, budget: &Arc<Budget>) -> Result<(Vec<u8>, Option<Held>), NotRead> {
    let small = budget::SMALL.min(limit);
    let length = response.length.unwrap_or(64 << 10).min(small);
    // One byte more, as a source tells its end only where there is room.
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or_default() + 1);
    (&mut response.body).take(small + 1).read_to_end(&mut bytes)?;
    let mut held = None;
    if bytes.len() as u64 > small && limit > small {
        // Packed and inflated, it may take whatever there is.
        held = Some(budget.take(if response.body.is_gzip {
            u64::MAX
        } else {
            response.length.unwrap_or(limit).min(limit)
        }));
        (&mut response.body).take(limit.saturating_sub(small)).read_to_end(&mut bytes)?;
    }
    if bytes.len() as u64 > limit {
        return Err(NotRead::TooLarge(limit));
    }
    // An answer without a body may say how it would have packed one.
    let has_none = bytes.is_empty() && (response.content == Content::NotModified || response.length == Some(0));
    if !response.body.is_gzip || has_none {
        return Ok((bytes, held));
    }
    let most = budget::most_inflated(bytes.len() as u64, limit);
    if let Some(length) = length_at_end(&bytes).filter(|length| *length as u64 <= most) {
        if length as u64 > small && held.is_none() {
            held = Some(budget.take(length as u64));
        }
        let mut inflated = vec![0; length];
        if inflate_at_once(&bytes, &mut inflated) {
            return Ok((inflated, held));
        }
    }
    let mut inflated = Vec::new();
    let mut gunzip = Gunzip::new(&*bytes);
    (&mut gunzip).take(small.min(most) + 1).read_to_end(&mut inflated)?;
    if inflated.len() as u64 > small.min(most) && most > small {
        held = held.or_else(|| Some(budget.take(most)));
        (&mut gunzip).take(most - small).read_to_end(&mut inflated)?;
    }
    if inflated.len() as u64 > most { Err(NotRead::TooLarge(most)) } else { Ok((inflated, held)) }
}

fn is_home(place: &Place, asked: &str) -> bool {
    match place.on_disk() {
        Some(_) => asked.starts_with(url::parent(place.url())),
        None => url::same_origin(place.url(), asked),
    }
}

fn refused(server: Server, url: &str, reason: &'static str) -> RequestError {
    RequestError::Refused { server, url: url::masked(url), reason }
}

fn refusal(server: &Server, url: &str, status: u16, answer: &http::Response<ureq::Body>) -> RequestError {
    let (server, url) = (server.clone(), url::masked(url));
    match status {
        401 => RequestError::Unauthorized { server, url },
        403 => RequestError::Forbidden { server, url },
        404 | 410 => RequestError::NotFound { server, url },
        status => {
            let after = answer.headers().get("retry-after").and_then(|value| value.to_str().ok());
            RequestError::Status { server, url, status, retry_after: after.and_then(retry_after) }
        }
    }
}

/// Reads `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
fn retry_after(text: &str) -> Option<u64> {
    if let Ok(seconds) = text.trim().parse() {
        return Some(seconds);
    }
    let date = jiff::fmt::rfc2822::parse(text.trim()).ok()?;
    u64::try_from(date.timestamp().as_second() - jiff::Timestamp::now().as_second()).ok()
}

fn max_age(text: &str) -> Option<u64> {
    let mut directives = text.split(',').map(|part| part.trim().to_ascii_lowercase());
    let mut age = None;
    for directive in &mut directives {
        match directive.as_str() {
            "no-cache" | "no-store" => return Some(0),
            other => age = age.or(other.strip_prefix("max-age=").and_then(|seconds| seconds.parse().ok())),
        }
    }
    age
}

/// Reads `Content-Range: bytes 5-9/10`.
fn part(text: Option<&str>) -> Option<Content> {
    let (range, total) = text?.trim().strip_prefix("bytes ")?.split_once('/')?;
    Some(Content::Part { start: range.split_once('-')?.0.parse().ok()?, total: total.parse().ok()? })
}

fn missing(endpoint: &Endpoint, what: &str) -> RequestError {
    RequestError::NotFound { server: endpoint.server(None), url: what.to_owned() }
}

fn timeout(server: Server, url: &str) -> RequestError {
    RequestError::Timeout { server, url: url::masked(url) }
}

fn unreachable(server: Server, url: &str, reason: String) -> RequestError {
    RequestError::Unreachable { server, url: url::masked(url), reason }
}

fn read_failure(server: Server, url: &str, error: &io::Error) -> RequestError {
    if error.kind() == io::ErrorKind::TimedOut {
        timeout(server, url)
    } else {
        unreachable(server, url, error.to_string())
    }
}

#[cfg(test)]
mod tests;

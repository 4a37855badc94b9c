//! The HTTP client: blocking, with connection pools, retries, mirrors, and folders in place of servers.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderValue, InvalidHeaderValue};

use super::address::{Authorization, RegistryAddress};
use super::body::Body;
use super::budget::MemoryBudget;
use super::coding::{self, Coding};
use super::connection_error::SendError;
use super::document::{NotRead, read_whole};
use super::failure::Server;
use super::options::{ClientOptions, Network};
use super::pace::Pace;
use super::request::FullResponse;
use super::resume::{AskForRest, Resume};
use super::transport::{HostRole, Transport, TransportResponse};
use super::{BodyRange, ByteRange, Encoding, Endpoint, Request, RequestError, RequestTarget, Response, folder, retry};
use crate::model::Url;

const REDIRECTS: usize = 10;

/// The time limits for a document and for a file.
const DOCUMENT_DEADLINE: Duration = Duration::from_secs(10 * 60);
const FILE_DEADLINE: Duration = Duration::from_secs(6 * 60 * 60);

/// The largest document: several times the size of the largest listing of a public registry.
const LARGEST_DOCUMENT: u64 = 256 << 20;

/// Sends requests to registries. Clones share its connections. Nothing is set up before the first request needs it.
#[derive(Clone, Debug)]
pub struct Client {
    options: Arc<ClientOptions>,
    transport: Arc<Transport>,
    budget: Arc<MemoryBudget>,
}

impl Client {
    /// Creates a client without setting anything up.
    pub fn new(options: ClientOptions) -> Self {
        Self { options: Arc::new(options), transport: Arc::default(), budget: Arc::default() }
    }

    /// Returns whether servers may be asked.
    pub fn network(&self) -> Network {
        self.options.network
    }

    /// Sends a request to the addresses of a registry, in order, until one responds. If none does, it is repeated after a pause.
    pub fn get(&self, endpoint: &Arc<Endpoint>, request: &Request<'_>) -> Result<Response, RequestError> {
        let ask = Ask { endpoint, request, deadline: FILE_DEADLINE };
        self.persist(&ask, |response| {
            let length = response.length.filter(|_| response.body.coding() == Coding::Identity);
            match response.body.unpacked() {
                Ok(body) => Ok(Response { length, body, ..response }),
                Err(error) => Err(read_failure(response.server, &response.url, &error)),
            }
        })
    }

    /// Like [`get`](Self::get), but reads the body to its end. If the connection breaks meanwhile, the request is repeated.
    pub fn read(&self, endpoint: &Arc<Endpoint>, request: &Request<'_>) -> Result<FullResponse, RequestError> {
        let ask = Ask { endpoint, request, deadline: DOCUMENT_DEADLINE };
        self.persist(&ask, |mut response| {
            let limit = request.limit.unwrap_or(LARGEST_DOCUMENT);
            match read_whole(&mut response, limit, &self.budget) {
                Err(NotRead::TooLarge(limit)) => {
                    let (server, url) = (response.server, Url::mask(&response.url));
                    Err(RequestError::TooLarge { server, url, limit })
                }
                Ok((bytes, held)) => Ok(FullResponse { response, bytes, _held: held }),
                Err(NotRead::Broken(error)) => Err(read_failure(response.server, &response.url, &error)),
            }
        })
    }

    fn persist<T>(
        &self,
        ask: &Ask<'_>,
        finish: impl Fn(Response) -> Result<T, RequestError>,
    ) -> Result<T, RequestError> {
        let mut tries = 0;
        loop {
            let error = match self.everywhere(ask, &finish) {
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

    /// Tries each address once. A target with a URL of its own is tried once, with the credentials of the address on its host.
    fn everywhere<T>(
        &self,
        ask: &Ask<'_>,
        finish: &impl Fn(Response) -> Result<T, RequestError>,
    ) -> Result<T, RequestError> {
        let Ask { endpoint, request, .. } = ask;
        if let RequestTarget::At(at) = request.target {
            let Ok(at) = at.parse::<Url>() else { return Err(no_url(endpoint, &request.target)) };
            let is_encrypted = |by: &str| by.parse::<Url>().is_ok_and(|by| by.is_encrypted());
            if !at.is_encrypted() && request.stated_by.is_some_and(is_encrypted) {
                return Err(refused(endpoint.server(None), &at, "not https"));
            }
            let homes = || endpoint.addresses().iter().filter(|address| is_home(address, &at));
            let home = homes().find(|address| address.authorization(&at).is_some()).or_else(|| homes().next());
            return self.once(ask, home, &at).and_then(finish);
        }
        let mut first = None;
        for (index, address) in endpoint.in_order() {
            let Some(url) = request.target.url(address) else { return Err(missing(endpoint, &request.target.what())) };
            let error = match self.once(ask, Some(address), &url).and_then(finish) {
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

    /// Sends the request to one address.
    fn once(&self, ask: &Ask<'_>, address: Option<&RegistryAddress>, url: &Url) -> Result<Response, RequestError> {
        let Ask { endpoint, request, .. } = ask;
        if let Some(address) = address.filter(|address| address.on_disk().is_some()) {
            return folder::open(endpoint, address, url, request);
        }
        if self.options.network == Network::Offline {
            return Err(RequestError::Offline { registry: endpoint.name().clone(), what: request.target.what() });
        }
        let permit = endpoint.permit();
        endpoint.keep_pace();
        let (answer, last) = self.follow(ask, address, url)?;
        let header = |name: &str| answer.header(name).map(str::to_owned);
        let content = match answer.status {
            304 => BodyRange::NotModified,
            206 => part(answer.header("content-range")).unwrap_or(BodyRange::UnknownPart),
            _ => BodyRange::Whole,
        };
        let coding = Coding::of(answer.header("content-encoding"));
        let mut response = Response {
            url: last.to_string(),
            base: address.map_or_else(String::new, |address| address.url().to_string()),
            server: endpoint.server(address),
            content,
            etag: header("etag"),
            last_modified: header("last-modified"),
            max_age: answer.header("cache-control").and_then(max_age),
            length: answer.length,
            body: Body::arriving(answer.body, permit, coding),
        };
        let is_file = request.encoding == Encoding::Identity && request.range.is_none();
        if is_file && coding == Coding::Identity {
            let ask = self.ask_for_rest(endpoint, address, url);
            if let Some(mut resume) = Resume::new(&response, self.options.retry, ask) {
                response.body.resumes_by(Box::new(move |received| resume.again(received)));
            }
        }
        Ok(response)
    }

    /// Returns a function that requests the rest of a file, from the original URL: the URL of a redirect may expire.
    fn ask_for_rest(&self, endpoint: &Arc<Endpoint>, address: Option<&RegistryAddress>, url: &Url) -> Box<AskForRest> {
        let (client, endpoint, address, url) = (self.clone(), Arc::clone(endpoint), address.cloned(), url.clone());
        Box::new(move |received, validator| {
            let request = Request {
                target: RequestTarget::At(url.as_str()),
                range: Some(ByteRange::From(received)),
                if_range: validator,
                encoding: Encoding::Identity,
                ..Request::default()
            };
            let ask = Ask { endpoint: &endpoint, request: &request, deadline: FILE_DEADLINE };
            client.once(&ask, address.as_ref(), &url)
        })
    }

    /// Sends the request to one server and follows its redirects. Credentials go only to the host that they are for. Each URL is
    /// checked in exactly the form in which it is requested.
    fn follow(
        &self,
        ask: &Ask<'_>,
        address: Option<&RegistryAddress>,
        url: &Url,
    ) -> Result<(TransportResponse, Url), RequestError> {
        let (endpoint, server) = (ask.endpoint, ask.endpoint.server(address));
        let refused = |url: &Url, reason| Err(refused(server.clone(), url, reason));
        // Credentials in the URL of a document or a redirect are not used.
        let (mut url, _) = url.clone().split_credentials();
        for _ in 0..=REDIRECTS {
            if !url.is_safe() {
                return refused(&url, "not https");
            }
            let authorization = address.and_then(|address| address.authorization(&url));
            let asked = if address.is_some_and(|address| url.is_same_origin(address.url())) {
                HostRole::Registry
            } else {
                HostRole::Other
            };
            let answer = self.send((&server, asked), &url, ask, authorization)?;
            match answer.status {
                200 | 203 | 206 | 304 => return Ok((answer, url)),
                301 | 302 | 303 | 307 | 308 => {
                    let Some(Ok(next)) = answer.header("location").map(|location| url.join(location)) else {
                        return refused(&url, "a redirect to nowhere");
                    };
                    let (next, _) = next.split_credentials();
                    if url.is_encrypted() && !next.is_encrypted() {
                        return refused(&next, "not https");
                    }
                    url = next;
                }
                401 | 403 if address.is_some_and(|address| address.withholds(&url)) => {
                    let (registry, url) = (endpoint.name().clone(), url.masked());
                    return Err(RequestError::OutsideRegistry { registry, url });
                }
                _ => return Err(refusal(&server, &url, &answer)),
            }
        }
        refused(&url, "one redirect too many")
    }

    fn send(
        &self,
        (server, asked): (&Server, HostRole),
        url: &Url,
        ask: &Ask<'_>,
        authorization: Option<&Authorization>,
    ) -> Result<TransportResponse, RequestError> {
        let headers = headers(ask.request, authorization);
        let headers = headers
            .map_err(|_| unreachable(server.clone(), url.as_str(), "a header that no server takes".to_owned()))?;
        let timeout = ask.endpoint.timeout().unwrap_or(self.options.read_timeout);
        let pace = Pace::new(timeout, ask.deadline);
        let sent = self.transport.exchange(&self.options, (url, asked), (headers, None), pace);
        sent.map_err(|error| send_failure(server, url, error))
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new(ClientOptions::default())
    }
}

/// A request, with the registry and the time limit.
struct Ask<'a> {
    endpoint: &'a Arc<Endpoint>,
    request: &'a Request<'a>,
    deadline: Duration,
}

/// Returns the headers of a request.
fn headers(request: &Request<'_>, authorization: Option<&Authorization>) -> Result<HeaderMap, InvalidHeaderValue> {
    let range = request.range.map(|range| match range {
        ByteRange::Last(count) => format!("bytes=-{count}"),
        ByteRange::Between(start, end) => format!("bytes={start}-{}", end.saturating_sub(1)),
        ByteRange::From(start) => format!("bytes={start}-"),
    });
    let is_identity = range.is_some() || request.encoding == Encoding::Identity;
    let values = [
        (header::ACCEPT, request.accept),
        (header::ACCEPT_ENCODING, Some(if is_identity { "identity" } else { coding::ACCEPTED })),
        (header::AUTHORIZATION, authorization.map(Authorization::header)),
        (header::IF_NONE_MATCH, request.etag),
        (header::IF_MODIFIED_SINCE, request.last_modified.filter(|_| request.etag.is_none())),
        (header::CACHE_CONTROL, request.past_caches.then_some("no-cache")),
        (header::RANGE, range.as_deref()),
        (header::IF_RANGE, request.if_range),
    ];
    let mut headers = HeaderMap::with_capacity(values.len());
    for (name, value) in values {
        let Some(value) = value else { continue };
        let mut value = HeaderValue::from_str(value)?;
        value.set_sensitive(name == header::AUTHORIZATION);
        headers.insert(name, value);
    }
    Ok(headers)
}

fn send_failure(server: &Server, url: &Url, error: SendError) -> RequestError {
    match error {
        SendError::Timeout => timeout(server.clone(), url.as_str()),
        SendError::Distrusted(reason) => {
            RequestError::Certificate { server: server.clone(), url: url.masked(), reason }
        }
        SendError::NoIdentity(reason) => RequestError::ClientCertificate { server: server.clone(), reason },
        SendError::Failed(reason) => unreachable(server.clone(), url.as_str(), reason),
    }
}

fn is_home(address: &RegistryAddress, asked: &Url) -> bool {
    match address.on_disk() {
        Some(_) => asked.is_below(&address.url().parent()),
        None => asked.is_same_origin(address.url()),
    }
}

fn refused(server: Server, url: &Url, reason: &'static str) -> RequestError {
    RequestError::Refused { server, url: url.masked(), reason }
}

fn refusal(server: &Server, url: &Url, answer: &TransportResponse) -> RequestError {
    let retry_after = answer.header("retry-after").and_then(retry_after);
    RequestError::of_status(answer.status, server.clone(), url.masked(), retry_after)
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

/// Reads `BodyRange-Range: bytes 5-9/10`.
fn part(text: Option<&str>) -> Option<BodyRange> {
    let (range, total) = text?.trim().strip_prefix("bytes ")?.split_once('/')?;
    Some(BodyRange::Part { start: range.split_once('-')?.0.parse().ok()?, total: total.parse().ok()? })
}

fn missing(endpoint: &Endpoint, what: &str) -> RequestError {
    RequestError::NotFound { server: endpoint.server(None), url: what.to_owned() }
}

fn no_url(endpoint: &Endpoint, target: &RequestTarget<'_>) -> RequestError {
    RequestError::Refused { server: endpoint.server(None), url: target.what(), reason: "no URL" }
}

fn timeout(server: Server, url: &str) -> RequestError {
    RequestError::Timeout { server, url: Url::mask(url) }
}

fn unreachable(server: Server, url: &str, reason: String) -> RequestError {
    RequestError::Unreachable { server, url: Url::mask(url), reason }
}

fn read_failure(server: Server, url: &str, error: &io::Error) -> RequestError {
    if error.kind() == io::ErrorKind::TimedOut {
        timeout(server, url)
    } else {
        unreachable(server, url, error.to_string())
    }
}

mod upload;

#[cfg(test)]
mod tests;

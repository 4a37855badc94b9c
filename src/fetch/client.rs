//! The HTTP client: blocking, with a pool of connections, retries, mirrors and folders that stand for servers.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{self, HeaderMap, HeaderValue, InvalidHeaderValue};

use super::body::Body;
use super::budget::Budget;
use super::coding::{self, Coding};
use super::connection_error::SendError;
use super::document::{NotRead, read_whole};
use super::failure::Server;
use super::options::{ClientOptions, Network};
use super::pace::Pace;
use super::place::{Authorization, Place};
use super::request::Document;
use super::resume::{AskForRest, Resume};
use super::transport::{Answer, Asked, Transport};
use super::{ByteRange, Content, Encoding, Endpoint, Request, RequestError, Response, Target, folder, retry};
use crate::model::Url;

const REDIRECTS: usize = 10;

/// How long a document may take to arrive, and how long a file.
const DOCUMENT_DEADLINE: Duration = Duration::from_secs(10 * 60);
const FILE_DEADLINE: Duration = Duration::from_secs(6 * 60 * 60);

/// Several times what the largest listing of a public registry has; several are read at the same time.
const LARGEST_DOCUMENT: u64 = 256 << 20;

/// Asks registries. Connections are kept and shared, by clones too; nothing is set up before the first request needs it.
#[derive(Clone, Debug)]
pub struct Client {
    options: Arc<ClientOptions>,
    transport: Arc<Transport>,
    budget: Arc<Budget>,
}

impl Client {
    /// Returns a client; this costs nothing.
    pub fn new(options: ClientOptions) -> Self {
        Self { options: Arc::new(options), transport: Arc::default(), budget: Arc::default() }
    }

    /// Tells whether servers may be asked.
    pub fn network(&self) -> Network {
        self.options.network
    }

    /// Asks a registry, and its mirrors in order where it does not answer; again, after a pause, where none does.
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

    /// Like [`get`](Self::get), with the body read to its end; a connection that breaks meanwhile is tried again.
    pub fn read(&self, endpoint: &Arc<Endpoint>, request: &Request<'_>) -> Result<Document, RequestError> {
        let ask = Ask { endpoint, request, deadline: DOCUMENT_DEADLINE };
        self.persist(&ask, |mut response| {
            let limit = request.limit.unwrap_or(LARGEST_DOCUMENT);
            match read_whole(&mut response, limit, &self.budget) {
                Err(NotRead::TooLarge(limit)) => {
                    let (server, url) = (response.server, Url::mask(&response.url));
                    Err(RequestError::TooLarge { server, url, limit })
                }
                Ok((bytes, held)) => Ok(Document { response, bytes, _held: held }),
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

    /// Tries each place once. A URL of its own is asked once, with the credentials of the place on whose host it is.
    fn everywhere<T>(
        &self,
        ask: &Ask<'_>,
        finish: &impl Fn(Response) -> Result<T, RequestError>,
    ) -> Result<T, RequestError> {
        let Ask { endpoint, request, .. } = ask;
        if let Target::At(at) = request.target {
            let Ok(at) = at.parse::<Url>() else { return Err(no_url(endpoint, &request.target)) };
            let is_encrypted = |by: &str| by.parse::<Url>().is_ok_and(|by| by.is_encrypted());
            if !at.is_encrypted() && request.stated_by.is_some_and(is_encrypted) {
                return Err(refused(endpoint.server(None), &at, "not https"));
            }
            let homes = || endpoint.places().iter().filter(|place| is_home(place, &at));
            let home = homes().find(|place| place.authorization(&at).is_some()).or_else(|| homes().next());
            return self.once(ask, home, &at).and_then(finish);
        }
        let mut first = None;
        for (index, place) in endpoint.in_order() {
            let Some(url) = request.target.url(place) else { return Err(missing(endpoint, &request.target.what())) };
            let error = match self.once(ask, Some(place), &url).and_then(finish) {
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

    /// Asks one place.
    fn once(&self, ask: &Ask<'_>, place: Option<&Place>, url: &Url) -> Result<Response, RequestError> {
        let Ask { endpoint, request, .. } = ask;
        if let Some(place) = place.filter(|place| place.on_disk().is_some()) {
            return folder::open(endpoint, place, url, request);
        }
        if self.options.network == Network::Offline {
            return Err(RequestError::Offline { registry: endpoint.name().clone(), what: request.target.what() });
        }
        let permit = endpoint.permit();
        endpoint.keep_pace();
        let (answer, last) = self.follow(ask, place, url)?;
        let header = |name: &str| answer.header(name).map(str::to_owned);
        let content = match answer.status {
            304 => Content::NotModified,
            206 => part(answer.header("content-range")).unwrap_or(Content::UnknownPart),
            _ => Content::Whole,
        };
        let coding = Coding::of(answer.header("content-encoding"));
        let mut response = Response {
            url: last.to_string(),
            base: place.map_or_else(String::new, |place| place.url().to_string()),
            server: endpoint.server(place),
            content,
            etag: header("etag"),
            last_modified: header("last-modified"),
            max_age: answer.header("cache-control").and_then(max_age),
            length: answer.length,
            body: Body::arriving(answer.body, permit, coding),
        };
        let is_file = request.encoding == Encoding::Identity && request.range.is_none();
        if is_file && coding == Coding::Identity {
            let ask = self.ask_for_rest(endpoint, place, url);
            if let Some(mut resume) = Resume::new(&response, self.options.retry, ask) {
                response.body.resumes_by(Box::new(move |received| resume.again(received)));
            }
        }
        Ok(response)
    }

    /// Returns how the rest of a file is asked for: at the URL that was asked first, as where it led to may hold for a while only.
    fn ask_for_rest(&self, endpoint: &Arc<Endpoint>, place: Option<&Place>, url: &Url) -> Box<AskForRest> {
        let (client, endpoint, place, url) = (self.clone(), Arc::clone(endpoint), place.cloned(), url.clone());
        Box::new(move |received, validator| {
            let request = Request {
                target: Target::At(url.as_str()),
                range: Some(ByteRange::From(received)),
                if_range: validator,
                encoding: Encoding::Identity,
                ..Request::default()
            };
            let ask = Ask { endpoint: &endpoint, request: &request, deadline: FILE_DEADLINE };
            client.once(&ask, place.as_ref(), &url)
        })
    }

    /// Asks one server and follows its redirects. Credentials go to the host that they are for and to no other. What is checked
    /// of a URL is the URL that is asked, to the letter.
    fn follow(&self, ask: &Ask<'_>, place: Option<&Place>, url: &Url) -> Result<(Answer, Url), RequestError> {
        let (endpoint, server) = (ask.endpoint, ask.endpoint.server(place));
        let refused = |url: &Url, reason| Err(refused(server.clone(), url, reason));
        // Credentials in a URL that others wrote are nobody's.
        let (mut url, _) = url.clone().split_credentials();
        for _ in 0..=REDIRECTS {
            if !url.is_safe() {
                return refused(&url, "not https");
            }
            let authorization = place.and_then(|place| place.authorization(&url));
            let asked =
                if place.is_some_and(|place| url.is_same_origin(place.url())) { Asked::Registry } else { Asked::Other };
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
                401 | 403 if place.is_some_and(|place| place.withholds(&url)) => {
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
        (server, asked): (&Server, Asked),
        url: &Url,
        ask: &Ask<'_>,
        authorization: Option<&Authorization>,
    ) -> Result<Answer, RequestError> {
        let headers = headers(ask.request, authorization);
        let headers = headers
            .map_err(|_| unreachable(server.clone(), url.as_str(), "a header that no server takes".to_owned()))?;
        let pace = Pace::new(self.options.read_timeout, ask.deadline);
        self.transport.send(&self.options, (url, asked), headers, pace).map_err(|error| match error {
            SendError::Timeout => timeout(server.clone(), url.as_str()),
            SendError::Distrusted(reason) => {
                RequestError::Certificate { server: server.clone(), url: url.masked(), reason }
            }
            SendError::NoIdentity(reason) => RequestError::ClientCertificate { server: server.clone(), reason },
            SendError::Failed(reason) => unreachable(server.clone(), url.as_str(), reason),
        })
    }
}

impl Default for Client {
    fn default() -> Self {
        Self::new(ClientOptions::default())
    }
}

/// What is asked, of whom, and how long the answer may take.
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

fn is_home(place: &Place, asked: &Url) -> bool {
    match place.on_disk() {
        Some(_) => asked.is_below(&place.url().parent()),
        None => asked.is_same_origin(place.url()),
    }
}

fn refused(server: Server, url: &Url, reason: &'static str) -> RequestError {
    RequestError::Refused { server, url: url.masked(), reason }
}

fn refusal(server: &Server, url: &Url, answer: &Answer) -> RequestError {
    let (server, url) = (server.clone(), url.masked());
    match answer.status {
        401 => RequestError::Unauthorized { server, url },
        403 => RequestError::Forbidden { server, url },
        404 | 410 => RequestError::NotFound { server, url },
        status => RequestError::Status {
            server,
            url,
            status,
            retry_after: answer.header("retry-after").and_then(retry_after),
        },
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

fn no_url(endpoint: &Endpoint, target: &Target<'_>) -> RequestError {
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

#[cfg(test)]
mod tests;

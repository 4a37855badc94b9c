//! Going on with a file whose connection broke, from the byte at which it did (RFC 9110, sections 13.1.5 and 14.2).
//!
//! Only what is known to be the same file is joined: the server is told which one is meant (`If-Range`), and must agree about
//! its length. Whatever else it answers ends the reading, and the file is begun anew by whoever wants it.

use std::sync::Arc;

use super::body::Body;
use super::client::{Ask, Client, FILE_DEADLINE};
use super::endpoint::Place;
use super::{ByteRange, Content, Encoding, Endpoint, Request, RequestError, Response, Target, retry};
use crate::model::Url;

/// So many bytes between two breaks are progress: breaks that come more often are counted.
const PROGRESS: u64 = 1 << 20;

/// A file that is on its way, and how it is asked for again.
pub(super) struct Resume {
    client: Client,
    endpoint: Arc<Endpoint>,
    place: Option<Place>,
    /// The URL that was asked first: where it led to may hold for a while only.
    url: Url,
    /// A strong `ETag`, or `Last-Modified`.
    validator: Option<String>,
    /// How long the file is.
    total: Option<u64>,
    breaks: u32,
    /// How much had arrived at the last break.
    before: u64,
}

impl Resume {
    /// Returns how a file is asked for again, if its first answer tells enough of it.
    pub(super) fn of(
        client: &Client,
        ask: &Ask<'_>,
        (place, url): (Option<&Place>, &Url),
        response: &Response,
    ) -> Option<Self> {
        let is_file = ask.request.encoding == Encoding::Identity && ask.request.range.is_none();
        let validator = validator(response);
        let is_known = validator.is_some() || response.length.is_some();
        (is_file && is_known && response.content == Content::Whole).then(|| Self {
            client: client.clone(),
            endpoint: Arc::clone(ask.endpoint),
            place: place.cloned(),
            url: url.clone(),
            validator,
            total: response.length,
            breaks: 0,
            before: 0,
        })
    }

    /// Asks for the rest of the file, after `received` bytes of it, and returns its body; `None` if there is no way to go on.
    pub(super) fn again(&mut self, received: u64) -> Option<Body> {
        if received.saturating_sub(self.before) >= PROGRESS {
            self.breaks = 0;
        }
        self.before = received;
        loop {
            self.breaks += 1;
            let pause = self.client.retry().pause_between(self.breaks, retry::random())?;
            std::thread::sleep(pause);
            match self.ask(received) {
                Ok(response) => return self.rest(response, received),
                Err(error) if error.is_transient() => {}
                Err(_) => return None,
            }
        }
    }

    fn ask(&self, received: u64) -> Result<Response, RequestError> {
        let request = Request {
            target: Target::At(self.url.as_str()),
            range: Some(ByteRange::From(received)),
            if_range: self.validator.as_deref(),
            encoding: Encoding::Identity,
            ..Request::default()
        };
        let ask = Ask { endpoint: &self.endpoint, request: &request, deadline: FILE_DEADLINE };
        self.client.once(&ask, self.place.as_ref(), &self.url)
    }

    /// Returns what of an answer comes after the bytes that were received already.
    fn rest(&self, response: Response, received: u64) -> Option<Body> {
        match response.content {
            Content::Part { start, total } => {
                (start == received && self.total.is_none_or(|known| known == total)).then_some(response.body)
            }
            // A server that knows no ranges sends the same file from its beginning.
            Content::Whole if self.validator.is_some() && validator(&response) == self.validator => {
                response.body.skip(received)
            }
            _ => None,
        }
    }
}

/// Returns what `If-Range` may say of an answer: a weak tag stands for several files.
fn validator(response: &Response) -> Option<String> {
    let tag = response.etag.as_ref().filter(|tag| !tag.starts_with("W/"));
    tag.or(response.last_modified.as_ref()).cloned()
}

//! Resuming a download whose connection broke (RFC 9110, sections 13.1.5 and 14.2).
//!
//! Only what is known to be the same file is joined: the server is told which one is meant (`If-Range`), and must agree about
//! its length. Whatever else it answers ends the reading, and the file is begun anew by whoever wants it.

use super::body::Body;
use super::retry::{self, Retry};
use super::{BodyRange, RequestError, Response};

/// The number of bytes after which a broken connection counts as the first one again.
const PROGRESS: u64 = 1 << 20;

/// Asks for what comes after so many bytes of a file, which is to be the one that the validator names.
pub(super) type AskForRest = dyn Fn(u64, Option<&str>) -> Result<Response, RequestError> + Send;

/// A download that can be resumed.
pub(super) struct Resume {
    ask: Box<AskForRest>,
    retry: Retry,
    /// A strong `ETag`, or `Last-Modified`.
    validator: Option<String>,
    /// The length of the file.
    total: Option<u64>,
    breaks: u32,
    /// The number of bytes that had arrived when the connection last broke.
    before: u64,
}

impl Resume {
    /// Returns how a file is asked for again. Returns `None` if its first answer does not tell enough of it.
    pub(super) fn new(response: &Response, retry: Retry, ask: Box<AskForRest>) -> Option<Self> {
        let (validator, total) = (validator(response), response.length);
        let is_known = validator.is_some() || total.is_some();
        let is_whole = response.content == BodyRange::Whole;
        (is_known && is_whole).then_some(Self { ask, retry, validator, total, breaks: 0, before: 0 })
    }

    /// Asks for the rest of the file, after `received` bytes of it, and returns its body; `None` if there is no way to go on.
    pub(super) fn again(&mut self, received: u64) -> Option<Body> {
        if received.saturating_sub(self.before) >= PROGRESS {
            self.breaks = 0;
        }
        self.before = received;
        loop {
            self.breaks += 1;
            let pause = self.retry.pause_between(self.breaks, retry::random())?;
            std::thread::sleep(pause);
            match (self.ask)(received, self.validator.as_deref()) {
                Ok(response) => return self.rest(response, received),
                Err(error) if error.is_transient() => {}
                Err(_) => return None,
            }
        }
    }

    /// Returns what of an answer comes after the bytes that were received already.
    fn rest(&self, response: Response, received: u64) -> Option<Body> {
        match response.content {
            BodyRange::Part { start, total } => {
                (start == received && self.total.is_none_or(|known| known == total)).then_some(response.body)
            }
            // A server that knows no ranges sends the same file from its beginning.
            BodyRange::Whole if self.validator.is_some() && validator(&response) == self.validator => {
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

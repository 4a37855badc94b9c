//! Requests to a registry, and responses.

use std::borrow::Cow;

use bytes::Bytes;

use super::RequestError;
use super::body::Body;
use super::budget::MemoryShare;
use super::failure::Server;
use super::request_target::RequestTarget;

/// A request to a registry.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// What is requested.
    pub target: RequestTarget<'a>,
    /// `Accept`
    pub accept: Option<&'a str>,
    /// The `ETag` of the cached response.
    pub etag: Option<&'a str>,
    /// The `Last-Modified` of the cached response.
    pub last_modified: Option<&'a str>,
    /// The range of bytes; `None` for all. A server may send all bytes anyway.
    pub range: Option<ByteRange>,
    /// The `ETag` or `Last-Modified` of the file of which a range is requested. If the file changed, the server sends all of it.
    pub if_range: Option<&'a str>,
    /// Whether caches on the way have to ask the registry itself.
    pub past_caches: bool,
    /// Whether the body may be compressed on its way.
    pub encoding: Encoding,
    /// The most bytes of a body that is read whole, packed and inflated; `None` for 256 MiB.
    pub limit: Option<u64>,
    /// The URL of the document that states the target's URL. A document that was fetched by `https` may only state `https` URLs, so
    /// that it cannot direct requests to this machine.
    pub stated_by: Option<&'a str>,
}

/// A range of bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// The last bytes, of this number.
    Last(u64),
    /// From the first (inclusive) to the second (exclusive).
    Between(u64, u64),
    /// From this byte to the end.
    From(u64),
}

/// Whether a body may be compressed on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    /// The server may compress it.
    #[default]
    Any,
    /// It must not be compressed: files with a digest.
    Identity,
}

/// A response of a registry. A status of failure is an error instead.
#[derive(Debug)]
pub struct Response {
    /// The URL after redirects, against which relative references in the body are resolved.
    pub url: String,
    /// The URL of the registry or mirror that was asked.
    pub base: String,
    /// The server, for messages.
    pub server: Server,
    /// 200, 206 or 304.
    pub content: BodyRange,
    /// `ETag`
    pub etag: Option<String>,
    /// `Last-Modified`
    pub last_modified: Option<String>,
    /// `Cache-Control: max-age`, in seconds; 0 for `no-cache` and `no-store`.
    pub max_age: Option<u64>,
    /// The number of bytes in the body, if it is known.
    pub length: Option<u64>,
    /// The body.
    pub body: Body,
}

/// Which part of the file the body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BodyRange {
    /// All.
    Whole,
    /// The bytes from `start` on, of a file of `total` bytes.
    Part {
        /// The offset of the first byte.
        start: u64,
        /// The length of the file.
        total: u64,
    },
    /// A range that the server does not name.
    UnknownPart,
    /// None: the cached response is still valid.
    NotModified,
}

/// A response whose body was read to its end.
#[derive(Debug)]
pub struct FullResponse {
    /// Everything but the body.
    pub response: Response,
    /// The body.
    pub bytes: Vec<u8>,
    /// Its share of the memory for large documents.
    pub(super) _held: Option<MemoryShare>,
}

/// A file that is sent to a registry.
#[derive(Clone, Debug)]
pub struct Upload {
    /// Where it goes.
    pub place: UploadPlace,
    /// How it is sent.
    pub method: UploadMethod,
    /// `BodyRange-Type`
    pub content_type: Cow<'static, str>,
    /// The content.
    pub content: Bytes,
}

/// Where an upload goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UploadPlace {
    /// To a path below the registry.
    Below(String),
    /// To a path beside the registry.
    Beside(String),
    /// To a server that the protocol names for this registry. It gets the registry's credentials.
    Named(&'static str),
}

/// How an upload is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UploadMethod {
    /// `PUT`
    Put,
    /// `POST`
    Post,
}

impl Upload {
    /// Returns a file that is put at a path below a registry.
    pub fn put(path: String, content_type: &'static str, content: impl Into<Bytes>) -> Self {
        Self {
            place: UploadPlace::Below(path),
            method: UploadMethod::Put,
            content_type: Cow::Borrowed(content_type),
            content: content.into(),
        }
    }
}

/// A server's answer to an upload, which may be a refusal.
#[derive(Clone, Debug)]
pub struct UploadAnswer {
    /// Who was asked.
    pub server: Server,
    /// The URL, as it may be shown.
    pub url: String,
    /// The status.
    pub status: u16,
    /// `BodyRange-Type`
    pub content_type: Option<String>,
    /// `Retry-After`, in seconds.
    pub retry_after: Option<u64>,
    /// The body.
    pub bytes: Vec<u8>,
}

impl UploadAnswer {
    /// Returns the error if the server is out of order, and may not be so later.
    pub(super) fn outage(&self) -> Option<RequestError> {
        self.refusal().filter(RequestError::is_transient)
    }

    /// Returns the error if the server does not take what was sent.
    pub fn refusal(&self) -> Option<RequestError> {
        let error = || RequestError::of_status(self.status, self.server.clone(), self.url.clone(), self.retry_after);
        (!(200..300).contains(&self.status)).then(error)
    }
}

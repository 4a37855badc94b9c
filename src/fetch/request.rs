//! What is asked of a registry, and what it answers.

use super::body::Body;
use super::budget::Held;
use super::failure::Server;
use super::target::Target;

/// What is asked of a registry.
#[derive(Clone, Debug, Default)]
pub struct Request<'a> {
    /// Where it lies.
    pub target: Target<'a>,
    /// `Accept`
    pub accept: Option<&'a str>,
    /// The `ETag` of what is known already.
    pub etag: Option<&'a str>,
    /// The `Last-Modified` of what is known already.
    pub last_modified: Option<&'a str>,
    /// Which bytes are wanted; none for all. A server may send all of them nevertheless.
    pub range: Option<ByteRange>,
    /// The `ETag` or `Last-Modified` of the file that a part is wanted of; all of it is, if it is another one by now.
    pub if_range: Option<&'a str>,
    /// Whether the body may be compressed on its way.
    pub encoding: Encoding,
    /// How many bytes a body that is read whole may have, packed and inflated; none for 256 MiB.
    pub limit: Option<u64>,
    /// The URL of the document that states the target's URL. One that came encrypted states encrypted ones only: it has no say in
    /// what is asked of this machine.
    pub stated_by: Option<&'a str>,
}

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ByteRange {
    /// So many bytes at the end.
    Last(u64),
    /// From here (inclusive) to there (exclusive).
    Between(u64, u64),
    /// From here to the end.
    From(u64),
}

/// Whether a body may be compressed on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Encoding {
    /// Gzip or not, as the server likes.
    #[default]
    Any,
    /// The bytes as they are: files that have a digest.
    Identity,
}

/// What a registry answers. A status that is no answer is an error instead.
#[derive(Debug)]
pub struct Response {
    /// The URL that answered in the end, which relative references in the body are resolved against.
    pub url: String,
    /// The URL of the registry or mirror that was asked.
    pub base: String,
    /// What messages call that.
    pub server: Server,
    /// 200, 206 or 304.
    pub content: Content,
    /// `ETag`
    pub etag: Option<String>,
    /// `Last-Modified`
    pub last_modified: Option<String>,
    /// `Cache-Control: max-age`, in seconds; 0 for `no-cache` and `no-store`.
    pub max_age: Option<u64>,
    /// The number of bytes in the body, where it is known.
    pub length: Option<u64>,
    /// The body.
    pub body: Body,
}

/// Which part of the thing a body holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// All.
    Whole,
    /// The bytes from `start` on, of `total`.
    Part {
        /// The place of the first byte.
        start: u64,
        /// The length of the whole.
        total: u64,
    },
    /// Some bytes; which, the server does not say.
    UnknownPart,
    /// Nothing: what is known is still true.
    NotModified,
}

/// A whole answer, read.
#[derive(Debug)]
pub struct Document {
    /// Everything but the body.
    pub response: Response,
    /// The body.
    pub bytes: Vec<u8>,
    /// Its part of the memory for large documents.
    pub(super) _held: Option<Held>,
}

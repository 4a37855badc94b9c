//! Listings, from the cache or from their registry.

use std::sync::Arc;

use super::cache::{Cache, Freshness};
use super::header::Header;
use super::kept::{Encoded, Record};
use crate::diagnostic::Failure;
use crate::fetch::{Client, Content, Document, Encoding, Endpoint, Network, Request, RequestError, Response, Target};
use crate::model::Label;

/// A registry that can be asked: how it is reached and what it said before.
#[derive(Clone, Debug)]
pub(super) struct Served {
    pub(super) client: Arc<Client>,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) cache: Cache,
    pub(super) freshness: Freshness,
}

/// What a listing's ecosystem knows: where it lies and how it is kept.
pub(super) struct Ask<'a> {
    /// The package's name in the cache.
    pub(super) package: &'a str,
    /// Where the document lies below the registry.
    pub(super) path: &'a str,
    /// `Accept`
    pub(super) accept: &'a str,
    /// The version of the record's format.
    pub(super) format: u32,
}

/// Where a registry's document says that a file is.
pub(super) struct Stated {
    /// The file's URL.
    pub(super) url: String,
    /// The document's.
    pub(super) document: String,
    /// What a lock keeps of the file's URL, where it keeps anything.
    pub(super) hint: Option<String>,
    /// Whether the document is a cached one, and its registry can be asked whether it still holds.
    pub(super) is_cached: bool,
}

impl Stated {
    /// Returns the URLs of the document and of the file.
    pub(super) fn urls(self) -> (String, String) {
        (self.document, self.url)
    }
}

/// Which document is good enough to say where a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Recency {
    /// One that is cached, of whatever age.
    Kept,
    /// The same; where there is none, the registry's.
    AnyAge,
    /// One that its registry says holds now.
    Asked,
}

/// Why there is no listing.
pub(super) enum NoListing {
    /// The registry does not have the package.
    Missing,
    /// It could not be had or understood.
    Failed(Arc<dyn Failure>),
}

impl From<RequestError> for NoListing {
    fn from(error: RequestError) -> Self {
        if error.is_not_found() { Self::Missing } else { Self::Failed(Arc::new(error)) }
    }
}

impl Served {
    pub(super) fn name(&self) -> &Label {
        self.endpoint.name()
    }

    /// Opens a file; `stated_by` is the document that states a URL of its own.
    pub(super) fn open(&self, target: Target<'_>, stated_by: Option<&str>) -> Result<Response, RequestError> {
        let request = Request { target, stated_by, encoding: Encoding::Identity, ..Request::default() };
        self.client.get(&self.endpoint, &request)
    }

    /// Returns a listing from the cache, while it counts without asking: as long as it is fresh, or the network is off.
    pub(super) fn kept<T>(&self, package: &str, format: u32, decode: impl Fn(Record) -> Option<T>) -> Option<T> {
        self.cache.listing(package, format).filter(|record| self.may_answer(&record.header)).and_then(decode)
    }

    /// Returns the same registry, whose cached answers count otherwise.
    pub(super) fn with(&self, freshness: Freshness) -> Self {
        Self { freshness, ..self.clone() }
    }

    /// Tells whether something is cached of a package.
    pub(super) fn has_kept(&self, package: &str) -> bool {
        self.cache.has_listing(package)
    }

    /// Tells whether a record is a cached answer that the registry can be asked about.
    pub(super) fn is_cached(&self, record: &Record) -> bool {
        record.is_kept() && self.client.network() == Network::Online
    }

    fn may_answer(&self, header: &Header) -> bool {
        self.client.network() == Network::Offline
            || match self.freshness {
                Freshness::MaxAge => header.is_fresh(),
                Freshness::Revalidate => false,
                Freshness::AnyAge => true,
            }
    }

    /// Returns a listing: from the cache while it is fresh (or the network is off), else from the registry, which may
    /// say that the cached one still holds. `convert` makes a record of a document; `decode` makes a listing of a
    /// record, or nothing where the record is damaged or lacks what is needed.
    pub(super) fn listing<T>(
        &self,
        ask: &Ask<'_>,
        convert: impl Fn(&Document) -> Result<Encoded, Arc<dyn Failure>>,
        decode: impl Fn(Record) -> Option<T>,
    ) -> Result<T, NoListing> {
        let cached = self.cache.listing(ask.package, ask.format);
        if let Some(record) = cached.as_ref().filter(|record| self.may_answer(&record.header))
            && let Some(listing) = decode(record.clone())
        {
            return Ok(listing);
        }
        let known = cached.filter(|record| decode(record.clone()).is_some());
        let document = self.client.read(&self.endpoint, &ask.request(known.as_ref().map(|record| &record.header)))?;
        let mut header = Header::of(&document.response);
        let unchanged = match (document.response.content, known) {
            (Content::NotModified, Some(known)) => known.whole().map(|record| (known.header, record)),
            _ => None,
        };
        let record = match unchanged {
            Some((known, record)) => {
                header.etag = header.etag.or(known.etag);
                header.last_modified = header.last_modified.or(known.last_modified);
                (header.url, header.base) = (known.url, known.base);
                record
            }
            None if document.response.content == Content::NotModified => {
                // What was said to hold is not there any more.
                let document = self.client.read(&self.endpoint, &ask.request(None))?;
                header = Header::of(&document.response);
                convert(&document).map_err(NoListing::Failed)?
            }
            None => convert(&document).map_err(NoListing::Failed)?,
        };
        self.cache.keep_listing(ask.package, ask.format, &header, &record);
        // A record that was just made is whole.
        decode(Record::new(header, record)).ok_or(NoListing::Missing)
    }
}

impl Ask<'_> {
    fn request<'r>(&'r self, known: Option<&'r Header>) -> Request<'r> {
        Request {
            target: Target::Below(self.path),
            accept: Some(self.accept),
            etag: known.and_then(|header| header.etag.as_deref()),
            last_modified: known.and_then(|header| header.last_modified.as_deref()),
            ..Request::default()
        }
    }
}

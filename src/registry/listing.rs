//! Listings, from the cache or from their registry.

use std::sync::Arc;

use super::cache::{Cache, Freshness, Header};
use crate::diagnostic::Failure;
use crate::fetch::{Client, Content, Document, Endpoint, Network, Request, RequestError, Target};
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

/// A record in the ecosystem's compact form, with the header that it came with.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) header: Header,
    bytes: Arc<Vec<u8>>,
    start: usize,
}

impl Record {
    pub(super) fn new(header: Header, bytes: Vec<u8>) -> Self {
        Self { header, bytes: Arc::new(bytes), start: 0 }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(super) fn part(&self, start: u32, length: u32) -> Option<&[u8]> {
        self.bytes().get(start as usize..)?.get(..length as usize)
    }
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

    /// Returns a listing from the cache, while it counts without asking: as long as it is fresh, or the network is off.
    pub(super) fn kept<T>(&self, package: &str, format: u32, decode: impl Fn(Record) -> Option<T>) -> Option<T> {
        self.cached(package, format).filter(|record| self.may_answer(&record.header)).and_then(decode)
    }

    fn cached(&self, package: &str, format: u32) -> Option<Record> {
        let (header, bytes, start) = self.cache.listing(package, format)?;
        Some(Record { header, bytes: Arc::new(bytes), start })
    }

    fn may_answer(&self, header: &Header) -> bool {
        self.client.network() == Network::Offline || self.freshness == Freshness::MaxAge && header.is_fresh()
    }

    /// Returns a listing: from the cache while it is fresh (or the network is off), else from the registry, which may
    /// say that the cached one still holds. `convert` makes a record of a document; `decode` makes a listing of a
    /// record, or nothing where the record is damaged or lacks what is needed.
    pub(super) fn listing<T>(
        &self,
        ask: &Ask<'_>,
        convert: impl Fn(&Document) -> Result<Vec<u8>, Arc<dyn Failure>>,
        decode: impl Fn(Record) -> Option<T>,
    ) -> Result<T, NoListing> {
        let cached = self.cached(ask.package, ask.format);
        if let Some(record) = cached.as_ref().filter(|record| self.may_answer(&record.header))
            && let Some(listing) = decode(record.clone())
        {
            return Ok(listing);
        }
        let known = cached.filter(|record| decode(record.clone()).is_some());
        let header = known.as_ref().map(|record| &record.header);
        let request = Request {
            target: Target::Below(ask.path),
            accept: Some(ask.accept),
            etag: header.and_then(|header| header.etag.as_deref()),
            last_modified: header.and_then(|header| header.last_modified.as_deref()),
            ..Request::default()
        };
        let document = self.client.read(&self.endpoint, &request)?;
        let mut header = Header::of(&document.response);
        let record = match (document.response.content, &known) {
            (Content::NotModified, Some(known)) => {
                header.etag = header.etag.or_else(|| known.header.etag.clone());
                header.last_modified = header.last_modified.or_else(|| known.header.last_modified.clone());
                (header.url, header.base) = (known.header.url.clone(), known.header.base.clone());
                known.bytes().to_vec()
            }
            _ => convert(&document).map_err(NoListing::Failed)?,
        };
        self.cache.keep_listing(ask.package, ask.format, &header, &record);
        // A record that was just made is whole.
        decode(Record::new(header, record)).ok_or(NoListing::Missing)
    }
}

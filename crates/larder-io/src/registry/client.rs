//! The client of one registry: fetches listings and files, and caches listings.

use std::sync::Arc;

use super::cache::{CachePolicy, MetadataCache};
use super::listing_record::{EncodedRecord, ListingRecord};
use super::provenance::Provenance;
use crate::diagnostic::Failure;
use crate::fetch::{
    BodyRange, Client, Encoding, Endpoint, FullResponse, Network, Request, RequestError, RequestTarget, Response,
    Upload, UploadAnswer,
};
use crate::model::Label;
use crate::resolve::{AgeRule, Versions};

/// The client of one registry, with its part of the cache.
#[derive(Clone, Debug)]
pub(super) struct RegistryClient {
    pub(super) http: Arc<Client>,
    pub(super) endpoint: Arc<Endpoint>,
    pub(super) cache: MetadataCache,
    pub(super) cache_policy: CachePolicy,
    /// Whether a version whose time of publication the registry does not tell is old enough for `age`.
    pub(super) admits_unknown_age: bool,
}

/// The parts of a request for a listing that depend on the ecosystem.
pub(super) struct ListingRequest<'a> {
    /// The name of the package, as the cache has it.
    pub(super) package: &'a str,
    /// The document.
    pub(super) target: RequestTarget<'a>,
    /// `Accept`
    pub(super) accept: &'a str,
    /// The version of the record's format.
    pub(super) format: u32,
}

/// The location of a file, as a registry's document states it.
pub(super) struct FileLocation {
    /// The file's URL.
    pub(super) url: String,
    /// The document's URL.
    pub(super) document: String,
    /// The part of the file's URL that a lock keeps, if it keeps any.
    pub(super) hint: Option<String>,
    /// Whether the document is from the cache, and could be revalidated.
    pub(super) is_cached: bool,
}

impl FileLocation {
    /// Returns the URLs of the document and of the file.
    pub(super) fn urls(self) -> (String, String) {
        (self.document, self.url)
    }
}

/// The age that a document may have to state the location of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum DocumentAge {
    /// Any age, but only from the cache.
    CacheOnly,
    /// Any age. Fetched if it is not in the cache.
    Any,
    /// Revalidated in this run.
    Revalidated,
}

/// The reason why there is no listing.
pub(super) enum ListingError {
    /// The registry does not have the package.
    Missing,
    /// The listing could not be fetched or decoded.
    Failed(Arc<dyn Failure>),
}

impl From<RequestError> for ListingError {
    fn from(error: RequestError) -> Self {
        if error.is_not_found() { Self::Missing } else { Self::Failed(Arc::new(error)) }
    }
}

impl RegistryClient {
    /// Notes which versions of a listing `age` does not concern.
    pub(super) fn note_unknown_ages(&self, versions: &mut Versions) {
        if self.admits_unknown_age {
            let unknown = versions.candidates.iter_mut().filter(|candidate| candidate.published.is_none());
            unknown.for_each(|candidate| candidate.age = AgeRule::Exempt);
        }
    }

    pub(super) fn name(&self) -> &Label {
        self.endpoint.name()
    }

    /// Opens a file. `stated_by` is the URL of the document that states an absolute `target`.
    pub(super) fn open(&self, target: RequestTarget<'_>, stated_by: Option<&str>) -> Result<Response, RequestError> {
        let request = Request { target, stated_by, encoding: Encoding::Identity, ..Request::default() };
        self.http.get(&self.endpoint, &request)
    }

    /// Puts a file at a path below the registry. Returns the registry's answer, which may be a refusal.
    pub(super) fn put(&self, upload: &Upload) -> Result<UploadAnswer, RequestError> {
        self.http.put(&self.endpoint, upload)
    }

    /// Returns a listing from the cache. Returns `None` if it would have to be revalidated.
    pub(super) fn cached_listing<T>(
        &self,
        package: &str,
        format: u32,
        decode: impl Fn(ListingRecord) -> Option<T>,
    ) -> Option<T> {
        self.cache.listing(package, format).filter(|record| self.may_use(&record.provenance)).and_then(decode)
    }

    /// Returns the same client with another cache policy.
    pub(super) fn with_cache_policy(&self, cache_policy: CachePolicy) -> Self {
        Self { cache_policy, ..self.clone() }
    }

    /// Returns whether the cache has a listing of a package, of any age.
    pub(super) fn has_cached_listing(&self, package: &str) -> bool {
        self.cache.has_listing(package)
    }

    /// Returns whether a record is from the cache and could be revalidated.
    pub(super) fn is_cached(&self, record: &ListingRecord) -> bool {
        record.is_from_cache() && self.http.network() == Network::Online
    }

    /// Returns whether a cached document may be used without revalidation.
    fn may_use(&self, provenance: &Provenance) -> bool {
        self.http.network() == Network::Offline
            || match self.cache_policy {
                CachePolicy::MaxAge => provenance.is_fresh(),
                CachePolicy::Revalidate => false,
                CachePolicy::AnyAge => true,
            }
    }

    /// Returns a listing: from the cache if it may be used without revalidation, otherwise from the registry, which may confirm the
    /// cached one. `encode` makes a record of a document. `decode` makes a listing of a record, or returns `None` if the record is
    /// damaged or incomplete.
    pub(super) fn fetch_listing<T>(
        &self,
        request: &ListingRequest<'_>,
        encode: impl Fn(&FullResponse) -> Result<EncodedRecord, Arc<dyn Failure>>,
        decode: impl Fn(ListingRecord) -> Option<T>,
    ) -> Result<T, ListingError> {
        let cached = self.cache.listing(request.package, request.format);
        if let Some(record) = cached.as_ref().filter(|record| self.may_use(&record.provenance))
            && let Some(listing) = decode(record.clone())
        {
            return Ok(listing);
        }
        let known = cached.filter(|record| decode(record.clone()).is_some());
        let validators = known.as_ref().map(|record| &record.provenance);
        let document = self.http.read(&self.endpoint, &request.to_http(validators))?;
        let mut provenance = Provenance::of(&document.response);
        let unchanged = match (document.response.content, known) {
            (BodyRange::NotModified, Some(known)) => known.to_encoded().map(|record| (known.provenance, record)),
            _ => None,
        };
        let record = match unchanged {
            Some((known, record)) => {
                provenance.etag = provenance.etag.or(known.etag);
                provenance.last_modified = provenance.last_modified.or(known.last_modified);
                (provenance.url, provenance.base) = (known.url, known.base);
                record
            }
            None if document.response.content == BodyRange::NotModified => {
                // The confirmed record has disappeared from the cache.
                let document = self.http.read(&self.endpoint, &request.to_http(None))?;
                provenance = Provenance::of(&document.response);
                encode(&document).map_err(ListingError::Failed)?
            }
            None => encode(&document).map_err(ListingError::Failed)?,
        };
        self.cache.store_listing(request.package, request.format, &provenance, &record);
        // A record that was just encoded is complete.
        decode(ListingRecord::new(provenance, record)).ok_or(ListingError::Missing)
    }
}

impl ListingRequest<'_> {
    /// Returns the HTTP request. With `validators` it is a conditional one.
    fn to_http<'r>(&'r self, validators: Option<&'r Provenance>) -> Request<'r> {
        Request {
            target: self.target,
            accept: Some(self.accept),
            etag: validators.and_then(|provenance| provenance.etag.as_deref()),
            last_modified: validators.and_then(|provenance| provenance.last_modified.as_deref()),
            ..Request::default()
        }
    }
}

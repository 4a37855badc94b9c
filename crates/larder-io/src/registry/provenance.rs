//! The provenance of a registry's document: where and when it was fetched, how long it is fresh, and how to revalidate it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::fetch::Response;

/// The `max-age` in seconds of a response that states none.
const DEFAULT_MAX_AGE: u64 = 300;

/// Where and when a document was fetched, with its validators.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Provenance {
    /// `ETag`
    pub(super) etag: Option<String>,
    /// `Last-Modified`
    pub(super) last_modified: Option<String>,
    /// The time of the request, in seconds since 1970.
    pub(super) fetched: i64,
    /// The seconds for which the document is fresh.
    pub(super) max_age: i64,
    /// The URL of the document.
    pub(super) url: String,
    /// The URL of the registry or mirror that served it.
    pub(super) base: String,
}

impl Provenance {
    /// Reads the headers of a response that was received just now.
    pub(super) fn of(response: &Response) -> Self {
        Self {
            etag: response.etag.clone(),
            last_modified: response.last_modified.clone(),
            fetched: now(),
            max_age: i64::try_from(response.max_age.unwrap_or(DEFAULT_MAX_AGE)).unwrap_or(i64::MAX),
            url: response.url.clone(),
            base: response.base.clone(),
        }
    }

    /// Returns whether the document is fresh: it need not be revalidated.
    pub(super) fn is_fresh(&self) -> bool {
        let age = now().saturating_sub(self.fetched);
        (0..self.max_age).contains(&age)
    }
}

pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

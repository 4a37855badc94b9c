//! What is known of a registry's answer besides its content: how old it is, and how to ask whether it still holds.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::fetch::Response;

/// How long an answer counts as fresh whose registry does not say.
const FRESH_BY_DEFAULT: u64 = 300;

/// What is known of an answer besides its content.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Header {
    /// `ETag`
    pub(super) etag: Option<String>,
    /// `Last-Modified`
    pub(super) last_modified: Option<String>,
    /// Seconds since 1970.
    pub(super) fetched: i64,
    /// In seconds.
    pub(super) max_age: i64,
    /// The URL of the document.
    pub(super) url: String,
    /// The URL of the registry or mirror that served it.
    pub(super) base: String,
}

impl Header {
    /// Reads a response's headers, as of now.
    pub(super) fn of(response: &Response) -> Self {
        Self {
            etag: response.etag.clone(),
            last_modified: response.last_modified.clone(),
            fetched: now(),
            max_age: i64::try_from(response.max_age.unwrap_or(FRESH_BY_DEFAULT)).unwrap_or(i64::MAX),
            url: response.url.clone(),
            base: response.base.clone(),
        }
    }

    /// Tells whether the answer still counts without asking.
    pub(super) fn is_fresh(&self) -> bool {
        let age = now().saturating_sub(self.fetched);
        (0..self.max_age).contains(&age)
    }
}

pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

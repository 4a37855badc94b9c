//! Getting bytes: the HTTP client, verification while streaming, and unpacking into the store.

mod source;

pub use source::{Source, SourceError};

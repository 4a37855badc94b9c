//! Getting bytes: the HTTP client, verification while streaming, and unpacking into the store.
//!
//! An artifact is hashed and unpacked as it arrives. Its tree enters the store when the digest agrees, and not before;
//! what fails leaves nothing behind.

mod arriving;
mod artifact;
mod at_hand;
mod body;
mod budget;
mod client;
mod coding;
mod connection_error;
mod cpu_permits;
mod document;
mod endpoint;
mod error;
mod failure;
mod first_requests;
mod folder;
mod format;
mod gunzip;
mod hashing;
mod identity;
mod lookup;
mod measure;
mod memory;
mod options;
mod pace;
mod place;
mod proxy;
mod request;
mod resume;
mod retry;
mod roots;
mod run;
mod source;
mod target;
mod transport;
mod unpack;
mod wanted;

pub use body::Body;
pub use client::Client;
pub use endpoint::{Endpoint, Quota};
pub use error::{FetchError, RegistryError, Subject};
pub use failure::{RequestError, Server};
pub use measure::no_room;
pub use options::{ClientOptions, Network};
pub use place::{Authorization, Place};
pub use proxy::{BadProxy, Proxies};
pub use request::{ByteRange, Content, Document, Encoding, Request, Response};
pub use retry::Retry;
pub use roots::RootSources;
pub use run::{Options, fetch_all};
pub use source::{Source, SourceError};
pub use target::Target;
pub(crate) use unpack::zip;
pub use unpack::{Folds, Limits, Refusal, Trouble};
pub use wanted::{Fetched, Progress, Step, Wanted};

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

//! Getting bytes: the HTTP client, verification while streaming, and unpacking into the store.
//!
//! An artifact is hashed and unpacked as it arrives. Its tree enters the store when the digest agrees, and not before;
//! what fails leaves nothing behind.

mod arriving;
mod artifact;
mod body;
mod budget;
mod client;
mod coding;
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
mod lookup;
mod measure;
mod memory;
mod pace;
mod proxy;
mod request;
mod resume;
mod retry;
mod roots;
mod run;
mod source;
mod transport;
mod unpack;

pub use body::Body;
pub use client::{Client, ClientOptions, Network};
pub use endpoint::{Authorization, Endpoint, Place, Quota};
pub use error::{FetchError, RegistryError, Subject};
pub use failure::{RequestError, Server};
pub use measure::no_room;
pub use proxy::{BadProxy, Proxies};
pub use request::{ByteRange, Content, Document, Encoding, Request, Response, Target};
pub use retry::Retry;
pub use roots::RootSources;
pub use run::{Fetched, Options, Progress, Step, Wanted, fetch_all};
pub use source::{Source, SourceError};
pub(crate) use unpack::zip;
pub use unpack::{Folds, Limits, Refusal, Trouble};

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

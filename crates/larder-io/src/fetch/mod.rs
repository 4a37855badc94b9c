//! Fetches artifacts: the HTTP client, verification while streaming, and unpacking into the store.
//!
//! An artifact is hashed and unpacked as it arrives. Its tree enters the store only if the digest agrees; an artifact that fails
//! leaves nothing behind.

mod address;
mod artifact;
mod body;
mod budget;
mod bundle;
mod client;
mod coding;
mod connection_error;
mod copy;
mod cpu_permits;
mod disk_demand;
mod dns_cache;
mod document;
mod endpoint;
mod error;
mod failure;
mod folder;
mod format;
mod gunzip;
mod hashing;
mod identity;
mod in_store;
mod memory;
mod options;
mod pace;
mod proxy;
mod reach;
mod received_body;
mod request;
mod request_target;
mod requested;
mod resume;
mod retry;
mod roots;
mod run;
mod source;
mod transport;
mod unpack;

pub use address::{Authorization, RegistryAddress};
pub use body::Body;
pub use bundle::{BundleError, unpack_bundle};
pub use client::Client;
pub use copy::{CopyStep, copy_artifact, has_digest};
pub use disk_demand::disk_full_error;
pub use endpoint::{Endpoint, Quota};
pub use error::{FetchError, FetchSubject, RegistryFailure};
pub use failure::{RequestError, Server};
pub use format::{PackageHead, read_head};
pub use hashing::Hasher;
pub use options::{ClientOptions, Network};
pub use proxy::{BadProxy, Proxies};
pub use reach::Destination;
pub use request::{
    BodyRange, ByteRange, Encoding, FullResponse, Request, Response, Upload, UploadAnswer, UploadMethod, UploadPlace,
};
pub use request_target::RequestTarget;
pub use requested::{FetchProgress, FetchStep, FetchedArtifact, RequestedArtifact};
pub use retry::Retry;
pub use roots::RootCertificateSources;
pub use run::{FetchOptions, fetch_all};
pub use source::{ArtifactSource, SourceError};
pub(crate) use unpack::zip;
pub use unpack::{
    ArchiveFault, ArchiveRefusal, Limits, NameFolding, UnpackedBundle, bundled_name, check_names, has_twins,
};

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

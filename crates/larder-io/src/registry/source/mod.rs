//! Packages outside of registries: what lies at a URL, and what it says of itself.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `client` | fetching sources, and opening them again for what a lock has |
//! | `release` | the one version of such a package: its listing |
//! | `known` | which packages come from outside of registries |
//! | `error` | why a source cannot be used |

mod client;
mod error;
mod known;
mod release;

pub(super) use client::FOLDER;
pub use client::{FetchedSource, SourceClient};
pub use error::SourceFailure;
pub(super) use known::KnownSources;
pub(super) use release::SourceListing;
pub use release::SourceRelease;

//! The registries: npm, PyPI and local folders; their metadata, caches, and the [`Index`](crate::resolve::Index) over them.
//!
//! Nothing here reads the process's environment: tokens, mirrors and folders come in with [`Options`].

mod ahead;
mod by_platform;
mod bytes;
mod cache;
mod choice;
mod failure;
mod kept;
mod larder;
mod listing;
pub mod netrc;
mod npm;
mod open;
mod options;
pub mod path;
mod protocol;
mod pypi;
mod registries;
mod stale;

pub use cache::Freshness;
pub use choice::Choice;
pub use failure::RegistryError;
pub use options::{Options, Secret};
pub use registries::Registries;
pub use stale::{Stale, stale};

#[cfg(test)]
mod tests;

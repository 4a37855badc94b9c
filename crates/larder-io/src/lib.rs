//! How larder reaches disks and networks: registries, downloads, the store, profiles, builds.
//!
//! What is read and written is decided in `larder_core`. The crate `larder` has the map of all rooms, in its `src/lib.rs`.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "unit tests prepare and inspect the disk"))]

pub mod build;
pub mod fetch;
pub mod fs;
pub mod git;
pub mod logs;
pub mod profile;
pub mod registry;
pub mod store;

use larder_core::{
    advisory, creatio, diagnostic, difference, document, import, license, lock, manifest, model, package, parallel,
    provenance, resolve,
};

//! The functional core of larder: what it knows without looking at a disk, a network or its environment.
//!
//! Values and formats in, values and formats out. The crate `larder` has the map of all rooms, in its `src/lib.rs`.

#![cfg_attr(test, allow(clippy::disallowed_methods, reason = "unit tests read fixtures from the disk"))]

pub mod advisory;
pub mod assets;
pub mod bom;
pub mod creatio;
pub mod diagnostic;
pub mod diagram;
pub mod difference;
pub mod document;
pub mod export;
pub mod expression;
pub mod import;
pub mod license;
pub mod lock;
pub mod manifest;
pub mod mapping;
pub mod model;
pub mod package;
pub mod parallel;
pub mod patch;
pub mod policy;
pub mod provenance;
pub mod release;
pub mod resolve;
pub mod schema;

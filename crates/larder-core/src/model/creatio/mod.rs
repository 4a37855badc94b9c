//! Packages of the Creatio platform: names, versions, ranges, identifiers, the order of installation.

pub(super) mod facts;
pub(super) mod name;
pub(super) mod order;
pub(super) mod range;
pub(super) mod uid;
pub(super) mod version;

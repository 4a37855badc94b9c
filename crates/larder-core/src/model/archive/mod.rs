//! Tools by URL: names and versions.

pub(super) mod name;
pub(super) mod version;

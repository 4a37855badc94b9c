//! npm: names, versions, ranges.

pub(super) mod name;
pub(super) mod range;
pub(super) mod version;

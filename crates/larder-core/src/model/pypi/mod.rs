//! Python: names, versions, specifiers.

pub(super) mod name;
pub(super) mod range;
pub(super) mod version;

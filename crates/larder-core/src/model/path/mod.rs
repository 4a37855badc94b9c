//! Local folders: their names. They have no ranges: a dependent of a folder takes the version that is there.

pub(super) mod name;

//! Local folders: names and versions. Whoever asks for a folder takes the version that lies there.

pub(super) mod name;
pub(super) mod version;

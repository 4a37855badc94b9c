//! Private packages in a profile.

mod placement;

pub(super) use placement::Larder;

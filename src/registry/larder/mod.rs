//! Private packages.

mod index;
mod listing;
mod protocol;

pub(super) use protocol::LarderProtocol;

//! Private packages.

mod index;
mod protocol;

pub(super) use protocol::LarderProtocol;

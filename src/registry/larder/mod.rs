//! Private packages.

mod protocol;

pub(super) use protocol::LarderProtocol;

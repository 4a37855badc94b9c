//! npm registries: packuments and tarballs.

mod listing;
mod location;
mod mirror;
mod pack;
mod packument;
mod protocol;
pub(super) mod record;
mod release;
pub(super) mod requirement;
mod signatures;
mod source;

pub(super) use protocol::NpmProtocol;
pub(super) use source::NpmSourceReader;

//! Python indexes: the page of a package, the metadata of its files, and which wheels suit which platform.

mod file_name;
mod lazy_wheel;
mod listing;
mod location;
mod mirror;
pub(super) mod page;
mod pep658;
mod protocol;
pub(super) mod record;
mod release;
pub(super) mod requirement;
mod source;
mod tags;

pub(super) use protocol::PypiProtocol;
pub(super) use source::PypiSourceReader;

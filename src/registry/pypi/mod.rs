//! Python indexes: the page of a package, the metadata of its files, and which wheels suit which platform.

mod beside;
mod file_name;
mod listing;
mod location;
mod page;
mod protocol;
mod record;
pub(super) mod requirement;
mod tags;
mod tail;

pub(super) use protocol::Pypi;

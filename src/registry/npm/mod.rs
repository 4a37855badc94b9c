//! npm registries: packuments, and the tarballs that they name.

mod listing;
mod location;
mod packument;
mod protocol;
mod record;
pub(super) mod requirement;

pub(super) use protocol::Npm;

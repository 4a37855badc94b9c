//! Private packages.

pub(super) mod folder;
mod index;
mod known_tiles;
mod listing;
mod log;
mod mirror;
mod protocol;
mod reading;
mod signer_list;
mod signers;
mod witness;

#[cfg(test)]
mod tests;

pub(super) use log::LogOptions;
pub(super) use protocol::LarderProtocol;
pub(super) use witness::WitnessFile;
pub use witness::{WitnessedLog, export_witnesses, forget_history, import_witnesses};

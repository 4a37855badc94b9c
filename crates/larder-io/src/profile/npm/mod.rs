//! npm packages on disk: realised folders, and the executables they declare.

mod bin;
mod launcher;
mod realise;

pub(super) use bin::{bin_directory, declared_bins, preferred_owner};
pub(super) use launcher::launcher;
pub(super) use realise::{executables, link_path, realise, relative_target};

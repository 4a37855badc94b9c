//! npm packages on disk: realised folders, and the executables they declare.

mod bin;
mod launcher;
mod realise;

pub(super) use bin::{declared, declared_folder, shadowing};
pub(super) use launcher::launcher;
pub(super) use realise::{executables, link_path, realise, relative_target};

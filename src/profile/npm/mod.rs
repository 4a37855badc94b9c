//! npm packages on disk: realised folders, and the executables they declare.

mod bin;
mod realise;

pub(super) use bin::{declared, shadowing};
pub(super) use realise::{link_path, realise, relative_target};

//! Building what exists only as source.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `source` | a source distribution that is there, and how it says that it is built |
//! | `tools` | choosing what builds it: a solve of its own |
//! | `workshop` | the folder in which its back end runs, in a sandbox |
//! | `probe` | what a solve has to find out by building |
//! | `key`, `outputs` | what comes of a build, by the name of everything that went into it |
//! | `error` | why nothing can be built |

mod error;
mod key;
mod outputs;
mod probe;
mod source;
mod tools;
mod workshop;

pub(super) use outputs::{Builder, inputs};
pub(super) use probe::Probe;

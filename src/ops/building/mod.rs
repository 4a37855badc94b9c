//! Building what exists only as source, and running the install scripts of packages.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `source` | a source distribution that is there, and how it says that it is built |
//! | `tools` | choosing what builds it: a solve of its own |
//! | `consent` | what a manifest asks for beyond the sandbox, and who agreed to it |
//! | `crates` | the Rust crates and the Rust toolchain that a package is built with |
//! | `downloads` | the files that builds download: as declared, or as a build asks for them |
//! | `workshop` | the folder in which its back end runs, in a sandbox |
//! | `probe` | what a solve has to find out by building |
//! | `prepare` | packages that their own scripts make of their sources |
//! | `scripts` | install scripts: read, and locked where they may run |
//! | `node` | the Node that runs them |
//! | `plan_scripts`, `run_scripts` | in which order they run, and what comes of them |
//! | `left_files` | what scripts left in a folder, on its way into the store |
//! | `cache` | what builds made elsewhere |
//! | `key`, `outputs` | what comes of a build, by the name of everything that went into it |
//! | `error` | why nothing can be built |

pub(super) mod cache;
pub(super) mod consent;
mod crates;
mod downloads;
mod error;
mod key;
mod left_files;
mod node;
mod outputs;
mod plan_scripts;
mod prepare;
mod probe;
mod run_scripts;
pub(super) mod scripts;
mod source;
mod tools;
mod workshop;

pub(super) use downloads::WatchedDownloads;
pub(super) use error::BuildsError;
pub(super) use outputs::{Builder, inputs};
pub(super) use plan_scripts::PlannedScripts;
pub(super) use probe::Probe;
pub(super) use run_scripts::ScriptRunner;

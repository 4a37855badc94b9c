//! Builds packages from source: foreign programs in a sandbox, with nothing but what they were given.
//!
//! Knows neither manifest, lock nor registries: it is given folders on disk and gives back what was built.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `sandbox` | runs a program that can reach nothing but what it was given |
//! | `downloads` | what a build may have of the network: files, answered by larder |
//! | `environment` | the variables of every build |
//! | `run` | a program that has to succeed |
//! | `python` | wheels, by PEP 517 back ends |
//! | `npm` | packages, by their install scripts |
//! | `crates` | Rust crates, laid out for cargo |
//! | `toolchain` | what an output depends on besides its inputs |
//! | `missing` | from a failed build's output to the package that has what it lacks |
//! | `error` | what goes wrong |

mod crates;
mod downloads;
mod environment;
mod error;
mod missing;
mod npm;
mod python;
mod run;
mod sandbox;
mod toolchain;

pub use crate::model::Level;
pub use crates::{CargoLockError, LockedCrate, VendoredCrates, crates};
pub use downloads::{DownloadedFile, Downloads};
pub use environment::EARLIEST_ZIP_DATE;
pub use error::{BuildError, FailedStep};
pub use missing::{MissingPrerequisite, missing};
pub use npm::{
    NodeRuntime, NpmPackage, PackageJsonError, Script, ScriptSet, parse_package_json, scripts, scripts_and_called,
    scripts_digest,
};
pub use python::{Backend, BuildOutput, ConfigSetting, PythonSources};
pub use sandbox::{Access, Bind, Outcome, Program, Sandbox, SandboxLimits, Status, Stop, run_helper};
pub use toolchain::Toolchain;

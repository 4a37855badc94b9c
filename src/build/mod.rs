//! Builds packages from source: foreign programs in a sandbox, with nothing but what they were given.
//!
//! Knows neither manifest, lock nor registries: it is given folders on disk and gives back what was built.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `sandbox` | runs a program that can reach nothing but what it was given |
//! | `level` | how well a build is locked in |
//! | `environment` | the variables of every build |
//! | `run` | a program that has to succeed |
//! | `python` | wheels, by PEP 517 back ends |
//! | `missing` | from a failed build's output to the package that has what it lacks |
//! | `error` | what goes wrong |

mod environment;
mod error;
mod level;
mod missing;
mod python;
mod run;
mod sandbox;

pub use environment::EARLIEST_ZIP_DATE;
pub use error::{BuildError, FailedStep};
pub use level::{Level, UnknownLevel};
pub use missing::{Missing, missing};
pub use python::{Backend, ConfigSetting, PythonProject, Target};
pub use sandbox::{Access, Bind, Limits, Outcome, Program, Sandbox, Status, Stop, run_helper};

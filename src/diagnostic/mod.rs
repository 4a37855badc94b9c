//! The parts that all errors and messages share: exit codes, lists, numbers of things, sizes, suggestions, and passwords that
//! are left out.
//!
//! Errors are enums that live beside their domain and derive `thiserror::Error` and `miette::Diagnostic`: a message, a code,
//! labels and help.

mod exit;
mod list;
mod plural;
mod redact;
mod size;
mod suggest;

pub use exit::{Exit, Failure};
pub use list::list;
pub use plural::counted;
pub use redact::{credentials, redact_passwords};
pub use size::size;
pub use suggest::nearest;

//! The parts that all errors and messages share: exit codes, findings, lists, numbers of things, positions, sizes,
//! suggestions, and passwords that are left out.
//!
//! Errors are enums that live beside their domain and derive `thiserror::Error` and `miette::Diagnostic`: a message, a code,
//! labels and help.

mod error;
mod exit;
mod list;
mod plural;
mod position;
mod redact;
mod size;
mod source_finding;
mod suggest;

pub use error::{Error, Result};
pub use exit::{Exit, Failure};
pub use list::{in_sentence, list, one_of};
pub use plural::counted;
pub use position::{LineIndex, Position};
pub use redact::{credentials, redact_passwords};
pub use size::size;
pub use source_finding::{FindingLevel, SourceFinding};
pub use suggest::nearest;

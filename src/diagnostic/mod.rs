//! The parts that all errors share: exit codes, lists, sizes and suggestions.
//!
//! Errors are enums that live beside their domain and derive `thiserror::Error` and `miette::Diagnostic`: a message, a code,
//! labels and help.

mod exit;
mod list;
mod size;
mod suggest;

pub use exit::{Exit, Failure};
pub use list::list;
pub use size::size;
pub use suggest::nearest;

//! What all errors share: an exit code, and helpers for messages.
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

//! What every error of larder has: a message, a code, labels and help (from `miette`), and an exit code.
//!
//! Errors are enums that live beside their domain and derive `thiserror::Error` and `miette::Diagnostic`; here is only
//! what they share.

mod exit;
mod list;
mod size;
mod suggest;

pub use exit::{Exit, Failure};
pub use list::list;
pub use size::size;
pub use suggest::nearest;

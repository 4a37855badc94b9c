//! One file per use case: what the commands do. Here, and only here, the rooms below are joined.

pub mod activate;
pub mod add;
pub mod check;
pub mod diff;
pub mod gc;
pub mod history;
pub mod init;
pub mod list;
pub mod lock;
pub mod pin;
pub mod promote;
pub mod remove;
pub mod rollback;
pub mod run;
pub mod switch;
pub mod sync;
pub mod tree;
pub mod update;
pub mod variables;
pub mod verify;
pub mod why;

mod artifacts;
mod bytecode;
mod checkout;
mod context;
mod error;
mod event;
mod failure;
mod gather;
mod generations;
mod host;
mod interpreter;
mod members;
mod policies;
mod project;
mod registries;
mod repair;
mod spec;
mod state;
mod summary;
mod target;

pub use context::{Context, Flags, Variables};
pub use error::{Error, Result};
pub use event::{Event, Reporter};
pub use project::Project;

//! Python in a profile: finding the interpreter, and a virtual environment without pip.

mod activate;
mod editable;
mod entry_points;
mod find;
mod interpreter;
mod launcher;
mod record;
mod venv;
mod wheel;

pub use find::{Search, find};
pub use interpreter::Interpreter;

pub(super) use editable::Project;
pub(super) use venv::{Environment, Installed, build, linked_files};

//! Python in a profile: finding the interpreter, and a virtual environment without pip.

mod activate;
mod bytecode;
mod claims;
mod editable;
mod entry_points;
mod find;
mod interpreter;
mod launcher;
mod moved;
mod placement;
mod record;
mod shared;
mod sources;
mod stub;
mod venv;
mod wheel;

pub use bytecode::{Bytecode, compile, names};
pub use find::{Search, find, on_path};
pub use interpreter::Interpreter;

pub(super) use claims::Precedence;
pub(super) use editable::Project;
pub(super) use moved::rewritten;
pub(super) use placement::Python;
pub(super) use venv::{Environment, Installable, Installed, Yielded, build, compiled_files, linked_files};

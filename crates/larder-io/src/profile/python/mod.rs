//! Python in a profile: finding the interpreter, and a virtual environment without pip.

mod activate;
mod bytecode;
mod editable;
mod entry_points;
mod file_conflicts;
mod file_precedence;
mod find;
mod half;
mod interpreter;
mod launcher;
mod lay_out;
mod module_paths;
mod record;
mod relocate;
mod stub;
mod tools;
mod unpacked;
mod venv;
mod wheel;

pub use bytecode::{Bytecode, compile, names};
pub use find::{InterpreterSearch, find, on_path};
pub use interpreter::{Interpreter, ended_from_outside};
pub use lay_out::{LaidOutContent, lay_out};
pub use record::without as record_without;
pub use tools::build_tools;
pub use unpacked::of_runtime;

pub(super) use editable::EditablePackage;
pub(super) use file_precedence::Precedence;
pub(super) use half::PythonHalf;
pub(super) use relocate::rewritten;
pub(super) use venv::{
    BuiltEnvironment, EnvironmentInput, WheelInput, YieldedFiles, build, compiled_files, linked_files,
};

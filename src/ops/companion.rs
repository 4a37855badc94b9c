//! Programs that come beside larder: `larder NAME` is `larder-NAME`, which lies beside larder, else on PATH.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use crate::diagnostic::{Exit, Failure, nearest};
use crate::fs;
use crate::profile::python::on_path;

use super::{Context, Error};

/// The programs that are part of larder, and so are no misspelt commands.
const OWN: [&str; 2] = ["monitor", "serve"];

/// Turns this process into the program, which keeps its place: its input, its output, its signals. Returns why that fails, if it
/// does; `known` are the commands that one may have meant.
pub fn replace(context: &Context<'_>, name: &OsStr, arguments: &[OsString], known: &[&str]) -> Error {
    let Some(name) = name.to_str().filter(|name| is_name(name)) else {
        return CompanionError::Unknown { name: name.to_string_lossy().into_owned(), meant: None }.into();
    };
    let Some(program) = find(context, name) else {
        if OWN.contains(&name) {
            return CompanionError::Missing(name.to_owned()).into();
        }
        let meant = nearest(name, known.iter().copied()).map(str::to_owned);
        return CompanionError::Unknown { name: name.to_owned(), meant }.into();
    };
    let source = Command::new(&program).args(arguments).exec();
    CompanionError::NotStarted { program, source }.into()
}

/// Returns the program. One that a package brought is none: it would be foreign code that runs.
fn find(context: &Context<'_>, name: &str) -> Option<PathBuf> {
    let file = format!("larder-{name}");
    let beside = context.executable.with_file_name(&file);
    let is_program = matches!(fs::stat(&beside), Ok(Some(stat)) if stat.is_program());
    if is_program { Some(beside) } else { on_path(&context.variables.search_path(), &file) }
}

/// Returns whether a word can be the name of a program of larder's.
fn is_name(name: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !name.starts_with('-') && !name.is_empty() && name.chars().all(is_plain)
}

/// Why a program that comes beside larder does not run.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
enum CompanionError {
    /// There is no command and no program of this name.
    #[error("there is no command `{name}`")]
    #[diagnostic(
        code(larder::companion::unknown_command),
        help("{}", meant.as_ref().map_or_else(|| "`larder --help` lists the commands".to_owned(), |meant| format!("did you mean `{meant}`?")))
    )]
    Unknown {
        /// The name.
        name: String,
        /// The nearest command.
        meant: Option<String>,
    },
    /// A program of larder's own is not installed.
    #[error("`larder {0}` is the program `larder-{0}`, which is neither beside larder nor on PATH")]
    #[diagnostic(code(larder::companion::missing), help("install it beside larder; it comes with the same release"))]
    Missing(String),
    /// The program does not start.
    #[error("cannot start `{}`: {source}", program.display())]
    #[diagnostic(code(larder::companion::not_started))]
    NotStarted {
        /// The program.
        program: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

impl Failure for CompanionError {
    fn exit(&self) -> Exit {
        match self {
            Self::Unknown { .. } => Exit::Manifest,
            Self::Missing(_) => Exit::NotFound,
            Self::NotStarted { .. } => Exit::NotExecutable,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_no_path_and_no_option() {
        assert!(is_name("monitor") && is_name("my-tool2"));
        for wrong in ["", "-x", "../x", "a/b", "A", "a b", "é", "a\0"] {
            assert!(!is_name(wrong), "{wrong}");
        }
    }
}

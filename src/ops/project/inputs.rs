//! The files that a project brings: manifests, the lock. Only regular files are read, of a size that a person's files have,
//! and manifests are text.

use std::io::ErrorKind;
use std::path::Path;

use crate::diagnostic::{Exit, Failure, size};
use crate::fs;

use crate::ops::Result;

/// No manifest has more bytes, in whatever language.
pub(in crate::ops) const MANIFEST_SIZE: u64 = 16 << 20;

/// No lock has more bytes: a hundred times what a large project has.
pub(in crate::ops) const LOCK_SIZE: u64 = 128 << 20;

/// Reads a file; one that does not exist is `None`.
pub(in crate::ops) fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>> {
    let error = match fs::read_up_to(path, limit) {
        Ok(bytes) => return Ok(bytes),
        Err(error) => error,
    };
    match UnreadableInput::of(error.source.kind(), limit) {
        Some(problem) => Err(InputError { file: name(path), problem }.into()),
        None => Err(error.into()),
    }
}

/// Reads a manifest's text; a file that does not exist is `None`.
pub(in crate::ops) fn text(path: &Path) -> Result<Option<String>> {
    let Some(bytes) = read(path, MANIFEST_SIZE)? else { return Ok(None) };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => {
            let at = error.utf8_error().valid_up_to();
            let line = memchr::memchr_iter(b'\n', &error.as_bytes()[..at]).count() + 1;
            Err(InputError { file: name(path), problem: UnreadableInput::NotText { line } }.into())
        }
    }
}

/// Reads the text of a manifest that was there a moment ago.
pub(in crate::ops) fn manifest(path: &Path) -> Result<String> {
    match text(path)? {
        Some(text) => Ok(text),
        None => Err(fs::FsError::new(fs::Action::Read, path, std::io::Error::from(ErrorKind::NotFound)).into()),
    }
}

/// Reads the text of a manifest above a project, which may be anybody's. One that this user must not read, or that is no text, is
/// `None`.
///
/// # Errors
/// Fails where it could not be read for another reason: whether the project is a member of that one is not known then, and a guess
/// would put an environment into the wrong folder.
pub(in crate::ops) fn others_manifest(path: &Path) -> Result<Option<String>> {
    match fs::read_up_to(path, MANIFEST_SIZE) {
        Ok(bytes) => Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok())),
        Err(error) => {
            let kind = error.source.kind();
            let is_strange = kind == ErrorKind::PermissionDenied || UnreadableInput::of(kind, MANIFEST_SIZE).is_some();
            if is_strange { Ok(None) } else { Err(error.into()) }
        }
    }
}

/// Returns a reader of the text files of a folder of the project that `root` is: what lies elsewhere, or is no text, is not there.
pub(in crate::ops) fn reader<'a>(root: &'a Path, folder: &'a Path) -> impl Fn(&str) -> Option<String> + 'a {
    move |file| fs::read_text_below(folder, file, &[root], MANIFEST_SIZE)
}

fn name(path: &Path) -> String {
    path.display().to_string()
}

/// A file that is none of a project's.
#[derive(Debug, thiserror::Error)]
#[error("`{file}` {problem}")]
struct InputError {
    file: String,
    problem: UnreadableInput,
}

#[derive(Debug, thiserror::Error)]
enum UnreadableInput {
    #[error("is no regular file")]
    NoFile,
    #[error("has more than {0}")]
    TooLarge(String),
    #[error("is not UTF-8 text: line {line} has a byte that is not")]
    NotText { line: usize },
}

impl UnreadableInput {
    /// Returns what is wrong with a file that could not be read because of what it is.
    fn of(kind: ErrorKind, limit: u64) -> Option<Self> {
        match kind {
            ErrorKind::FileTooLarge => Some(Self::TooLarge(size(limit))),
            ErrorKind::InvalidInput | ErrorKind::IsADirectory => Some(Self::NoFile),
            _ => None,
        }
    }
}

impl miette::Diagnostic for InputError {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(match self.problem {
            UnreadableInput::NoFile => "larder::project::no_file",
            UnreadableInput::TooLarge(_) => "larder::project::too_large",
            UnreadableInput::NotText { .. } => "larder::project::not_text",
        }))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(match self.problem {
            UnreadableInput::NoFile => "larder reads plain files only: put one in its place",
            UnreadableInput::TooLarge(_) => "is this the right file?",
            UnreadableInput::NotText { .. } => "save it as UTF-8",
        }))
    }
}

impl Failure for InputError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

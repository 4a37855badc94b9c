//! Files that are written once.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability};
use crate::ops::Result;

/// The largest file that is compared.
const LARGEST: u64 = 1 << 20;

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum PlacedState {
    /// It is new.
    Written,
    /// It had other text.
    Replaced,
    /// It was there before.
    Kept,
}

/// A file, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PlacedFile {
    /// The file.
    pub path: PathBuf,
    /// What became of it.
    pub state: PlacedState,
}

impl PlacedFile {
    /// Returns what people are told.
    pub fn line(&self) -> String {
        let done = match self.state {
            PlacedState::Written => "Wrote",
            PlacedState::Replaced => "Replaced",
            PlacedState::Kept => "Nothing to do:",
        };
        format!("{done} {}", self.path.display())
    }
}

/// What is done about a file that has other text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Existing {
    /// It is an error.
    Refused,
    /// It stays.
    Kept,
    /// It is replaced.
    Replaced,
}

/// Writes a file, unless it has that text already.
pub(super) fn place(path: &Path, text: &str, existing: Existing) -> Result<PlacedFile> {
    let there = fs::read_up_to(path, LARGEST)?;
    let state = match (there, existing) {
        (None, _) => PlacedState::Written,
        (Some(there), _) if there == text.as_bytes() => PlacedState::Kept,
        (Some(_), Existing::Kept) => PlacedState::Kept,
        (Some(_), Existing::Replaced) => PlacedState::Replaced,
        (Some(_), Existing::Refused) => return Err(OtherText(path.to_owned()).into()),
    };
    if state != PlacedState::Kept {
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write_atomic(path, text.as_bytes(), Durability::Whole)?;
    }
    Ok(PlacedFile { path: path.to_owned(), state })
}

/// A file that somebody else wrote, or changed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` is there, and has other text", .0.display())]
#[diagnostic(
    code(larder::automation::other_text),
    help("it stays as it is: compare it with `--print`, or let it be replaced with `--force`")
)]
struct OtherText(PathBuf);

impl Failure for OtherText {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

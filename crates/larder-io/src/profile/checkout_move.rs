//! Rewriting the paths in files after their checkout was moved or copied.

use std::path::{Path, PathBuf};

use crate::fs::{self, Durability};
use crate::model::TreeDigest;

use super::ProfileError;

/// The folders of a checkout before and after it was moved.
#[derive(Clone, Copy, Debug)]
pub(super) struct CheckoutMove<'a> {
    /// The folder before the move.
    pub(super) from: &'a Path,
    /// The folder now.
    pub(super) to: &'a Path,
}

impl CheckoutMove<'_> {
    /// Returns where a path leads after the move.
    pub(super) fn path(&self, path: &Path) -> PathBuf {
        path.strip_prefix(self.from).map_or_else(|_| path.to_owned(), |below| self.to.join(below))
    }

    /// Returns the way back.
    pub(super) fn back(&self) -> Self {
        Self { from: self.to, to: self.from }
    }
}

/// A function from the text of a file to its text after a move.
pub(super) type TextChange<'a> = dyn Fn(&CheckoutMove<'_>, &str) -> String + 'a;

/// A file's content before and after.
pub(super) struct RewrittenText {
    pub(super) old: Vec<u8>,
    pub(super) new: Vec<u8>,
}

/// Replaces a file that is what was written, and accepts one that was replaced already.
pub(super) fn rewrite_file(
    file: &Path,
    written: &TreeDigest,
    moved: &CheckoutMove<'_>,
    change: &TextChange<'_>,
) -> Result<Option<RewrittenText>, ProfileError> {
    let Some(Ok(text)) = fs::read_record(file)?.map(String::from_utf8) else { return Ok(None) };
    if TreeDigest::of(text.as_bytes()) == *written {
        let new = change(moved, &text);
        if new != text {
            fs::write_atomic(file, new.as_bytes(), Durability::Lazy)?;
        }
        return Ok(Some(RewrittenText { old: text.into_bytes(), new: new.into_bytes() }));
    }
    let old = change(&moved.back(), &text);
    let is_done = TreeDigest::of(old.as_bytes()) == *written;
    Ok(is_done.then(|| RewrittenText { old: old.into_bytes(), new: text.into_bytes() }))
}

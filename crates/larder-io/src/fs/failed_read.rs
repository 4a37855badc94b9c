//! What readers of files cannot say themselves.

use std::cell::OnceCell;

use super::FsError;

/// Keeps the first failure of a disk from which files are read by something that knows of missing ones alone: a file that cannot
/// be read is no missing one, and nothing may be made of the others.
#[derive(Debug, Default)]
pub struct FailedRead(OnceCell<FsError>);

impl FailedRead {
    /// Returns the file, if there is one. One that the disk does not give is missing from here on.
    pub fn kept<T>(&self, read: Result<Option<T>, FsError>) -> Option<T> {
        read.unwrap_or_else(|error| {
            // Only the first is told.
            let _ = self.0.set(error);
            None
        })
    }

    /// As [`Self::kept`], of a text file: what is no text is missing.
    pub fn kept_text(&self, read: Result<Option<Vec<u8>>, FsError>) -> Option<String> {
        String::from_utf8(self.kept(read)?).ok()
    }

    /// Returns what was made of the files.
    ///
    /// # Errors
    /// The disk did not give one of them.
    pub fn checked<T>(self, made: T) -> Result<T, FsError> {
        match self.0.into_inner() {
            Some(failure) => Err(failure),
            None => Ok(made),
        }
    }
}

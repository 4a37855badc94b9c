//! The records of a generation as files: their format, how they are read, and the digest that they end with.

use std::path::Path;

use serde::Serialize;

use crate::fs::{self, Action, FsError};
use crate::model::TreeDigest;

use super::ProfileError;

/// The form of the record that this version writes.
pub(super) const FORMAT: u32 = 1;

/// Reads a file of records. What is no regular file is no record.
pub(super) fn read_record(file: &Path) -> Result<Vec<u8>, ProfileError> {
    match fs::read_record(file) {
        Ok(Some(bytes)) => Ok(bytes),
        Ok(None) => Err(FsError::new(Action::Read, file, std::io::ErrorKind::NotFound).into()),
        Err(error) if error.is_wrong_kind() => {
            Err(ProfileError::BadRecord { file: file.to_owned(), problem: error.source.to_string() })
        }
        Err(error) => Err(error.into()),
    }
}

/// Returns the end of a record with this text: its last member, the digest of what stands before it.
pub(super) fn seal(text: &[u8]) -> String {
    format!(",\"check\":\"{}\"}}", TreeDigest::of(text))
}

/// Returns whether a record is as it was written.
pub(super) fn is_sealed(record: &[u8]) -> bool {
    const SEAL: usize = ",\"check\":\"\"}".len() + 64;

    let Some((text, end)) = record.split_at_checked(record.len().saturating_sub(SEAL)) else { return false };
    seal(&[text, b"}"].concat()).as_bytes() == end
}

/// Hashes a value by its JSON, which is canonical: the maps are sorted.
pub(super) fn hash(value: &impl Serialize) -> TreeDigest {
    // Writing to a hasher does not fail, and neither do the values that are hashed here.
    let mut hasher = blake3::Hasher::new();
    let _ = serde_json::to_writer(std::io::BufWriter::with_capacity(1 << 16, &mut hasher), value);
    TreeDigest(*hasher.finalize().as_bytes())
}

//! Telling formatters that what larder makes is not theirs. Prettier before 3 goes into hidden folders and through links, knows
//! nothing of `.gitignore`, and takes its settings from the nearest folder above a file.

use std::path::Path;

use crate::fs::{self, Durability, Kind};

use super::ProfileError;
use super::paths::OWN;

/// <https://prettier.io/docs/configuration>
const FILE: &str = ".prettierrc";
/// Of every file nothing is formatted: <https://prettier.io/docs/options#range>.
const TEXT: &[u8] = b"{ \"rangeEnd\": 0 }\n";

/// Writes the settings into `.larder`, where they are missing.
pub(super) fn write(root: &Path) -> Result<(), ProfileError> {
    let file = root.join(OWN).join(FILE);
    match fs::lstat(&file)? {
        Some(stat) if stat.kind == Kind::File && stat.size == TEXT.len() as u64 => Ok(()),
        Some(stat) if !matches!(stat.kind, Kind::File | Kind::Symlink) => Ok(()),
        _ => Ok(fs::write_atomic(&file, TEXT, Durability::Lazy)?),
    }
}

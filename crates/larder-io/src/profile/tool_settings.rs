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
    let kind = fs::lstat(&file)?.map(|stat| stat.kind);
    let is_there = match kind {
        Some(Kind::File) => fs::read(&file)? == TEXT,
        Some(Kind::Symlink) | None => false,
        // Nobody's settings, and nobody's harm.
        Some(Kind::Folder | Kind::Other) => true,
    };
    if is_there { Ok(()) } else { Ok(fs::write_atomic(&file, TEXT, Durability::Lazy)?) }
}

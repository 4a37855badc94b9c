//! Files that a killed run left in the folder of a profile.

use std::path::Path;

use crate::fs::Kind;

use super::ProfileError;
use super::paths::open_own_folder;

/// Removes what a killed run left, and returns the highest number of a generation. The project's lock is held.
pub(super) fn remove_leftovers(root: &Path, profile: &Path) -> Result<u64, ProfileError> {
    let mut last = 0;
    let Some(folder) = open_own_folder(root, profile)? else { return Ok(last) };
    for found in folder.list()? {
        let name = found.path.to_string_lossy();
        if name.starts_with('.') {
            folder.remove_tree(&found.path)?;
        } else if let (Kind::Folder, Ok(number)) = (found.kind, name.parse::<u64>()) {
            last = last.max(number);
        }
    }
    Ok(last)
}

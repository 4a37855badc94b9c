//! Removing what no generation needs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::fs::{self, Kind};

use super::{Key, ProfileError, generation};

/// What a collection removed.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Collected {
    /// The numbers of the generations.
    pub generations: Vec<u64>,
    /// How many realised packages.
    pub packages: usize,
}

/// Removes a folder under a name that counts for nothing, so that a kill never leaves half of one under its own.
pub(super) fn remove(place: &Path, name: &str) -> Result<(), ProfileError> {
    let aside = place.join(format!(".removed-{name}"));
    fs::remove_tree(&aside)?;
    fs::rename(&place.join(name), &aside)?;
    Ok(fs::remove_tree(&aside)?)
}

/// Removes the realised packages that none of `generations`, by their folders, has.
///
/// # Errors
/// When a record cannot be read: what that generation needs is not known, so nothing is removed.
pub(super) fn unused_packages(packages: &Path, generations: &[PathBuf]) -> Result<usize, ProfileError> {
    let mut used: BTreeSet<Key> = BTreeSet::new();
    for folder in generations {
        used.extend(generation::keys(folder)?);
    }
    let found = match fs::read_dir(packages) {
        Ok(found) => found,
        Err(error) if error.is_not_found() => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    let mut removed = 0;
    for found in found.iter().filter(|found| found.kind == Kind::Folder) {
        let Some(name) = found.path.to_str() else { continue };
        if name.parse::<Key>().is_ok_and(|key| !used.contains(&key)) {
            remove(packages, name)?;
            removed += 1;
        }
    }
    Ok(removed)
}

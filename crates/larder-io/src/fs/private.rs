//! Restricting files to their owner.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Action, FsError, Kind, Stat, lstat, walk};

/// Removes all rights of group and world from a folder and everything in it. Links have no rights of their own.
pub fn make_private(path: &Path) -> Result<(), FsError> {
    remove_group_and_world_rights(path)?;
    for found in walk(path, |_| true)? {
        if matches!(found.kind, Kind::Folder | Kind::File) {
            remove_group_and_world_rights(&path.join(found.path))?;
        }
    }
    Ok(())
}

/// Removes all rights of group and world from a file or folder if `private`. Otherwise restores those of the folder above
/// it.
pub fn set_private(path: &Path, private: bool) -> Result<(), FsError> {
    if private {
        return remove_group_and_world_rights(path);
    }
    let mode = |path: Option<&Path>| Ok::<_, FsError>(path.map(lstat).transpose()?.flatten().map(|stat| stat.mode));
    let others = |mode: u32| mode & 0o077;
    match (mode(Some(path))?, mode(path.parent())?) {
        (Some(own), Some(above)) if others(own) == 0 && others(above) != 0 => set_mode(path, own | others(above)),
        _ => Ok(()),
    }
}

fn remove_group_and_world_rights(path: &Path) -> Result<(), FsError> {
    match lstat(path)? {
        Some(Stat { mode, .. }) if mode & 0o077 != 0 => set_mode(path, mode & 0o700),
        _ => Ok(()),
    }
}

fn set_mode(path: &Path, mode: u32) -> Result<(), FsError> {
    std::fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(|error| FsError::new(Action::Write, path, error))
}

//! Closing files to everybody but their owner.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use super::{Action, FsError, Kind, Stat, lstat, walk};

/// Takes every right of group and world away from a folder and everything in it. Links are left alone: they have none.
pub fn make_private(path: &Path) -> Result<(), FsError> {
    close(path)?;
    for found in walk(path, |_| true)? {
        if matches!(found.kind, Kind::Folder | Kind::File) {
            close(&path.join(found.path))?;
        }
    }
    Ok(())
}

/// Takes every right of group and world away from a file or folder, or gives a folder those back that the one above it
/// has.
pub fn set_private(path: &Path, private: bool) -> Result<(), FsError> {
    if private {
        return close(path);
    }
    let mode = |path: Option<&Path>| Ok::<_, FsError>(path.map(lstat).transpose()?.flatten().map(|stat| stat.mode));
    let others = |mode: u32| mode & 0o077;
    match (mode(Some(path))?, mode(path.parent())?) {
        (Some(own), Some(above)) if others(own) == 0 && others(above) != 0 => set_mode(path, own | others(above)),
        _ => Ok(()),
    }
}

fn close(path: &Path) -> Result<(), FsError> {
    match lstat(path)? {
        Some(Stat { mode, .. }) if mode & 0o077 != 0 => set_mode(path, mode & 0o700),
        _ => Ok(()),
    }
}

fn set_mode(path: &Path, mode: u32) -> Result<(), FsError> {
    std::fs::set_permissions(path, Permissions::from_mode(mode))
        .map_err(|error| FsError::new(Action::Write, path, error))
}

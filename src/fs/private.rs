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

fn close(path: &Path) -> Result<(), FsError> {
    match lstat(path)? {
        Some(Stat { mode, .. }) if mode & 0o077 != 0 => {
            std::fs::set_permissions(path, Permissions::from_mode(mode & 0o700))
                .map_err(|error| FsError::new(Action::Write, path, error))
        }
        _ => Ok(()),
    }
}

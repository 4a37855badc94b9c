//! Giving a folder to another user, and the rights of what this process creates.

use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode};
use rustix::process::{Gid, Uid};

use super::{Action, FsError, walk};

/// Gives a folder and everything in it to `user` and `group`. Links themselves change hands, never what they lead to.
pub fn give_tree(path: &Path, user: u32, group: u32) -> Result<(), FsError> {
    give(path, user, group)?;
    for found in walk(path, |_| true)? {
        give(&path.join(found.path), user, group)?;
    }
    Ok(())
}

fn give(path: &Path, user: u32, group: u32) -> Result<(), FsError> {
    let (user, group) = (Some(Uid::from_raw(user)), Some(Gid::from_raw(group)));
    rustix::fs::chownat(CWD, path, user, group, AtFlags::SYMLINK_NOFOLLOW)
        .map_err(|errno| FsError::new(Action::Write, path, errno))
}

/// Lets everybody do everything with a folder, but not remove what is others'.
pub fn open_to_all(path: &Path) -> Result<(), FsError> {
    rustix::fs::chmod(path, Mode::from_raw_mode(0o1777)).map_err(|errno| FsError::new(Action::Write, path, errno))
}

/// Sets the rights that new files of this process never have.
pub fn set_umask(bits: u32) {
    rustix::process::umask(Mode::from_raw_mode(bits as _));
}

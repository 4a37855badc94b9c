//! How much of a disk a folder takes, while others write to it.

use std::io;
use std::path::{Path, PathBuf};

use super::{Action, FsError, Kind};

/// The disk space that a folder takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Bytes of blocks that are in use: a sparse file counts with what was written to it.
    pub bytes: u64,
    /// The number of files, folders and links.
    pub entries: u64,
}

/// Measures a folder that others change at the same time: what vanishes meanwhile does not count. Stops as soon as more than
/// `most` is found.
///
/// A folder that cannot be listed, or lies deeper than a path can say, is an error: it could hide anything.
pub fn usage(root: &Path, most: Usage) -> Result<Usage, FsError> {
    let mut found = Usage::default();
    let mut pending = vec![PathBuf::from(root)];
    while let Some(folder) = pending.pop() {
        let entries = match super::read_dir(&folder) {
            Err(error) if is_gone(&error) => continue,
            entries => entries?,
        };
        for entry in entries {
            let path = folder.join(entry.path);
            found.entries += 1;
            match rustix::fs::lstat(&path) {
                // The unit is 512 bytes on every system.
                Ok(stat) => found.bytes += u64::try_from(stat.st_blocks).unwrap_or_default() * 512,
                Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => {}
                Err(errno) => return Err(FsError::new(Action::Inspect, path, errno)),
            }
            if found.bytes > most.bytes || found.entries > most.entries {
                return Ok(found);
            }
            if entry.kind == Kind::Folder {
                pending.push(path);
            }
        }
    }
    Ok(found)
}

/// Returns the bytes that this user may still write to the disk of `path`.
pub fn free_space(path: &Path) -> Result<u64, FsError> {
    let volume = rustix::fs::statvfs(path).map_err(|errno| FsError::new(Action::Inspect, path, errno))?;
    Ok(volume.f_bavail.saturating_mul(volume.f_frsize))
}

/// Returns the share of the disk of `path` that is in use, in percent, of what this user may use.
pub fn disk_use(path: &Path) -> Result<f64, FsError> {
    let volume = rustix::fs::statvfs(path).map_err(|errno| FsError::new(Action::Inspect, path, errno))?;
    let used = volume.f_blocks.saturating_sub(volume.f_bfree);
    #[allow(clippy::cast_precision_loss, reason = "a share for people")]
    let share = used as f64 * 100.0 / (used.saturating_add(volume.f_bavail)).max(1) as f64;
    Ok(share)
}

fn is_gone(error: &FsError) -> bool {
    matches!(error.source.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sparse_file_counts_with_its_blocks_and_counting_stops_at_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let sparse = super::super::create(&folder.path().join("sparse")).unwrap();
        sparse.set_len(1 << 40).unwrap();
        std::fs::write(folder.path().join("full"), vec![1; 1 << 16]).unwrap();
        std::fs::create_dir(folder.path().join("inner")).unwrap();
        let most = Usage { bytes: 1 << 30, entries: 100 };
        let found = usage(folder.path(), most).unwrap();
        assert!(found.entries == 3 && (1 << 16..1 << 20).contains(&found.bytes), "{found:?}");
        assert_eq!(usage(folder.path(), Usage { entries: 1, ..most }).unwrap().entries, 2);
        assert_eq!(usage(&folder.path().join("none"), most).unwrap(), Usage::default());
        assert!(free_space(folder.path()).unwrap() > 0);
        assert!((0.0..=100.0).contains(&disk_use(folder.path()).unwrap()));
        assert!(disk_use(&folder.path().join("none")).unwrap_err().is_not_found());
    }
}

//! The file system as a whole: its kind, its caches.

use std::path::Path;

use super::{Action, FsError};

/// Flushes all pending writes of the file system that `path` is on.
pub fn sync_volume(path: &Path) -> Result<(), FsError> {
    let file = super::open(path)?;
    #[cfg(target_os = "linux")]
    let result = rustix::fs::syncfs(&file);
    #[cfg(not(target_os = "linux"))]
    let result = {
        // Without a call for one file system: all of them, then this one's device cache.
        rustix::fs::sync();
        rustix::fs::fsync(&file)
    };
    result.map_err(|errno| FsError::new(Action::Sync, path, errno))
}

/// Returns whether `path` lies on a network file system, where locks and renames guarantee less.
#[cfg(target_os = "linux")]
pub fn is_network(path: &Path) -> Result<bool, FsError> {
    // From the kernel's `magic.h`: NFS, SMB (three generations), AFS, Ceph, Coda, 9P.
    const NETWORK: [u32; 8] =
        [0x6969, 0x517B, 0xFF53_4D42, 0xFE53_4D42, 0x5346_414F, 0x00C3_6400, 0x7375_7245, 0x0102_1997];
    let kind = rustix::fs::statfs(path).map_err(|errno| FsError::new(Action::Inspect, path, errno))?.f_type;
    #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast, reason = "magic numbers are 32 bits in a wider field")]
    Ok(NETWORK.contains(&(kind as u32)))
}

/// Returns whether `path` lies on a network file system, where locks and renames guarantee less.
#[cfg(not(target_os = "linux"))]
pub fn is_network(path: &Path) -> Result<bool, FsError> {
    const LOCAL: u32 = 0x1000;
    let flags = rustix::fs::statfs(path).map_err(|errno| FsError::new(Action::Inspect, path, errno))?.f_flags;
    Ok(flags & LOCAL == 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_can_be_synced_and_is_local() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_network(folder.path()).unwrap());
        sync_volume(folder.path()).unwrap();
        assert!(is_network(&folder.path().join("none")).unwrap_err().is_not_found());
    }
}

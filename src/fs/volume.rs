//! The file system as a whole: its free space, its kind, its caches.

use std::path::Path;

use super::disk_space::Volume;
use super::{Action, FsError};

/// Inspects the disk of `path`.
pub(super) fn inspect(path: &Path) -> Result<Volume, FsError> {
    let stat = rustix::fs::statvfs(path).map_err(|errno| FsError::new(Action::Inspect, path, errno))?;
    Ok(Volume {
        free: stat.f_bavail.saturating_mul(stat.f_frsize),
        // File systems without a limit report 0 inodes in all.
        files: (stat.f_files > 0).then_some(stat.f_favail),
        block: if packs_files(path) { 1 } else { stat.f_frsize.max(1) },
    })
}

/// Returns whether the file system packs small files or compresses: then files do not take whole blocks.
#[cfg(target_os = "linux")]
fn packs_files(path: &Path) -> bool {
    // From the kernel's `magic.h` and the sources of two others: Btrfs, F2FS, ZFS, Bcachefs.
    const PACKING: [u32; 4] = [0x9123_683E, 0xF2F5_2010, 0x2FC1_2FC1, 0xCA45_1A4E];
    #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast, reason = "magic numbers are 32 bits in a wider field")]
    rustix::fs::statfs(path).is_ok_and(|stat| PACKING.contains(&(stat.f_type as u32)))
}

/// Returns whether the file system packs small files or compresses: then files do not take whole blocks.
#[cfg(not(target_os = "linux"))]
fn packs_files(_: &Path) -> bool {
    false
}

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
    fn a_volume_tells_its_room_and_can_be_synced() {
        let folder = tempfile::tempdir().unwrap();
        assert!(inspect(folder.path()).unwrap().free > 0);
        assert!(!is_network(folder.path()).unwrap());
        sync_volume(folder.path()).unwrap();
        assert!(inspect(&folder.path().join("none")).unwrap_err().is_not_found());
    }
}

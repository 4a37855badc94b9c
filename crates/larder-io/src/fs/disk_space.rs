//! Disk space: how much an operation needs, how much is free, and the advice when there is too little. Errors are made
//! from it, so it asks the system itself.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::diagnostic::size;

/// The disk space that an operation needs, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// The block size that the sizes of files are rounded up to.
    block: u64,
    /// Bytes for the contents of files.
    pub bytes: u64,
    /// The number of files and folders that are created.
    pub files: u64,
    /// Whether more is needed, of unknown size.
    pub is_lower_bound: bool,
}

impl Demand {
    /// Returns an empty count for the disk of `path`, which need not exist.
    pub fn on(path: &Path) -> Self {
        let block = nearest(path).map_or(1, |(_, volume)| volume.block);
        Self { block, bytes: 0, files: 0, is_lower_bound: true }
    }

    /// Adds a file.
    #[must_use]
    pub fn file(mut self, size: u64) -> Self {
        self.bytes += size.next_multiple_of(self.block);
        self.files += 1;
        self
    }

    /// Adds files.
    #[must_use]
    pub fn files(self, sizes: impl Iterator<Item = u64>) -> Self {
        sizes.fold(self, Self::file)
    }

    /// Marks it as exact: no more is needed.
    #[must_use]
    pub(super) fn exact(self) -> Self {
        Self { is_lower_bound: false, ..self }
    }

    /// Adds another count.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self { bytes: self.bytes + other.bytes, files: self.files + other.files, ..self }
    }
}

/// The free space of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Volume {
    /// Bytes that this user may still write.
    free: u64,
    /// The number of files that may still be created; `None` if the file system has no limit.
    files: Option<u64>,
    /// The smallest space that a file takes; 1 if files are packed.
    block: u64,
}

/// The resource that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exhausted {
    /// The disk is full.
    Disk,
    /// The disk has no inodes left, though it may have free bytes.
    Inodes,
    /// The user's quota is used up.
    Quota,
}

/// Returns a help text: what an operation that failed at `path` lacked, and what can be done.
pub(super) fn advice(exhausted: Exhausted, path: &Path, demand: Option<Demand>) -> String {
    const REMEDY: &str = "Free some space (`larder gc` removes what no project uses) and run again";

    let Some((nearest, volume)) = nearest(path) else { return format!("the disk is full. {REMEDY}") };
    let mount = mount_of(&nearest);
    // A folder or a link takes no less than a block.
    let demand = demand.unwrap_or(Demand { block: volume.block, bytes: volume.block, files: 1, is_lower_bound: true });
    format!("{}. {REMEDY}", Shortage { exhausted, mount: &mount, volume, demand })
}

/// The space that is needed and the space that is free, as a sentence.
struct Shortage<'a> {
    exhausted: Exhausted,
    mount: &'a Path,
    volume: Volume,
    demand: Demand,
}

impl Exhausted {
    /// Returns what `path`'s disk ran out of. Must be called at once: cleaning up after a failure frees space again.
    pub(super) fn of(error: &io::Error, path: &Path) -> Option<Self> {
        match error.kind() {
            io::ErrorKind::QuotaExceeded => Some(Self::Quota),
            io::ErrorKind::StorageFull => match nearest(path) {
                Some((_, Volume { files: Some(0), .. })) => Some(Self::Inodes),
                _ => Some(Self::Disk),
            },
            _ => None,
        }
    }
}

impl fmt::Display for Shortage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Demand { bytes, files, is_lower_bound, .. } = self.demand;
        let (mount, least) = (self.mount.display(), if is_lower_bound { "at least " } else { "" });
        let missing = |needed: u64, free: u64| needed.checked_sub(free).filter(|missing| *missing > 0);
        match self.exhausted {
            Exhausted::Quota => write!(f, "your quota on `{mount}` is used up, and {least}{} are needed", size(bytes)),
            Exhausted::Inodes => {
                let free = self.volume.files.unwrap_or_default();
                write!(f, "{least}{files} inodes are needed and {free} are free on `{mount}`")?;
                missing(files, free).map_or(Ok(()), |missing| write!(f, ": {least}{missing} are missing"))
            }
            Exhausted::Disk => {
                let free = self.volume.free;
                write!(f, "{least}{} are needed and {} are free on `{mount}`", size(bytes), size(free))?;
                match missing(bytes, free) {
                    Some(missing) => write!(f, ": {least}{} are missing", size(missing)),
                    // Some file systems keep a reserve.
                    None => f.write_str(", but the file system refuses to use them"),
                }
            }
        }
    }
}

/// Inspects the disk of `path` or of its nearest ancestor that exists.
fn nearest(path: &Path) -> Option<(PathBuf, Volume)> {
    path.ancestors().find_map(|ancestor| {
        let ancestor = if ancestor.as_os_str().is_empty() { Path::new(".") } else { ancestor };
        Some((ancestor.to_owned(), inspect(ancestor).ok()?))
    })
}

/// Inspects the disk of `path`.
fn inspect(path: &Path) -> rustix::io::Result<Volume> {
    let stat = rustix::fs::statvfs(path)?;
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

/// Returns the outermost folder on the same disk.
fn mount_of(path: &Path) -> PathBuf {
    let device = |path: &Path| rustix::fs::stat(path).ok().map(|stat| stat.st_dev);
    let path = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let own = device(&path);
    path.ancestors().take_while(|above| device(above) == own).last().unwrap_or(&path).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(exhausted: Exhausted, (free, files): (u64, Option<u64>), sizes: &[u64], is_lower_bound: bool) -> String {
        let counted = Demand { block: 4096, bytes: 0, files: 0, is_lower_bound }.files(sizes.iter().copied());
        let volume = Volume { free, files, block: 4096 };
        Shortage { exhausted, mount: Path::new("/mnt"), volume, demand: counted }.to_string()
    }

    #[test]
    fn what_is_missing_is_the_difference_in_whole_blocks() {
        assert_eq!(
            told(Exhausted::Disk, (4096, None), &[1, 4097, 1_000_000], true),
            "at least 1.0 MB are needed and 4.0 kB are free on `/mnt`: at least 1.0 MB are missing"
        );
        assert_eq!(
            told(Exhausted::Disk, (4096, Some(7)), &[8192], false),
            "8.1 kB are needed and 4.0 kB are free on `/mnt`: 4.0 kB are missing"
        );
    }

    #[test]
    fn nothing_is_missing_where_there_would_be_enough() {
        assert_eq!(
            told(Exhausted::Disk, (1_000_000, None), &[1], true),
            "at least 4.0 kB are needed and 1.0 MB are free on `/mnt`, but the file system refuses to use them"
        );
    }

    #[test]
    fn inodes_and_quotas_are_told_apart_from_bytes() {
        assert_eq!(
            told(Exhausted::Inodes, (9_000_000, Some(1)), &[1, 1, 1], true),
            "at least 3 inodes are needed and 1 are free on `/mnt`: at least 2 are missing"
        );
        let quota = told(Exhausted::Quota, (9_000_000, Some(0)), &[4096], false);
        assert_eq!(quota, "your quota on `/mnt` is used up, and 4.0 kB are needed");
    }
}

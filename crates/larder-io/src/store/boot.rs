//! Boots of the machine. What was written during the current one can be read back, even before it reaches the disk.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::fs::{self, FsError};

/// The ID of one run of the machine, from start to halt or crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootId(pub [u8; 16]);

impl BootId {
    /// Reads the ID of the current boot from the system.
    #[cfg(target_os = "linux")]
    fn current() -> Result<Self, FsError> {
        let path = std::path::Path::new("/proc/sys/kernel/random/boot_id");
        Ok(Self::of(fs::read(path)?.trim_ascii_end()))
    }

    /// Reads the ID of the current boot from the system.
    #[cfg(not(target_os = "linux"))]
    fn current() -> Result<Self, FsError> {
        let program = std::path::Path::new("/usr/sbin/sysctl");
        let output = std::process::Command::new(program)
            .args(["-n", "kern.bootsessionuuid"])
            .output()
            .map_err(|error| FsError::new(fs::Action::Read, program, error))?;
        Ok(Self::of(output.stdout.trim_ascii_end()))
    }

    /// Hashes the system's name of a boot.
    pub fn of(name: &[u8]) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&blake3::hash(name).as_bytes()[..16]);
        Self(id)
    }

    fn to_hex(self) -> String {
        format!("{:032x}", u128::from_be_bytes(self.0))
    }
}

/// A point in time within a boot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BootTime {
    pub(super) boot: BootId,
    /// Nanoseconds of the monotonic clock.
    pub(super) at: u64,
}

/// The boots in which a store was written, with the time until which each was synced to disk.
#[derive(Debug)]
pub(super) struct SyncedBoots {
    /// A folder with a file for each synced boot, which holds the time of its last sync.
    folder: PathBuf,
    current: OnceLock<BootId>,
    /// The files that were read already.
    known: Mutex<Vec<(BootId, Option<u64>)>>,
}

impl SyncedBoots {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, current: OnceLock::new(), known: Mutex::default() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn now(&self) -> Result<BootTime, FsError> {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let at = time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs();
        Ok(BootTime { boot: self.current()?, at })
    }

    /// Returns whether a crash cannot have damaged what was written at that time: it was in this boot, or synced.
    pub(super) fn is_trusted(&self, written: BootTime) -> Result<bool, FsError> {
        if written.boot == self.current()? {
            return Ok(true);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let until = if let Some((_, until)) = known.iter().find(|(boot, _)| *boot == written.boot) {
            *until
        } else {
            let note = fs::read_if_exists(&self.folder.join(written.boot.to_hex()))?;
            let until = note.and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
            known.push((written.boot, until));
            until
        };
        Ok(until.is_some_and(|until| written.at < until))
    }

    /// Records that everything written until then is on disk.
    pub(super) fn note_synced(&self, until: BootTime) -> Result<(), FsError> {
        fs::create_dir_all(&self.folder)?;
        let note = self.folder.join(until.boot.to_hex());
        fs::write_atomic(&note, &until.at.to_le_bytes(), fs::Durability::Synced)
    }

    fn current(&self) -> Result<BootId, FsError> {
        match self.current.get() {
            Some(boot) => Ok(*boot),
            None => Ok(*self.current.get_or_init({
                let boot = BootId::current()?;
                move || boot
            })),
        }
    }

    #[cfg(test)]
    pub(super) fn set_current(&self, boot: BootId) {
        self.current.set(boot).unwrap();
    }
}

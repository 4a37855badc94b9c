//! Boots of the machine: what was written in this one is in its memory, whatever the disk has.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock, PoisonError};

use crate::fs::{self, FsError};

/// The name of one run of the machine, from start to halt or crash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BootId(pub [u8; 16]);

impl BootId {
    /// Asks the system.
    #[cfg(target_os = "linux")]
    fn current() -> Result<Self, FsError> {
        let path = std::path::Path::new("/proc/sys/kernel/random/boot_id");
        Ok(Self::of(fs::read(path)?.trim_ascii_end()))
    }

    /// Asks the system.
    #[cfg(not(target_os = "linux"))]
    fn current() -> Result<Self, FsError> {
        let program = std::path::Path::new("/usr/sbin/sysctl");
        let output = std::process::Command::new(program)
            .args(["-n", "kern.bootsessionuuid"])
            .output()
            .map_err(|error| FsError::new(fs::Action::Read, program, error))?;
        Ok(Self::of(output.stdout.trim_ascii_end()))
    }

    /// Shortens what the system calls its boot.
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
pub(super) struct Moment {
    pub(super) boot: BootId,
    /// Nanoseconds on the clock that only goes forward.
    pub(super) at: u64,
}

/// What is known of the boots in which a store was written.
#[derive(Debug)]
pub(super) struct Boots {
    /// Holds a file for each boot in which the store was synced, with the moment.
    notes: PathBuf,
    current: OnceLock<BootId>,
    /// The notes that were read already.
    known: Mutex<Vec<(BootId, Option<u64>)>>,
}

impl Boots {
    pub(super) fn new(notes: PathBuf) -> Self {
        Self { notes, current: OnceLock::new(), known: Mutex::default() }
    }

    pub(super) fn folder(&self) -> &Path {
        &self.notes
    }

    pub(super) fn now(&self) -> Result<Moment, FsError> {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Monotonic);
        let at = time.tv_sec.unsigned_abs() * 1_000_000_000 + time.tv_nsec.unsigned_abs();
        Ok(Moment { boot: self.current()?, at })
    }

    /// Tells whether what was written at that moment is there as it was written: in this boot, or synced in its own.
    pub(super) fn is_trusted(&self, written: Moment) -> Result<bool, FsError> {
        if written.boot == self.current()? {
            return Ok(true);
        }
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let until = if let Some((_, until)) = known.iter().find(|(boot, _)| *boot == written.boot) {
            *until
        } else {
            let note = fs::read_if_exists(&self.notes.join(written.boot.to_hex()))?;
            let until = note.and_then(|bytes| bytes.try_into().ok()).map(u64::from_le_bytes);
            known.push((written.boot, until));
            until
        };
        Ok(until.is_some_and(|until| written.at < until))
    }

    /// Notes that everything which was written until then is on disk.
    pub(super) fn note_synced(&self, until: Moment) -> Result<(), FsError> {
        fs::create_dir_all(&self.notes)?;
        let note = self.notes.join(until.boot.to_hex());
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
    pub(super) fn pretend(&self, boot: BootId) {
        self.current.set(boot).unwrap();
    }
}

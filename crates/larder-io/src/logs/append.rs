//! Writing a line.

use std::io::Write;
use std::os::unix::fs::FileExt;

use jiff::Timestamp;

use super::line::{LONGEST, time_of};
use super::{LogError, LogName, rotate, segment};
use crate::fs::{Action, Dir, File, FileLock, FsError, Stat};

/// No file of a log is larger.
pub(super) const LARGEST: u64 = 100 << 20;

/// Appends a line, in a file anew where the old one is of another day, full, or newer than `now`.
pub(super) fn append(folder: &Dir, log: LogName, now: Timestamp, line: &[u8]) -> Result<(), LogError> {
    append_within(folder, log, now, line, LARGEST)
}

/// Appends a line, with files of at most `largest` bytes.
pub(super) fn append_within(
    folder: &Dir,
    log: LogName,
    now: Timestamp,
    line: &[u8],
    largest: u64,
) -> Result<(), LogError> {
    // Where files cannot be locked, lines are appended all the same: the system does that in one step.
    let held = FileLock::acquire(&folder.path().join("lock"), || {});
    if let Err(error) = &held
        && (error.is_disk_full() || error.is_read_only())
    {
        return Err(FsError::new(error.action, &error.path, error.source.kind()).into());
    }
    let name = segment::current(log);
    let mut file = folder.open_end(&name)?;
    let mut state = AppendState::of(folder, &name)?;
    if held.is_ok() && state.must_rotate(now, line.len() as u64, largest) {
        rotate::rotate(folder, log, state.times(now), now)?;
        file = folder.open_end(&name)?;
        state = AppendState::default();
    }
    let mut bytes = Vec::with_capacity(line.len() + 1);
    if state.is_cut_off {
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(line);
    file.write_all(&bytes).map_err(|error| {
        // A part of a line is of no use to anybody.
        if held.is_ok() {
            let _ = file.set_len(state.size);
        }
        FsError::new(Action::Write, folder.path().join(&name), error).into()
    })
}

/// What is known of the file that lines are appended to.
#[derive(Debug, Default)]
struct AppendState {
    size: u64,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
    /// Whether the last line has no end.
    is_cut_off: bool,
}

impl AppendState {
    fn of(folder: &Dir, name: &str) -> Result<Self, FsError> {
        let file = folder.open_file(name)?;
        let failed = |error| FsError::new(Action::Read, folder.path().join(name), error);
        let size = Stat::of(&file).map_err(failed)?.size;
        if size == 0 {
            return Ok(Self::default());
        }
        let start = piece(&file, 0, 64).map_err(failed)?;
        let end = piece(&file, size.saturating_sub(LONGEST as u64 + 1), LONGEST + 1).map_err(failed)?;
        Ok(Self {
            size,
            first: time_of(&start),
            last: end.rsplit(|byte| *byte == b'\n').find_map(time_of),
            is_cut_off: end.last() != Some(&b'\n'),
        })
    }

    fn must_rotate(&self, now: Timestamp, length: u64, largest: u64) -> bool {
        let day = |time: Timestamp| time.as_second().div_euclid(24 * 60 * 60);
        let is_stale = match (self.first, self.last) {
            (Some(first), Some(last)) => day(first) != day(now) || last.as_millisecond() > now.as_millisecond(),
            // It is not what larder writes.
            _ => true,
        };
        self.size > 0 && (is_stale || self.size + length > largest)
    }

    /// Returns the times of its first and last line.
    fn times(&self, now: Timestamp) -> (Timestamp, Timestamp) {
        let first = self.first.or(self.last).unwrap_or(now);
        (first, self.last.unwrap_or(first))
    }
}

/// Reads at most `length` bytes at an offset.
fn piece(file: &File, offset: u64, length: usize) -> std::io::Result<Vec<u8>> {
    let mut bytes = vec![0; length];
    let mut read = 0;
    while read < length {
        match file.read_at(&mut bytes[read..], offset + read as u64)? {
            0 => break,
            more => read += more,
        }
    }
    bytes.truncate(read);
    Ok(bytes)
}

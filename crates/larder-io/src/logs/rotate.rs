//! Beginning a file anew; compressing and removing old ones.

use std::io;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{SignedDuration, Timestamp};

use super::segment::{self, Segment};
use super::{LogError, LogName};
use crate::fs::{Action, Dir, Durability, FsError, PendingFile};

/// A segment is compressed when its last line is older.
const PLAIN: SignedDuration = SignedDuration::from_hours(24);

/// A segment is removed when its last line is older.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// For so long a command compresses; the next one goes on.
const PATIENCE: Duration = Duration::from_secs(2);

/// Turns the file that lines were appended to into a segment.
pub(super) fn rotate(
    folder: &Dir,
    log: LogName,
    (first, last): (Timestamp, Timestamp),
    now: Timestamp,
) -> Result<(), LogError> {
    let name = segment::free_name(folder, log, first, last)?;
    folder.rename(&segment::current(log), &name)?;
    // What was logged last tells the time too: a clock that was set to another year takes no log away.
    clean_up(folder, log, now.min(last), now)
}

/// Removes segments whose time is over, and compresses those that nobody reads every day.
fn clean_up(folder: &Dir, log: LogName, oldest_now: Timestamp, now: Timestamp) -> Result<(), LogError> {
    let started = Instant::now();
    for segment in segment::list(folder, log)? {
        if segment.last < oldest_now.saturating_sub(KEPT).unwrap_or(Timestamp::MIN) {
            folder.remove_file(&segment.name)?;
        } else if segment.is_packed {
            // Its compression was cut off before the end.
            folder.remove_file(segment.name.trim_end_matches(".gz"))?;
        } else if segment.last < now.saturating_sub(PLAIN).unwrap_or(Timestamp::MIN) && started.elapsed() < PATIENCE {
            compress(folder, &segment)?;
        }
    }
    Ok(())
}

fn compress(folder: &Dir, segment: &Segment) -> Result<(), FsError> {
    let mut plain = folder.open_file(&segment.name)?;
    let path = folder.path().join(segment.packed_name());
    let mut gzip = GzEncoder::new(PendingFile::create(&path)?, Compression::default());
    let written = io::copy(&mut plain, &mut gzip).and_then(|_| gzip.finish());
    let packed = written.map_err(|error| FsError::new(Action::Write, &path, error))?;
    packed.commit(Durability::Whole)?;
    folder.remove_file(&segment.name)
}

//! The files of a log, by the times in their names.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::LogName;
use crate::fs::{Dir, FsError, Kind};

/// How times are written in names.
const TIME: &str = "%Y%m%dT%H%M%S%3fZ";

/// A file that is not written to any more.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Segment {
    /// The time of its first line.
    pub(super) first: Timestamp,
    /// The time of its last line.
    pub(super) last: Timestamp,
    /// What tells it from others with the same times.
    number: u32,
    /// Whether it is compressed.
    pub(super) is_packed: bool,
    /// Its file name.
    pub(super) name: String,
}

impl Segment {
    /// Returns the segment that a file is; `None` if it is none of this log.
    fn parse(log: LogName, name: &str) -> Option<Self> {
        let rest = name.strip_prefix(log.as_str())?.strip_prefix('-')?;
        let (stem, is_packed) = match rest.strip_suffix(".jsonl.gz") {
            Some(stem) => (stem, true),
            None => (rest.strip_suffix(".jsonl")?, false),
        };
        let mut parts = stem.split('-');
        let time = |text: &str| {
            let time = DateTime::strptime(TIME, text).ok()?;
            Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp())
        };
        let (first, last) = (time(parts.next()?)?, time(parts.next()?)?);
        let number = parts.next().map_or(Some(0), |number| number.parse().ok())?;
        parts.next().is_none().then(|| Self { first, last, number, is_packed, name: name.to_owned() })
    }

    /// Returns the name of its compressed file.
    pub(super) fn packed_name(&self) -> String {
        format!("{}.gz", self.name)
    }
}

/// Returns the file that lines are appended to.
pub(super) fn current(log: LogName) -> String {
    format!("{}.jsonl", log.as_str())
}

/// Returns a name that is free for lines of these times.
pub(super) fn free_name(folder: &Dir, log: LogName, first: Timestamp, last: Timestamp) -> Result<String, FsError> {
    let stem = format!("{}-{}-{}", log.as_str(), first.strftime(TIME), last.strftime(TIME));
    let mut name = format!("{stem}.jsonl");
    let mut number = 0;
    while folder.stat(&name)?.is_some() || folder.stat(&format!("{name}.gz"))?.is_some() {
        number += 1;
        name = format!("{stem}-{number}.jsonl");
    }
    Ok(name)
}

/// Lists the segments of a log, from the oldest on. Of one that is there twice, as its compression was cut off before the
/// end, the compressed file, which is whole, is listed.
pub(super) fn list(folder: &Dir, log: LogName) -> Result<Vec<Segment>, FsError> {
    let mut segments: Vec<Segment> = folder
        .list()?
        .iter()
        .filter(|entry| entry.kind == Kind::File)
        .filter_map(|entry| Segment::parse(log, entry.path.to_str()?))
        .collect();
    segments.sort();
    segments.dedup_by(|packed, plain| {
        let is_same = plain.packed_name() == packed.name;
        if is_same {
            *plain = packed.clone();
        }
        is_same
    });
    Ok(segments)
}

//! The lines since a time.

use std::collections::VecDeque;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;

use super::line::{LONGEST, time_of};
use super::{LogError, LogName, segment};
use crate::fs::{Action, Dir, File, FsError, Kind, Stat};

/// Which lines are read.
#[derive(Clone, Copy, Debug)]
pub struct LogQuery {
    /// The earliest time; `None` reads from the beginning.
    pub since: Option<Timestamp>,
    /// At most so many lines, the newest.
    pub newest: usize,
}

/// The lines that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogRead {
    /// The lines as they were written, from the oldest on, each with a time.
    pub lines: Vec<String>,
    /// Whether there are older ones since the asked time.
    pub has_older: bool,
    /// How many lines were passed over because they are damaged.
    pub damaged: usize,
}

/// The part of a file in which lines are looked for one by one.
const WINDOW: u64 = 2 * LONGEST as u64;

/// Reads the newest lines of a log.
pub(super) fn read(folder: &Dir, log: LogName, query: &LogQuery) -> Result<LogRead, LogError> {
    let mut found = LogRead::default();
    let mut newest_first: Vec<Vec<String>> = Vec::new();
    let mut wanted = query.newest;
    let current = segment::current(log);
    let is_there = folder.stat(&current)?.is_some_and(|stat| stat.kind == Kind::File);
    let in_range = |last: Timestamp| query.since.is_none_or(|since| last >= since);
    let rotated = segment::list(folder, log)?.into_iter().filter(|segment| in_range(segment.last));
    let files = rotated.map(|segment| (segment.name, segment.is_packed)).chain(is_there.then_some((current, false)));
    for (name, is_packed) in files.collect::<Vec<_>>().into_iter().rev() {
        if wanted == 0 {
            found.has_older = true;
            break;
        }
        let failed = |error: io::Error| FsError::new(Action::Read, folder.path().join(&name), error);
        let mut file = match folder.open_file(&name) {
            // It was removed, or compressed, meanwhile.
            Err(error) if error.is_not_found() => continue,
            opened => opened?,
        };
        let mut lines = Lines { kept: VecDeque::new(), wanted, since: query.since, has_older: false, damaged: 0 };
        if is_packed {
            match lines.take(BufReader::new(MultiGzDecoder::new(file))) {
                Err(error) if is_damage(&error) => lines.damaged += 1,
                taken => taken.map_err(failed)?,
            }
        } else {
            let start = query.since.map_or(Ok(0), |since| find(&mut file, since)).map_err(failed)?;
            let last = last_lines(&mut file, wanted).map_err(failed)?;
            // Close to the start, lines may be older than what is asked for.
            lines.has_older = last > start + WINDOW;
            let from = if lines.has_older { last } else { start };
            file.seek(SeekFrom::Start(from)).map_err(failed)?;
            lines.take(BufReader::with_capacity(1 << 18, file)).map_err(failed)?;
        }
        found.has_older |= lines.has_older;
        found.damaged += lines.damaged;
        wanted -= lines.kept.len();
        newest_first.push(lines.kept.into());
    }
    found.lines = newest_first.into_iter().rev().flatten().collect();
    Ok(found)
}

/// Returns whether a compressed file is not what was written.
fn is_damage(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof)
}

/// Returns the start of a line before which all lines are older than `since`.
fn find(file: &mut File, since: Timestamp) -> io::Result<u64> {
    let (mut low, mut high) = (0, Stat::of(file)?.size);
    let mut window = Vec::new();
    while high - low > WINDOW {
        let middle = low + (high - low) / 2;
        file.seek(SeekFrom::Start(middle))?;
        window.clear();
        (&mut *file).take(WINDOW).read_to_end(&mut window)?;
        // The first of them began before the middle.
        let (mut at, mut probe) = (middle, None);
        for (number, line) in window.split_inclusive(|byte| *byte == b'\n').enumerate() {
            probe = time_of(line).filter(|_| number > 0).map(|time| (at, time));
            if probe.is_some() {
                break;
            }
            at += line.len() as u64;
        }
        match probe {
            Some((at, time)) if time < since && at < high => low = at,
            // What cannot be read is looked through.
            _ => high = middle,
        }
    }
    Ok(low)
}

/// Returns the start of at least so many of the last lines.
fn last_lines(file: &mut File, wanted: usize) -> io::Result<u64> {
    let (mut end, mut found, mut window) = (Stat::of(file)?.size, 0, Vec::new());
    while end > 0 {
        let start = end.saturating_sub(WINDOW);
        file.seek(SeekFrom::Start(start))?;
        window.clear();
        (&mut *file).take(end - start).read_to_end(&mut window)?;
        found += memchr::memchr_iter(b'\n', &window).count();
        if found > wanted {
            // The first of them may have begun before.
            let first = window.iter().position(|byte| *byte == b'\n').map_or(0, |at| at as u64 + 1);
            return Ok(start + first);
        }
        end = start;
    }
    Ok(0)
}

/// The newest lines that were seen of a file.
struct Lines {
    kept: VecDeque<String>,
    wanted: usize,
    since: Option<Timestamp>,
    has_older: bool,
    damaged: usize,
}

impl Lines {
    fn take(&mut self, mut from: impl BufRead) -> io::Result<()> {
        let mut line = Vec::new();
        loop {
            line.clear();
            if (&mut from).take(LONGEST as u64 + 1).read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            if line.len() > LONGEST {
                self.damaged += 1;
                pass_line(&mut from)?;
                continue;
            }
            let whole = line.strip_suffix(b"\n");
            match whole.and_then(|whole| Some((time_of(whole)?, std::str::from_utf8(whole).ok()?))) {
                Some((time, _)) if self.since.is_some_and(|since| time < since) => {}
                Some((_, text)) if text.ends_with('}') => self.keep(text),
                _ => self.damaged += 1,
            }
        }
    }

    fn keep(&mut self, line: &str) {
        if self.kept.len() == self.wanted {
            self.kept.pop_front();
            self.has_older = true;
        }
        self.kept.push_back(line.to_owned());
    }
}

/// Reads to the end of a line that is too long.
fn pass_line(from: &mut impl BufRead) -> io::Result<()> {
    loop {
        let (end, length) = match from.fill_buf()? {
            [] => return Ok(()),
            bytes => match bytes.iter().position(|byte| *byte == b'\n') {
                Some(at) => (true, at + 1),
                None => (false, bytes.len()),
            },
        };
        from.consume(length);
        if end {
            return Ok(());
        }
    }
}

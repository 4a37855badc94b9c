//! What a build says: kept in a file, up to a size, and its last lines for messages.

use std::collections::VecDeque;
use std::io::{self, Read, Write};

use crate::fs::File;

/// So many of the last lines are kept for messages.
const LINES: usize = 200;

/// So many bytes of one line.
const LINE: usize = 1000;

/// The log of a build.
#[derive(Debug)]
pub(super) struct Log {
    file: File,
    /// Bytes that may still be written.
    left: u64,
    is_cut: bool,
    lines: VecDeque<String>,
    line: Vec<u8>,
}

impl Log {
    /// Begins to write to `file`, at most `most` bytes.
    pub(super) fn new(file: File, most: u64) -> Self {
        Self { file, left: most, is_cut: false, lines: VecDeque::new(), line: Vec::new() }
    }

    /// Takes what comes until its end.
    pub(super) fn take(&mut self, mut from: impl Read) -> io::Result<()> {
        let mut buffer = vec![0; 64 << 10];
        loop {
            match from.read(&mut buffer) {
                Ok(0) => return Ok(()),
                Ok(read) => self.write(&buffer[..read])?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let kept = bytes.len().min(usize::try_from(self.left).unwrap_or(usize::MAX));
        self.left -= kept as u64;
        self.file.write_all(&bytes[..kept])?;
        if kept < bytes.len() && !self.is_cut {
            self.is_cut = true;
            self.file.write_all(b"\n[the log is full: the rest is not kept]\n")?;
        }
        for byte in bytes {
            match byte {
                b'\n' => self.end_line(),
                byte if self.line.len() < LINE => self.line.push(*byte),
                _ => {}
            }
        }
        Ok(())
    }

    fn end_line(&mut self) {
        if self.lines.len() == LINES {
            self.lines.pop_front();
        }
        self.lines.push_back(plain(&std::mem::take(&mut self.line)));
    }

    /// Returns the last lines, without control characters.
    pub(super) fn last_lines(mut self) -> Vec<String> {
        if !self.line.is_empty() {
            self.end_line();
        }
        self.lines.into()
    }
}

/// Returns a line of output as text that cannot steer a terminal: without escape sequences and control characters.
fn plain(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character == '\u{1b}' && characters.next_if_eq(&'[').is_some() {
            // A control sequence ends with the first letter or sign of this range.
            while characters.next().is_some_and(|inner| !('@'..='~').contains(&inner)) {}
        } else if character == '\t' || !character.is_control() {
            plain.push(character);
        }
    }
    plain.truncate(plain.trim_end().len());
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_keeps_its_beginning_in_the_file_and_its_end_for_messages() {
        let path = tempfile::NamedTempFile::new().unwrap();
        let mut log = Log::new(path.reopen().unwrap(), 10);
        log.take(&b"one\ntwo\nthree\nfour"[..]).unwrap();
        assert_eq!(log.last_lines(), ["one", "two", "three", "four"]);
        let kept = std::fs::read_to_string(path.path()).unwrap();
        assert_eq!(kept, "one\ntwo\nth\n[the log is full: the rest is not kept]\n");
    }

    #[test]
    fn lines_cannot_steer_a_terminal() {
        assert_eq!(plain(b"\x1b[31mred\x1b[0m \x07bell\r"), "red bell");
        assert_eq!(plain(b"\x1b]0;title\x07x"), "]0;titlex");
        assert_eq!(plain(&[0xff, b'a']), "\u{fffd}a");
    }
}

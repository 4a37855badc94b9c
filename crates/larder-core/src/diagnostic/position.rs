//! Places in texts, as editors show them.

use serde::{Deserialize, Serialize};

/// A line and a column, both counted from 1. Columns count characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The column.
    pub column: u32,
}

impl Position {
    /// The start of a file.
    pub const START: Self = Self { line: 1, column: 1 };

    /// Returns the position of a byte of a text. Reads the text up to it: many positions of one text are found with
    /// [`LineIndex`].
    pub fn of(text: &str, offset: usize) -> Self {
        let before = before(text, offset);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        Self {
            line: number(memchr::memchr_iter(b'\n', before.as_bytes()).count()),
            column: number(before[line_start..].chars().count()),
        }
    }
}

/// Where the lines of a text start.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<usize>,
}

impl LineIndex {
    /// Finds the lines of a text.
    pub fn new(text: &str) -> Self {
        let starts = std::iter::once(0).chain(memchr::memchr_iter(b'\n', text.as_bytes()).map(|end| end + 1));
        Self { starts: starts.collect() }
    }

    /// Returns the position of a byte of `text`, which is the text of the index.
    pub fn position(&self, text: &str, offset: usize) -> Position {
        let before = before(text, offset);
        let line = self.starts.partition_point(|&start| start <= before.len()).saturating_sub(1);
        let start = self.starts.get(line).copied().unwrap_or(0);
        Position { line: number(line), column: number(before.get(start..).unwrap_or_default().chars().count()) }
    }
}

/// Returns the text before a byte, or before the character that the byte is in.
fn before(text: &str, offset: usize) -> &str {
    let mut end = offset.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// Returns the number of what comes after `count` others.
fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX - 1) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_and_single_look_up_agree_on_every_byte() {
        for text in ["", "a", "a\nb", "\n\nü→x\n", "a\r\nb\n"] {
            let index = LineIndex::new(text);
            for offset in 0..=text.len() + 2 {
                assert_eq!(index.position(text, offset), Position::of(text, offset), "{text:?} {offset}");
            }
        }
        assert_eq!(Position::of("a\nüx", 4), Position { line: 2, column: 2 });
        assert_eq!(Position::of("", 0), Position::START);
    }
}

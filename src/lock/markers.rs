//! The marks that a merge leaves in a file.

use std::ops::Range;

/// What a line begins, as git writes it.
pub(super) enum Marker {
    Ours,
    Base,
    Theirs,
    End,
}

impl Marker {
    pub(super) fn of(line: &str) -> Option<Self> {
        match line.get(..7)? {
            "<<<<<<<" => Some(Self::Ours),
            "|||||||" => Some(Self::Base),
            "=======" => Some(Self::Theirs),
            ">>>>>>>" => Some(Self::End),
            _ => None,
        }
    }
}

/// Returns where the first conflict marker stands, if the text has a whole conflict.
pub(super) fn first_marker(text: &str) -> Option<Range<usize>> {
    let mut start = 0;
    let mut first = None;
    for line in text.split_inclusive('\n') {
        match (Marker::of(line), &first) {
            (Some(Marker::Ours), None) => first = Some(start..start + line.trim_end().len()),
            (Some(Marker::End), Some(_)) => return first,
            _ => {}
        }
        start += line.len();
    }
    None
}

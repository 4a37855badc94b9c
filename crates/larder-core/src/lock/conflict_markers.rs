//! The conflict markers that a merge leaves in a file.

use std::ops::Range;

/// A line that git writes into a file with merge conflicts.
pub(super) enum ConflictMarker {
    Ours,
    Base,
    Theirs,
    End,
}

impl ConflictMarker {
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
        match (ConflictMarker::of(line), &first) {
            (Some(ConflictMarker::Ours), None) => first = Some(start..start + line.trim_end().len()),
            (Some(ConflictMarker::End), Some(_)) => return first,
            _ => {}
        }
        start += line.len();
    }
    None
}

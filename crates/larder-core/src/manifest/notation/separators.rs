//! Names in which `-`, `.` and `_` are one: Python's, and those of private packages.

/// Writes each run of separators of a glob as one `-`, as normal names have it. A class of characters that has a separator has `-`
/// as well.
pub(super) fn with_one_separator(text: &str) -> String {
    let mut glob = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        let mut length = c.len_utf8();
        match c {
            '[' => {
                // `]` is one of the characters where it comes first.
                let start = 1 + usize::from(rest[1..].starts_with(['!', '^']));
                let first = rest[start..].chars().next().map_or(0, char::len_utf8);
                let end = rest[start + first..].find(']').map_or(rest.len(), |at| start + first + at);
                let class = &rest[start..end];
                glob.push_str(&rest[..end]);
                if class.contains(['_', '.']) && !class.starts_with('-') && !class.ends_with('-') {
                    glob.push('-');
                }
                length = end;
            }
            '\\' => {
                let escaped = rest[1..].chars().next().unwrap_or_default();
                match escaped {
                    '-' | '_' | '.' if glob.ends_with('-') => {}
                    '-' | '_' | '.' => glob.push('-'),
                    _ => glob.extend(['\\', escaped]),
                }
                length += escaped.len_utf8();
            }
            '-' | '_' | '.' if glob.ends_with('-') => {}
            '-' | '_' | '.' => glob.push('-'),
            c => glob.push(c),
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    glob
}

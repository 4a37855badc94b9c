//! The first line of a script, which names what runs it.

/// Longer ones are cut off by every system.
pub(super) const LONGEST: usize = 512;

/// Returns where the carriage return of a script's first line is, in its first bytes. The system would take it for a part
/// of the interpreter's name: `node\r`.
pub(super) fn carriage_return(head: &[u8]) -> Option<usize> {
    let line = head.get(..LONGEST).unwrap_or(head);
    let end = line.iter().position(|byte| *byte == b'\n')?;
    let at = end.checked_sub(1)?;
    (line.starts_with(b"#!") && line[at] == b'\r').then_some(at)
}

/// Returns the script with a first line that the system understands, if it has none; all other lines stay as they are.
pub(super) fn repaired(script: &[u8]) -> Option<Vec<u8>> {
    let at = carriage_return(script)?;
    Some([&script[..at], &script[at + 1..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_first_line_is_repaired() {
        assert_eq!(repaired(b"#!/usr/bin/env node\r\na\r\n").unwrap(), b"#!/usr/bin/env node\na\r\n");
        assert_eq!(repaired(b"#!/bin/sh\r\n").unwrap(), b"#!/bin/sh\n");
        let long = [b"#!", &[b'x'; LONGEST][..], b"\r\n"].concat();
        for whole in [&b"#!/bin/sh\n\r\n"[..], b"a\r\n", b"#!\r", b"#!", b"", b"\r\n", b"\n", &long] {
            assert_eq!(repaired(whole), None);
        }
    }
}

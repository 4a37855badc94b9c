//! Launchers: scripts that run with the Python that lies beside them, wherever the environment was moved to and however
//! long its path is.

use std::fmt::Write;

use super::entry_points::EntryPoint;

/// Returns the first lines of a launcher, so many folders below `bin`.
///
/// A shell reads the second line as `exec …/python script arguments`; Python reads lines two and three as one string.
fn header(depth: usize) -> String {
    let up = "../".repeat(depth);
    format!("#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'{up}python' \"$0\" \"$@\"\n' '''\n")
}

/// Returns the script that calls an entry point.
pub(super) fn launcher(entry: &EntryPoint) -> Vec<u8> {
    let (header, module, call) = (header(0), &entry.module, &entry.call);
    let import = call.split('.').next().unwrap_or(call);
    format!(
        "{header}import sys\n\nfrom {module} import {import}\n\nif __name__ == \"__main__\":\n    sys.exit({call}())\n"
    )
    .into_bytes()
}

/// Returns whether a wheel's script asks for the environment's Python, with `#!python` (the wheel specification).
pub(super) fn wants_python(script: &[u8]) -> bool {
    script.starts_with(b"#!python")
}

/// Returns the script at `place`, below `bin`, that runs the Python source at `source`. Both are relative to the
/// environment.
///
/// The source is a file of its own, unchanged: nothing may stand before the first line of a text that says how it is
/// encoded, has a documentation string, or imports from `__future__`. It runs as if it were the launcher.
pub(super) fn script(place: &str, source: &str) -> Vec<u8> {
    let depth = place.matches('/').count();
    let source = literal(&format!("{}{source}", "../".repeat(depth)));
    let header = header(depth.saturating_sub(1));
    format!(
        "{header}__doc__ = None\n\n\ndef __source__():\n    import os\n\n    \
         path = os.path.join(os.path.dirname(os.path.realpath(__file__)), {source})\n    \
         path = os.path.normpath(path)\n    \
         with open(path, \"rb\") as file:\n        \
         return compile(file.read(), path, \"exec\", dont_inherit=True)\n\n\n\
         exec(globals().pop(\"__source__\")())\n"
    )
    .into_bytes()
}

/// Returns a text as Python writes it between quotes.
fn literal(text: &str) -> String {
    let mut literal = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => literal.extend(['\\', c]),
            c if c.is_ascii_graphic() || c == ' ' => literal.push(c),
            c => drop(write!(literal, "\\U{:08x}", u32::from(c))),
        }
    }
    literal.push('"');
    literal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scripts_that_ask_for_it_get_a_launcher() {
        for (script, wants) in [
            (&b"#!python\nprint(1)\n"[..], true),
            (b"#!pythonw -E\r\nprint(1)\r\n", true),
            (b"#!/usr/bin/python\n", false),
            (b"#!/bin/bash\n", false),
            (b"\x7fELF", false),
        ] {
            assert_eq!(wants_python(script), wants);
        }
    }

    #[test]
    fn a_launcher_finds_python_and_its_source_from_any_depth() {
        let text = |place: &str| String::from_utf8(script(place, "lib/x \"y\"\u{e9}")).unwrap();
        let (top, deep) = (text("bin/tool"), text("bin/a/b/tool"));
        assert!(top.contains("/'python' \"$0\"") && top.contains(r#""../lib/x \"y\"\U000000e9")"#), "{top}");
        assert!(deep.contains("/'../../python' \"$0\"") && deep.contains("\"../../../lib/x"), "{deep}");
    }
}

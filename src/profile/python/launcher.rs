//! Launchers: scripts that run with the Python that lies beside them, wherever the environment was moved to and however
//! long its path is.

use super::entry_points::EntryPoint;

/// A shell reads the second line as `exec …/python script arguments`; Python reads lines two and three as one string.
const HEADER: &str = "#!/bin/sh\n'''exec' \"$(dirname -- \"$(realpath -- \"$0\")\")\"/'python' \"$0\" \"$@\"\n' '''\n";

/// Returns the script that calls an entry point.
pub(super) fn launcher(entry: &EntryPoint) -> Vec<u8> {
    let (module, call) = (&entry.module, &entry.call);
    let import = call.split('.').next().unwrap_or(call);
    format!(
        "{HEADER}import sys\n\nfrom {module} import {import}\n\nif __name__ == \"__main__\":\n    sys.exit({call}())\n"
    )
    .into_bytes()
}

/// Returns a wheel's script with a first line that finds its Python, where the script asks for that with `#!python` (the
/// wheel specification).
pub(super) fn rewritten(script: &[u8]) -> Option<Vec<u8>> {
    let rest = script.strip_prefix(b"#!python")?;
    let end = rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
    Some([HEADER.as_bytes(), &rest[end..]].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_scripts_that_ask_for_it_are_rewritten() {
        let script = rewritten(b"#!pythonw -E\nprint(1)\n").unwrap();
        assert!(script.starts_with(b"#!/bin/sh\n'''exec'") && script.ends_with(b"' '''\nprint(1)\n"));
        assert_eq!(rewritten(b"#!/bin/bash\n"), None);
        assert_eq!(rewritten(b"\x7fELF"), None);
    }
}

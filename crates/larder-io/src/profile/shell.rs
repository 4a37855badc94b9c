//! Paths as they stand in shell scripts.

use std::path::Path;

/// Returns a path as it stands in a shell script.
pub(super) fn quoted(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', r"'\''"))
}

/// Returns how a path below a folder begins in a shell script.
pub(super) fn start_of(folder: &Path) -> String {
    let quoted = quoted(folder);
    format!("{}/", quoted.strip_suffix('\'').unwrap_or(&quoted))
}

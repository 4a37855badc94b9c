//! A requirements.txt that a tool wrote, as `pip freeze`, `pip-compile` and `uv export` do:
//! <https://pip.pypa.io/en/stable/reference/requirements-file-format/>.
//!
//! ```text
//! idna==3.10 ; python_version >= "3.8" \
//!     --hash=sha256:946d… \
//!     --hash=sha256:12f6…
//!     # via requests
//! ```

use crate::import::pypi::requirement_lines;
use crate::model::{Algorithm, Digest};

use super::versions::LockedVersions;

/// Notes the versions that are pinned with `==`, with their digests.
pub(super) fn read(text: &str, found: &mut LockedVersions) {
    for line in requirement_lines(text) {
        let mut parts = line.split(" --");
        let requirement = parts.next().unwrap_or_default().split(';').next().unwrap_or_default();
        let Some((name, version)) = requirement.split_once("==") else { continue };
        let name = name.split('[').next().unwrap_or_default().trim();
        let Some(key) = found.add_pypi(name, version.trim()) else { continue };
        for hash in parts.filter_map(|option| option.trim().strip_prefix("hash=sha256:")) {
            if let Ok(digest) = Digest::from_hex(Algorithm::Sha256, hash.trim()) {
                found.add_digest(&key, None, digest);
            }
        }
    }
}

/// Returns whether a tool wrote the file, so that it has the versions of everything: it has digests, or says who asked for what.
pub fn is_written_by_a_tool(requirements: &str) -> bool {
    requirements.contains(" --hash=") || requirements.lines().any(|line| line.trim_start().starts_with("# via"))
}

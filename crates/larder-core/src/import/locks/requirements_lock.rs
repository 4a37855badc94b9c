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

use super::places::LockedPlace;
use super::versions::LockedVersions;

/// Notes the versions that are pinned with `==`, with their digests.
pub(super) fn read(text: &str, found: &mut LockedVersions) {
    let indexes: Vec<LockedPlace> = indexes(text).iter().map(|url| LockedPlace::of_index(url)).collect();
    for line in requirement_lines(text) {
        let mut parts = line.split(" --");
        let requirement = parts.next().unwrap_or_default().split(';').next().unwrap_or_default();
        let Some((name, version)) = requirement.split_once("==") else { continue };
        let name = name.split('[').next().unwrap_or_default().trim();
        let Some(key) = found.add_pypi(name, version.trim()) else { continue };
        for place in &indexes {
            found.add_place(&key, place.clone());
        }
        for hash in parts.filter_map(|option| option.trim().strip_prefix("hash=sha256:")) {
            if let Ok(digest) = Digest::from_hex(Algorithm::Sha256, hash.trim()) {
                found.add_digest(&key, None, digest);
            }
        }
    }
}

/// Returns the indexes that the packages may be from, where PyPI is none of them: the last `--index-url`, and those beside it.
fn indexes(text: &str) -> Vec<String> {
    let options: Vec<(String, String)> = requirement_lines(text)
        .filter(|line| line.starts_with('-'))
        .filter_map(|line| {
            let (option, url) = line.split_once([' ', '='])?;
            Some((option.to_owned(), url.trim_start_matches(['=', ' ']).to_owned()))
        })
        .collect();
    let of = |names: &'static [&'static str]| {
        options.iter().filter(move |(option, _)| names.contains(&&**option)).map(|(_, url)| url.clone())
    };
    let Some(index) = of(&["-i", "--index-url"]).next_back() else { return Vec::new() };
    std::iter::once(index).chain(of(&["--extra-index-url"])).collect()
}

/// Returns whether a tool wrote the file, so that it has the versions of everything: it has digests, or says who asked for what.
pub fn is_written_by_a_tool(requirements: &str) -> bool {
    requirements.contains(" --hash=") || requirements.lines().any(|line| line.trim_start().starts_with("# via"))
}

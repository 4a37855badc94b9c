//! Local folders: there is one version, the one that lies there.

use super::index::Versions;
use super::set::Set;

/// Returns the versions of a folder: all, whatever they are.
pub(super) fn admitted(versions: &Versions) -> Set {
    Set::below(versions.candidates.len() as u32)
}

/// Picks the version that there is.
pub(super) fn pick(range: &Set) -> Option<u32> {
    range.descending().next()
}

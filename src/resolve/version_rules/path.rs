//! Local folders: there is one version, the one that lies there.

use crate::model::{Requirement, Settings};

use super::VersionRules;
use crate::resolve::index::Versions;
use crate::resolve::set::Set;

/// How the version of a local folder is chosen.
pub(in crate::resolve) struct Path;

impl VersionRules for Path {
    /// Whatever lies there will do.
    fn admitted(&self, _: &Requirement, versions: &Versions, _: &Settings) -> Set {
        Set::below(versions.candidates.len() as u32)
    }

    fn likely(&self, _: &Requirement, versions: &Versions, _: &Settings) -> Option<u32> {
        (versions.candidates.len() as u32).checked_sub(1)
    }
}

/// Picks the version that there is.
pub(in crate::resolve) fn pick(range: &Set) -> Option<u32> {
    range.descending().next()
}

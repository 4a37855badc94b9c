//! Local folders and tools by URL: there is one version, the one that lies there.

use crate::model::{Requirement, Settings};

use super::VersionRules;
use crate::resolve::index::Versions;
use crate::resolve::ordinal_set::OrdinalSet;

/// How the version of a local folder is chosen.
pub(in crate::resolve) struct FolderVersions;

impl VersionRules for FolderVersions {
    /// The one version satisfies every requirement.
    fn admitted(&self, _: &Requirement, versions: &Versions, _: &Settings) -> OrdinalSet {
        OrdinalSet::below(versions.candidates.len() as u32)
    }

    fn likely(&self, _: &Requirement, versions: &Versions, _: &Settings) -> Option<u32> {
        (versions.candidates.len() as u32).checked_sub(1)
    }
}

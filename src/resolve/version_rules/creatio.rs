//! Creatio packages: the highest version that is no pre-release, else the highest.

use crate::model::{Requirement, Settings};

use super::{VersionRules, highest};
use crate::resolve::index::Versions;

/// How versions of Creatio packages are chosen.
pub(in crate::resolve) struct Creatio;

impl VersionRules for Creatio {
    fn likely(&self, requirement: &Requirement, versions: &Versions, settings: &Settings) -> Option<u32> {
        let limits = settings.time_limits(&requirement.package());
        let fits = |place: &u32| {
            let candidate = &versions.candidates[*place as usize];
            candidate.is_in_time(&limits) && requirement.matches(&candidate.version)
        };
        highest(&versions.candidates, (0..versions.candidates.len() as u32).rev().filter(fits))
    }
}

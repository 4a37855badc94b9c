//! Newer versions that `age` keeps away.

use std::fmt;

use crate::model::{PackageKey, RootEdge, Settings};

use super::index::{Index, IndexError};

/// A version that a line would take if it were older. Displayed as a lowercase sentence.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TooYoung {
    /// The package with its version.
    pub package: PackageKey,
    /// When it was published, if the registry tells.
    pub published: Option<jiff::Timestamp>,
}

impl fmt::Display for TooYoung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is newer, and too young for `age`: ", self.package)?;
        match self.published {
            Some(published) => write!(f, "it was published at {published}"),
            None => f.write_str("its registry does not tell when it was published"),
        }
    }
}

/// Returns the newest version that satisfies a line of a lock, if it is newer than what the line got and `age` keeps it away.
pub fn too_young(index: &dyn Index, settings: &Settings, line: &RootEdge) -> Result<Option<TooYoung>, IndexError> {
    let package = line.requirement.package();
    let limits = settings.time_limits(&package);
    let locked = line.to.iter().map(|edge| &edge.to.package).filter(|key| key.id.is_same(&package)).max();
    let (Some(_), Some(locked)) = (limits.cutoff(), locked) else { return Ok(None) };
    let versions = index.versions(&package)?;
    let newer = versions.candidates.iter().rev().take_while(|newer| newer.version > locked.version);
    let mut young = newer.filter(|candidate| {
        let is_usual = !candidate.yanked && !candidate.deprecated && !candidate.version.is_prerelease();
        is_usual && limits.is_released_before(candidate.published) && line.requirement.matches(&candidate.version)
    });
    let newest = young.next().filter(|newest| !newest.is_in_time(&limits));
    Ok(newest.map(|newest| TooYoung {
        package: PackageKey { id: package, version: newest.version.clone() },
        published: newest.published,
    }))
}

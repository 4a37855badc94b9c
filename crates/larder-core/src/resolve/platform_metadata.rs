//! Versions of Python packages whose wheels differ in their dependencies from platform to platform.
//!
//! A version is looked at by the metadata of one of its wheels, which nearly always speaks for all of them. Of what a
//! solution chooses, and of nothing else, each platform's own wheel is asked too; where one differs, the problem is solved
//! again with what it says. What was asked once is not asked again, so this ends.

use std::collections::BTreeMap;

use super::Solution;
use super::catalog::Catalog;
use super::index::{Chosen, IndexError, PlatformSet};
use super::variable::{ABSENT, PackageIx, Variable};

/// Asks each platform's wheel of what a solution chose. Returns `true` if some differ, and the problem with them.
pub(super) fn compare_wheels(catalog: &Catalog, solution: &Solution) -> Result<bool, IndexError> {
    if !catalog.ties() {
        return Ok(false);
    }
    let mut used: BTreeMap<(PackageIx, u32), PlatformSet> = BTreeMap::new();
    for (&variable, &ordinal) in solution.iter().filter(|(_, ordinal)| **ordinal != ABSENT) {
        if let Variable::PyOn(package, platform) = variable {
            used.entry((package, ordinal)).or_default().insert(platform);
        }
    }
    let mut asked = Vec::new();
    for ((package, ordinal), platforms) in used {
        if let Some(platforms) = catalog.note_compared((package, ordinal), platforms) {
            asked.push(((package, ordinal), Chosen { package: catalog.interned.id(package), ordinal, platforms }));
        }
    }
    let (places, chosen): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
    if chosen.is_empty() {
        return Ok(false);
    }
    let mut differs = false;
    for (place, release) in places.into_iter().zip(catalog.index.by_platform(&chosen)?) {
        if let Some(release) = release {
            differs |= catalog.replace(place, &release)?;
        }
    }
    Ok(differs)
}

//! Contradictions besides the first: those of lines that have no part in what is told already. All are told at once, and not one a run.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use crate::registry::Registries;
use crate::resolve::{self, BoundedIndex, LineId, NoSolution, Requirements, ResolveError};

/// The most contradictions that are looked for.
const MOST: usize = 4;

/// The most questions of a registry's packages for each, and the longest that all of them take: solves that are only to say more of an
/// error must not take long.
const MOST_ASKED: usize = 1_000;
const LONGEST: Duration = Duration::from_secs(2);

/// Adds to a contradiction of some requirements those that the other lines have among themselves, as far as they are found soon. What
/// has to be built or fetched first is none.
pub(super) fn add(requirements: &Requirements, registries: &Registries, first: &mut NoSolution) {
    if first.untold > 0 || !first.unbuilt.is_empty() {
        return;
    }
    let lines = |of: &NoSolution| of.lines.iter().map(|line| line.0).collect::<Vec<_>>();
    let mut told: BTreeSet<u32> = std::iter::once(&*first).chain(&first.others).flat_map(lines).collect();
    if told.is_empty() {
        return;
    }
    let end = Instant::now() + LONGEST;
    for _ in 0..MOST {
        let left: Vec<u32> = (0..requirements.lines.len() as u32).filter(|line| !told.contains(line)).collect();
        let rest = Requirements {
            lines: left.iter().map(|&line| requirements.lines[line as usize].clone()).collect(),
            ..requirements.clone()
        };
        let Some(mut found) = contradiction(&rest, registries, end).filter(|found| !found.lines.is_empty()) else {
            return;
        };
        let declared = |line: &mut LineId| *line = LineId(left.get(line.0 as usize).copied().unwrap_or(u32::MAX));
        let others = std::mem::take(&mut found.others);
        for mut one in std::iter::once(*found).chain(others) {
            one.lines.iter_mut().for_each(declared);
            told.extend(lines(&one));
            first.others.push(one);
        }
    }
}

/// Returns why there is no solution of some requirements. Returns `None` if there is one, or that is not known soon.
fn contradiction(requirements: &Requirements, registries: &Registries, end: Instant) -> Option<Box<NoSolution>> {
    let solve = || match resolve::resolve(requirements, &BoundedIndex::new(registries, MOST_ASKED, end)) {
        Err(ResolveError::NoSolution(found)) if found.unbuilt.is_empty() => Some(found),
        _ => None,
    };
    let found = solve()?;
    // What was answered from a cache is asked again.
    if registries.drop_cached(&found.packages_from_cache) { solve() } else { Some(found) }
}

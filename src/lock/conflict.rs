//! Lockfiles that a merge left with conflict markers.

use super::conflict_markers::ConflictMarker;
use super::{Lockfile, v1};
use crate::model::{Graph, Runtimes, Settings};

/// Takes what both sides of a conflict agree on: the packages that one of them has and the other does not contradict.
///
/// The result has packages only, no edges: it is there to be preferred by the next solve, and never fresh. A side that
/// does not read as a lockfile has no say; where neither does, the result is empty.
pub fn salvage(text: &str) -> Lockfile {
    let read = |side| v1::read(&side_of(text, side)).ok();
    let (ours, theirs) = match (read(ConflictSide::Ours), read(ConflictSide::Theirs)) {
        (Some(ours), Some(theirs)) => (ours, theirs),
        (Some(one), None) | (None, Some(one)) => (one.clone(), one),
        (None, None) => return Lockfile::default(),
    };
    let mut packages = agreed(&ours.graph, &theirs.graph);
    packages.append(&mut agreed(&theirs.graph, &ours.graph));
    let package_extensions = ours.settings.package_extensions.max(theirs.settings.package_extensions);
    let settings = if ours.settings == theirs.settings { ours.settings } else { Settings::default() };
    let settings = Settings { package_extensions, ..settings };
    // Where both brought other ones, neither is taken.
    let runtimes = match (ours.runtimes, theirs.runtimes) {
        (ours, theirs) if theirs.is_empty() || ours == theirs => ours,
        (ours, theirs) if ours.is_empty() => theirs,
        _ => Runtimes::default(),
    };
    Lockfile { runtimes, ..Lockfile::new(settings, Graph { packages, ..Graph::default() }) }
}

/// The packages of one side that the other has as well, or does not have in any version.
fn agreed(one: &Graph, other: &Graph) -> std::collections::BTreeMap<crate::model::PackageKey, crate::model::Package> {
    let known: std::collections::BTreeSet<_> = other.packages.keys().map(|key| &key.id).collect();
    one.packages
        .iter()
        .filter(|(key, package)| match other.packages.get(key) {
            Some(same) => same == *package,
            None => !known.contains(&key.id),
        })
        .map(|(key, package)| (key.clone(), package.clone()))
        .collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum ConflictSide {
    Ours,
    Theirs,
}

/// The text as one side has it.
fn side_of(text: &str, wanted: ConflictSide) -> String {
    let mut kept = String::with_capacity(text.len());
    let mut keeping = true;
    for line in text.split_inclusive('\n') {
        match ConflictMarker::of(line) {
            Some(ConflictMarker::Ours) => keeping = wanted == ConflictSide::Ours,
            Some(ConflictMarker::Base) => keeping = false,
            Some(ConflictMarker::Theirs) => keeping = wanted == ConflictSide::Theirs,
            Some(ConflictMarker::End) => keeping = true,
            None if keeping => kept.push_str(line),
            None => {}
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_sides_agree_on_is_kept() {
        let text = "version = 1\n\n[[package]]\nid = \"npm:a@1.0.0\"\n\n[[package]]\n<<<<<<< HEAD\nid = \"npm:b@1.0.0\"\n\
                    ||||||| base\nid = \"npm:b@0.9.0\"\n=======\nid = \"npm:b@1.1.0\"\n\n[[package]]\nid = \"npm:c@2.0.0\"\n\
                    >>>>>>> topic\n";
        assert!(matches!(super::super::parse("larder.lock", text), Err(super::super::LockfileError::Conflict { .. })));
        let kept: Vec<_> = salvage(text).graph.packages.keys().map(ToString::to_string).collect();
        assert_eq!(kept, ["npm:a@1.0.0", "npm:c@2.0.0"]);
    }

    #[test]
    fn a_runtime_that_one_side_brings_is_kept() {
        let text = "version = 1\n<<<<<<< HEAD\n=======\n\n[[runtime]]\nid = \"node@22.0.0\"\nsource = \"node-distribution\"\n\
                    >>>>>>> topic\n";
        let names: Vec<_> = salvage(text).runtimes.0.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["node@22.0.0"]);
    }

    #[test]
    fn rubbish_salvages_nothing() {
        assert_eq!(salvage("<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"), Lockfile::default());
    }
}

//! Lockfiles that a merge left with conflict markers.

use std::cmp::Ordering;

use super::conflict_markers::ConflictMarker;
use super::{Lockfile, v1};
use crate::model::{Graph, Package, Runtimes, Settings};

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
    let mut provenance = theirs.provenance;
    provenance.extend(ours.provenance);
    provenance.retain(|key, _| packages.contains_key(key));
    let mut log_keys = theirs.log_keys.clone();
    log_keys.extend(ours.log_keys.clone());
    log_keys.retain(|registry, key| {
        [&ours.log_keys, &theirs.log_keys].iter().all(|side| side.get(registry).is_none_or(|other| other == key))
    });
    Lockfile { runtimes, provenance, log_keys, ..Lockfile::new(settings, Graph { packages, ..Graph::default() }) }
}

/// The packages of one side that the other has as well, or does not have in any version.
fn agreed(one: &Graph, other: &Graph) -> std::collections::BTreeMap<crate::model::PackageKey, crate::model::Package> {
    let known: std::collections::BTreeSet<_> = other.packages.keys().map(|key| &key.id).collect();
    one.packages
        .iter()
        .filter_map(|(key, package)| {
            let package = match other.packages.get(key) {
                Some(same) => with_longer_history(package, same)?,
                None if known.contains(&key.id) => return None,
                None => package,
            };
            Some((key.clone(), package.clone()))
        })
        .collect()
}

/// Returns whichever of two equal packages was chosen from the longer history, which extends the other. `None` if they differ in
/// anything else.
fn with_longer_history<'a>(one: &'a Package, other: &'a Package) -> Option<&'a Package> {
    let (Some(of_one), Some(of_other)) = (&one.attestation, &other.attestation) else {
        return (one == other).then_some(one);
    };
    let extended = Package { attestation: one.attestation.clone(), ..other.clone() };
    if extended != *one || of_one.tree != of_other.tree {
        return None;
    }
    match of_one.history.lines.cmp(&of_other.history.lines) {
        Ordering::Greater => Some(one),
        Ordering::Less => Some(other),
        Ordering::Equal => (of_one == of_other).then_some(one),
    }
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
    use crate::model::LogKey;

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
    fn of_two_histories_of_one_version_the_longer_is_kept() {
        let package = |lines: u32, byte: &str| {
            let history = format!("{lines}:sha256:{}", byte.repeat(32));
            format!(
                "id = \"larder:a@1.0.0\"\nregistry = \"acme\"\ntree = \"{}\"\nbody = \"{}\"\nhistory = \"{history}\"\n",
                "00".repeat(32),
                crate::model::Digest::sha256_of("body")
            )
        };
        let merged = |ours: String, theirs: String| {
            salvage(&format!("version = 1\n\n[[package]]\n<<<<<<< a\n{ours}=======\n{theirs}>>>>>>> b\n"))
                .graph
                .packages
        };
        for (ours, theirs) in [(package(2, "aa"), package(3, "bb")), (package(3, "bb"), package(2, "aa"))] {
            let found: Vec<_> = merged(ours, theirs).into_values().collect();
            assert_eq!(found[0].attestation.as_ref().unwrap().history.lines, 3);
        }
        // Two histories of one length contradict each other.
        assert!(merged(package(2, "aa"), package(2, "bb")).is_empty());
    }

    #[test]
    fn a_runtime_that_one_side_brings_is_kept() {
        let text = "version = 1\n<<<<<<< HEAD\n=======\n\n[[runtime]]\nid = \"node@22.0.0\"\nsource = \"node-distribution\"\n\
                    >>>>>>> topic\n";
        let names: Vec<_> = salvage(text).runtimes.0.keys().map(ToString::to_string).collect();
        assert_eq!(names, ["node@22.0.0"]);
    }

    #[test]
    fn keys_of_logs_on_which_sides_disagree_are_not_kept() {
        let log = |registry: &str, byte: u8| {
            let key = LogKey::new("packages.example", [byte; 32]).expect("a name");
            format!("\n[[log]]\nregistry = \"{registry}\"\nkey = \"{key}\"\n")
        };
        let merged = |ours: &str, theirs: &str| {
            let text = format!("version = 1\n{}<<<<<<< a\n{ours}=======\n{theirs}>>>>>>> b\n", log("both", 1));
            salvage(&text).log_keys.keys().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(merged(&log("ours", 1), &log("theirs", 2)), ["both", "ours", "theirs"]);
        assert_eq!(merged(&log("acme", 1), &log("acme", 2)), ["both"]);
    }

    #[test]
    fn rubbish_salvages_nothing() {
        assert_eq!(salvage("<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n"), Lockfile::default());
    }
}

//! What follows from a history, by the texts of Conventional Commits 1.0 and Semantic Versioning 2.0.

use std::collections::BTreeSet;

use super::generate::{Change, Made, Says, Step};

/// What is released.
pub(super) struct Expected {
    /// The tag, the version, and the changelog's lines below the heading, of each unit.
    pub(super) units: Vec<(String, String, String)>,
    /// The subjects of commits that cannot be read.
    pub(super) malformed: BTreeSet<String>,
}

/// A version: three numbers, and whether it is a release.
type Version = (u64, u64, u64, bool);

pub(super) fn releases(made: &Made) -> Expected {
    let released = ancestors(&made.steps, made.tagged);
    let mut expected = Expected { units: Vec::new(), malformed: BTreeSet::new() };
    for unit in &made.units {
        let (mut changes, mut dead) = (Vec::new(), BTreeSet::new());
        // From the newest on: what reverts counts before what it reverts.
        for (place, step) in made.steps.iter().enumerate().rev() {
            if released.contains(&place) || dead.contains(&place) {
                continue;
            }
            let concerns = step.paths.iter().any(|path| made.layout.owner(path) == Some(unit.folder));
            match &step.says {
                Says::Malformed => {
                    if concerns {
                        let subject = step.message.lines().next().unwrap_or_default().trim();
                        expected.malformed.insert(subject.to_owned());
                    }
                }
                Says::Changes(told) if concerns => changes.extend(told.iter().map(|change| (change, &step.id))),
                Says::Changes(_) | Says::Nothing => {}
                Says::Reverts(places, change) => {
                    for target in places {
                        dead.insert(*target);
                        dead.extend(&made.steps[*target].brought);
                    }
                    if concerns && places.iter().any(|target| released.contains(target)) {
                        changes.push((change, &step.id));
                    }
                }
            }
        }
        let level = changes.iter().map(|(change, _)| level(change)).max().unwrap_or(0);
        let from = unit.tagged.max(Some(unit.stated)).unwrap_or(unit.stated);
        if let Some((major, minor, patch)) = next(from, level) {
            let version = format!("{major}.{minor}.{patch}");
            expected.units.push((format!("{}{version}", unit.tag), version, section(&changes)));
        }
    }
    expected
}

/// Returns all that a commit descends from, itself included.
fn ancestors(steps: &[Step], from: Option<usize>) -> BTreeSet<usize> {
    let (mut seen, mut open) = (BTreeSet::new(), Vec::from_iter(from));
    while let Some(place) = open.pop() {
        if seen.insert(place) {
            open.extend(&steps[place].parents);
        }
    }
    seen
}

/// "fix: PATCH. feat: MINOR. BREAKING CHANGE or `!`, of any type: MAJOR."
fn level(change: &Change) -> u8 {
    match change {
        Change { broken: Some(_), .. } => 3,
        Change { group: Some("Added"), .. } => 2,
        Change { group: Some(_), .. } => 1,
        Change { group: None, .. } => 0,
    }
}

/// Returns the lowest release above `from` with nothing behind the number that has to rise.
fn next(from: Version, level: u8) -> Option<(u64, u64, u64)> {
    let (major, minor, patch, _) = from;
    let candidates: Vec<(u64, u64, u64)> = match level {
        0 => Vec::new(),
        1 => vec![(major, minor, patch), (major, minor, patch + 1)],
        2 => vec![(major, minor, 0), (major, minor + 1, 0)],
        _ => vec![(major, 0, 0), (major + 1, 0, 0)],
    };
    candidates.into_iter().find(|(major, minor, patch)| (*major, *minor, *patch, true) > from)
}

fn section(changes: &[(&Change, &String)]) -> String {
    let line = |change: &Change, text: &str, id: &str| {
        let scope = change.scope.map_or_else(String::new, |scope| format!("**{scope}:** "));
        format!("- {scope}{text} ({})\n", &id[..7])
    };
    let mut groups = vec![("Breaking changes", Vec::new())];
    for (change, id) in changes {
        if let Some(broken) = &change.broken {
            groups[0].1.push(line(change, broken, id));
        }
    }
    for group in ["Added", "Fixed", "Performance", "Reverted"] {
        let of_group = changes.iter().filter(|(change, _)| change.group == Some(group));
        groups.push((group, of_group.map(|(change, id)| line(change, &change.text, id)).collect()));
    }
    let told = groups.into_iter().filter(|(_, lines)| !lines.is_empty());
    told.map(|(title, lines)| format!("\n### {title}\n\n{}", lines.concat())).collect::<Vec<_>>().concat()
}

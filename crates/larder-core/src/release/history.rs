//! The changes that count: without merges and what was reverted.

use std::collections::{BTreeMap, BTreeSet};

use super::commit::{Message, read};
use super::{Bump, CommitChange, MessageCommit};

/// The changes since a release.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommitHistory {
    /// The changes, from the newest on.
    pub changes: Vec<CommitChange>,
    /// The first lines of messages that cannot be read, with the ids of their commits.
    pub malformed: Vec<(String, String)>,
}

impl CommitHistory {
    /// Returns how much the version rises.
    pub fn bump(&self) -> Bump {
        self.changes.iter().map(CommitChange::bump).max().unwrap_or_default()
    }
}

/// Reads commits, which come from the newest on.
pub fn read_history<'a>(commits: impl IntoIterator<Item = MessageCommit<'a>>) -> CommitHistory {
    let (mut history, mut reverted) = (CommitHistory::default(), BTreeSet::new());
    let commits: Vec<MessageCommit<'a>> = commits.into_iter().collect();
    for (place, commit) in commits.iter().enumerate() {
        if reverted.contains(&place) {
            continue;
        }
        let malformed = || {
            let subject = commit.message.trim().lines().next().unwrap_or_default();
            (commit.id.to_owned(), subject.to_owned())
        };
        match read(*commit) {
            Message::Reverts(ids, change) => {
                let older =
                    |id: &String| (place + 1..commits.len()).find(|at| commits[*at].id.starts_with(id.as_str()));
                let found: Vec<Option<usize>> = ids.iter().map(older).collect();
                for place in found.iter().flatten() {
                    reverted.insert(*place);
                    reverted.extend(merged(&commits, *place));
                }
                // What was not found was released.
                if found.contains(&None) && commit.counts {
                    match change {
                        Some(change) => history.changes.push(change),
                        None => history.malformed.push(malformed()),
                    }
                }
            }
            Message::Changes(changes) if commit.counts => history.changes.extend(changes),
            Message::Malformed if commit.counts => history.malformed.push(malformed()),
            Message::Changes(_) | Message::Malformed | Message::Nothing => {}
        }
    }
    history
}

/// Returns the places of the commits that a merge brought: those that only its further parents descend from.
fn merged(commits: &[MessageCommit<'_>], merge: usize) -> BTreeSet<usize> {
    let [first, further @ ..] = commits[merge].parents else { return BTreeSet::new() };
    if further.is_empty() {
        return BTreeSet::new();
    }
    let places: BTreeMap<&str, usize> = commits.iter().enumerate().map(|(place, commit)| (commit.id, place)).collect();
    let reached = |from: &[String]| {
        let (mut seen, mut open) = (BTreeSet::new(), from.iter().collect::<Vec<_>>());
        while let Some(id) = open.pop() {
            if let Some(place) = places.get(id.as_str())
                && seen.insert(*place)
            {
                open.extend(commits[*place].parents);
            }
        }
        seen
    };
    &reached(further) - &reached(std::slice::from_ref(first))
}

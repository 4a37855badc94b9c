//! The changes that count: without merges and what was reverted.

use std::collections::{BTreeMap, BTreeSet};

use super::commit::{Message, read};
use super::revert::RevertedCommit;
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
            // A revert of others may leave what this unit has of a commit.
            Message::Reverts(targets, change) if commit.counts => {
                let older = |target: &RevertedCommit| {
                    (place + 1..commits.len()).find(|at| target.is(commits[*at].id, commits[*at].message))
                };
                let found: Vec<Option<usize>> = targets.iter().map(older).collect();
                for (target, place) in targets.iter().zip(&found) {
                    let Some(place) = *place else { continue };
                    reverted.insert(place);
                    reverted.extend(merged(&commits, place, target));
                }
                // What was not found was released.
                if found.contains(&None) {
                    match change {
                        Some(change) => history.changes.push(change),
                        None => history.malformed.push(malformed()),
                    }
                }
            }
            Message::Changes(changes) if commit.counts => history.changes.extend(changes),
            Message::Malformed if commit.counts => history.malformed.push(malformed()),
            Message::Reverts(..) | Message::Changes(_) | Message::Malformed | Message::Nothing => {}
        }
    }
    history
}

/// Returns the places of the commits that go with a merge that is reverted: those that the parent that stays, the first one unless the
/// revert says otherwise, does not descend from.
fn merged(commits: &[MessageCommit<'_>], merge: usize, target: &RevertedCommit) -> BTreeSet<usize> {
    let parents = commits[merge].parents;
    let stays = |parent: &String| match target {
        RevertedCommit::Id { kept: Some(kept), .. } => parent.starts_with(kept.as_str()),
        RevertedCommit::Id { .. } | RevertedCommit::Request(_) => false,
    };
    let kept = parents.iter().position(stays).unwrap_or_default();
    let Some(first) = parents.get(kept).filter(|_| parents.len() > 1) else { return BTreeSet::new() };
    let further: Vec<&String> = parents.iter().filter(|parent| *parent != first).collect();
    let places: BTreeMap<&str, usize> = commits.iter().enumerate().map(|(place, commit)| (commit.id, place)).collect();
    let reached = |from: Vec<&String>| {
        let (mut seen, mut open) = (BTreeSet::new(), from);
        while let Some(id) = open.pop() {
            if let Some(place) = places.get(id.as_str())
                && seen.insert(*place)
            {
                open.extend(commits[*place].parents);
            }
        }
        seen
    };
    &reached(further) - &reached(vec![first])
}

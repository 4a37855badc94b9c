//! The changes that count: without merges and what was reverted.

use std::collections::BTreeSet;

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
    let messages: Vec<_> = commits.into_iter().map(|commit| (commit, read(commit))).collect();
    for (place, (commit, message)) in messages.iter().enumerate() {
        if reverted.contains(&place) {
            continue;
        }
        match message {
            Message::Nothing => {}
            Message::Malformed => {
                let subject = commit.message.trim().lines().next().unwrap_or_default();
                history.malformed.push((commit.id.to_owned(), subject.to_owned()));
            }
            Message::Changes(changes) => history.changes.extend(changes.iter().cloned()),
            Message::Reverts(id, change) => {
                let older = messages.iter().enumerate().skip(place + 1);
                match older.into_iter().find(|(_, (other, _))| other.id.starts_with(id.as_str())) {
                    // Neither was released.
                    Some((older, _)) => drop(reverted.insert(older)),
                    None => history.changes.push(change.clone()),
                }
            }
        }
    }
    history
}

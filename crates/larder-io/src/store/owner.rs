//! Who may write to a store. Its files are linked into projects and run there.

use std::path::Path;

use super::{Store, StoreError};
use crate::fs::{self, Kind, Stat};

/// The effective user and group of this process.
#[derive(Clone, Copy, Debug)]
struct ProcessIdentity {
    user: u32,
    group: u32,
}

impl Store {
    /// Checks that only this user and the administrator may write to the store.
    pub(super) fn check_owner(&self) -> Result<(), StoreError> {
        if self.owner_checked.get().is_some() {
            return Ok(());
        }
        let own =
            ProcessIdentity { user: rustix::process::geteuid().as_raw(), group: rustix::process::getegid().as_raw() };
        let parent = self.root.parent().map(Path::to_owned);
        let below = ["artifacts", "trees", "staging"].map(|folder| self.root.join(folder));
        for folder in parent.into_iter().chain([self.root.clone()]).chain(below) {
            let Some(stat) = fs::stat(&folder)? else { continue };
            let above = !folder.starts_with(&self.root);
            if let Some(problem) = problem(&stat, own).filter(|_| !(above && is_shared(&stat, own))) {
                return Err(StoreError::NotOwn { path: folder, problem });
            }
        }
        // A store that does not exist yet is checked again when it does.
        if fs::stat(&self.root)?.is_some() {
            let _ = self.owner_checked.set(());
        }
        Ok(())
    }
}

/// Returns whether a folder is shared like `/tmp`, where users cannot touch each other's files.
fn is_shared(stat: &Stat, own: ProcessIdentity) -> bool {
    const STICKY: u32 = 0o1000;
    stat.mode & STICKY != 0 && (stat.user == own.user || stat.user == 0)
}

/// Returns why a folder cannot be trusted, as the end of a sentence.
fn problem(stat: &Stat, own: ProcessIdentity) -> Option<String> {
    const GROUP: u32 = 0o020;
    const OTHERS: u32 = 0o002;
    if stat.kind != Kind::Folder {
        return Some("is not a folder".to_owned());
    }
    // The system's administrator can write anywhere.
    if stat.user != own.user && stat.user != 0 {
        return Some(format!("belongs to another user, ID {}", stat.user));
    }
    if stat.mode & OTHERS != 0 {
        return Some("can be written by every user".to_owned());
    }
    // A user's private group usually has the user's ID.
    let is_private = stat.group == own.group && own.group == own.user && own.user != 0;
    (stat.mode & GROUP != 0 && !is_private).then(|| format!("can be written by a group, ID {}", stat.group))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_store_is_its_users_alone() {
        let own = ProcessIdentity { user: 1000, group: 1000 };
        let folder = |user: u32, group: u32, mode: u32| {
            let root = tempfile::tempdir().unwrap();
            Stat { mode, user, group, ..fs::stat(root.path()).unwrap().unwrap() }
        };
        for (user, group, mode) in [(1000, 1000, 0o755), (1000, 1000, 0o775), (1000, 5, 0o750), (0, 0, 0o755)] {
            assert_eq!(problem(&folder(user, group, mode), own), None, "{user} {group} {mode:o}");
        }
        for (user, group, mode) in [(1001, 1000, 0o700), (1000, 5, 0o775), (1000, 1000, 0o757), (0, 0, 0o775)] {
            assert!(problem(&folder(user, group, mode), own).is_some(), "{user} {group} {mode:o}");
        }
        let root = ProcessIdentity { user: 0, group: 0 };
        assert_eq!(problem(&folder(0, 0, 0o755), root), None);
        assert!(problem(&folder(0, 0, 0o775), root).is_some());
        assert!(problem(&folder(1000, 0, 0o755), root).is_some());
    }
}

//! Telling git that what larder makes is not to be committed.

use std::path::{Path, PathBuf};

use crate::fs::{self, Durability, FsError, Kind};

use super::ProfileError;

/// Without a trailing slash: `node_modules/` does not match a link.
const LINES: [&str; 3] = [".larder", "node_modules", ".venv"];

/// Adds larder's lines to `.git/info/exclude` of the repository that `root` is in, where they are missing. Without a
/// repository nothing happens.
pub fn exclude(root: &Path) -> Result<(), ProfileError> {
    let Some(file) = file(root)? else { return Ok(()) };
    if let Some(info) = file.parent() {
        fs::create_dir_all(info)?;
    }
    Ok(ignore(&file)?)
}

/// Returns the file of patterns that only this clone of a repository ignores, there or not.
pub(super) fn file(root: &Path) -> Result<Option<PathBuf>, ProfileError> {
    Ok(git_folder(root)?.map(|git| git.join("info/exclude")))
}

/// Adds larder's lines to a file of patterns that git ignores, where they are missing.
pub fn ignore(file: &Path) -> Result<(), FsError> {
    let mut text = fs::read_if_exists(file)?.unwrap_or_default();
    let old = String::from_utf8_lossy(&text);
    let missing: Vec<&str> =
        LINES.into_iter().filter(|line| !old.lines().any(|old| old.trim().trim_start_matches('/') == *line)).collect();
    if missing.is_empty() {
        return Ok(());
    }
    if text.last().is_some_and(|last| *last != b'\n') {
        text.push(b'\n');
    }
    text.extend_from_slice(format!("{}\n", missing.join("\n")).as_bytes());
    fs::write_atomic(file, &text, Durability::Whole)
}

/// A worktree has a file instead of a folder, which names its own folder, which names the one that all share.
fn git_folder(root: &Path) -> Result<Option<PathBuf>, ProfileError> {
    for folder in root.ancestors() {
        let git = folder.join(".git");
        let Some(stat) = fs::stat(&git)? else { continue };
        if stat.kind == Kind::Folder {
            return Ok(Some(git));
        }
        let text = fs::read_to_string(&git)?;
        let Some(own) = text.trim().strip_prefix("gitdir:") else { return Ok(None) };
        let own = folder.join(own.trim());
        let shared = match fs::read_if_exists(&own.join("commondir"))? {
            Some(shared) => own.join(String::from_utf8_lossy(&shared).trim()),
            None => own,
        };
        return Ok(Some(shared));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_once_and_others_stay() {
        let root = tempfile::tempdir().unwrap();
        exclude(root.path()).unwrap();
        fs::create_dir_all(&root.path().join(".git/info")).unwrap();
        fs::write_new(&root.path().join(".git/info/exclude"), b"# mine\n\xE9\n/.venv", 0o644).unwrap();
        for _ in 0..2 {
            exclude(root.path()).unwrap();
        }
        let text = fs::read(&root.path().join(".git/info/exclude")).unwrap();
        assert_eq!(text, b"# mine\n\xE9\n/.venv\n.larder\nnode_modules\n");
    }

    #[test]
    fn a_worktree_shares_its_repositorys_file() {
        let root = tempfile::tempdir().unwrap();
        let main = root.path().join("main/.git");
        fs::create_dir_all(&main.join("worktrees/w")).unwrap();
        fs::write_new(&main.join("worktrees/w/commondir"), b"../..\n", 0o644).unwrap();
        fs::create_dir_all(&root.path().join("w")).unwrap();
        let pointer = format!("gitdir: {}\n", main.join("worktrees/w").display());
        fs::write_new(&root.path().join("w/.git"), pointer.as_bytes(), 0o644).unwrap();
        exclude(&root.path().join("w")).unwrap();
        assert!(fs::stat(&main.join("info/exclude")).unwrap().is_some());
    }
}

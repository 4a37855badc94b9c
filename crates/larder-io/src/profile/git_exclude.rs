//! Telling git that what larder makes is not to be committed.

use std::path::{Path, PathBuf};

use crate::fs::{self, Durability, FsError, Kind, PathState};

use super::ProfileError;

/// Without a trailing slash: `node_modules/` does not match a link.
const LINES: [&str; 3] = [".larder", "node_modules", ".venv"];

/// The file of patterns that only this clone of a repository ignores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ExcludeFile {
    /// This file, there or not.
    File(PathBuf),
    /// There is no repository.
    NoRepository,
    /// A place that does not know this checkout: a clone can bring a `.git` that leads anywhere.
    Elsewhere(PathBuf),
}

/// Adds larder's lines to `.git/info/exclude` of the repository that `root` is in, where they are missing. Without a
/// repository nothing happens. Returns what a user should hear about.
pub fn exclude_from_git(root: &Path) -> Result<Option<String>, ProfileError> {
    match file(root)? {
        ExcludeFile::NoRepository => Ok(None),
        ExcludeFile::File(file) => {
            if let Some(info) = file.parent() {
                fs::create_dir_all(info)?;
            }
            add_ignore_lines(&file)?;
            Ok(None)
        }
        ExcludeFile::Elsewhere(git) => Ok(Some(format!(
            "`{}` leads to a folder that does not lead back to this checkout, so nothing was written there: add {} to .gitignore",
            git.display(),
            LINES.join(", ")
        ))),
    }
}

/// Finds the file of patterns that only this clone of a repository ignores.
pub(super) fn file(root: &Path) -> Result<ExcludeFile, ProfileError> {
    for folder in root.ancestors() {
        let git = folder.join(".git");
        let Some(stat) = fs::lstat(&git)? else { continue };
        let own = match stat.kind {
            Kind::Folder => Some(git.clone()),
            Kind::File => shared_folder(folder, &git)?,
            Kind::Symlink | Kind::Other => None,
        };
        let Some(own) = own else { return Ok(ExcludeFile::Elsewhere(git)) };
        let file = own.join("info/exclude");
        let is_plain = !matches!(fs::inspect_below(&own, Path::new("info"))?, PathState::Blocked { .. })
            && fs::lstat(&file)?.is_none_or(|stat| stat.kind == Kind::File);
        return Ok(if is_plain { ExcludeFile::File(file) } else { ExcludeFile::Elsewhere(own) });
    }
    Ok(ExcludeFile::NoRepository)
}

/// Adds larder's lines to a file of patterns that git ignores, where they are missing.
pub fn add_ignore_lines(file: &Path) -> Result<(), FsError> {
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

/// Returns the folder of the repository that the file `git` in `folder` names, where that knows the folder: a worktree's
/// own folder has the way back in `gitdir`, and a submodule's in its configuration. Other places are not looked into.
fn shared_folder(folder: &Path, git: &Path) -> Result<Option<PathBuf>, ProfileError> {
    let text = fs::read_record(git)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let Some(own) = text.trim().strip_prefix("gitdir:") else { return Ok(None) };
    let own = folder.join(own.trim());
    let is_same = |path: &Path, other: &Path| {
        let real = |path: &Path| fs::canonicalize(path).ok();
        real(path).is_some_and(|path| Some(path) == real(other))
    };
    let read = |name: &str| {
        let bytes = fs::read_record(&own.join(name)).ok().flatten().unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    };
    if own.parent().is_some_and(|above| above.ends_with("worktrees")) {
        if !is_same(&own.join(read("gitdir").trim()), git) {
            return Ok(None);
        }
        let shared = read("commondir");
        return Ok(Some(if shared.trim().is_empty() { own } else { own.join(shared.trim()) }));
    }
    let mut parts = own.components().skip_while(|part| part.as_os_str() != ".git");
    if !parts.any(|part| part.as_os_str() == "modules") {
        return Ok(None);
    }
    let config = read("config");
    let back = config.lines().filter_map(|line| line.trim().strip_prefix("worktree")?.trim().strip_prefix('='));
    let knows = back.map(|back| own.join(back.trim().trim_matches('"'))).any(|back| is_same(&back, folder));
    Ok(knows.then_some(own))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_added_once_and_others_stay() {
        let root = tempfile::tempdir().unwrap();
        exclude_from_git(root.path()).unwrap();
        fs::create_dir_all(&root.path().join(".git/info")).unwrap();
        fs::write_new(&root.path().join(".git/info/exclude"), b"# mine\n\xE9\n/.venv", 0o644).unwrap();
        for _ in 0..2 {
            exclude_from_git(root.path()).unwrap();
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
        let git = root.path().join("w/.git");
        fs::write_new(&git, pointer.as_bytes(), 0o644).unwrap();
        // A worktree of another folder is none of this one.
        assert!(exclude_from_git(&root.path().join("w")).unwrap().unwrap().contains("leads to a folder"));
        assert!(fs::stat(&main.join("info")).unwrap().is_none());
        fs::write_new(&main.join("worktrees/w/gitdir"), git.display().to_string().as_bytes(), 0o644).unwrap();
        assert_eq!(exclude_from_git(&root.path().join("w")).unwrap(), None);
        assert!(fs::stat(&main.join("info/exclude")).unwrap().is_some());
    }

    #[test]
    fn a_submodule_has_its_own_file_in_the_repository_above() {
        let root = tempfile::tempdir().unwrap();
        let (module, sub) = (root.path().join(".git/modules/sub"), root.path().join("libs/sub"));
        fs::create_dir_all(&module).unwrap();
        fs::create_dir_all(&sub).unwrap();
        fs::write_new(&sub.join(".git"), b"gitdir: ../../.git/modules/sub\n", 0o644).unwrap();
        fs::write_new(&module.join("config"), b"[core]\n\tbare = false\n\tworktree = ../../../libs/sub\n", 0o644)
            .unwrap();
        assert_eq!(exclude_from_git(&sub).unwrap(), None);
        assert!(fs::stat(&module.join("info/exclude")).unwrap().is_some());
    }

    #[test]
    fn nothing_is_written_where_a_clones_git_leads() {
        let root = tempfile::tempdir().unwrap();
        let (victim, clone) = (root.path().join("victim/.git"), root.path().join("clone"));
        fs::create_dir_all(&victim).unwrap();
        fs::create_dir_all(&clone).unwrap();
        let git = clone.join(".git");
        let check = || {
            assert!(exclude_from_git(&clone).unwrap().is_some());
            assert!(fs::stat(&victim.join("info")).unwrap().is_none());
            fs::remove_tree(&git).unwrap();
        };
        fs::write_new(&git, format!("gitdir: {}\n", victim.display()).as_bytes(), 0o644).unwrap();
        check();
        fs::symlink(&victim, &git).unwrap();
        check();
        fs::create_dir(&git).unwrap();
        fs::symlink(&victim, &git.join("info")).unwrap();
        check();
        fs::create_dir_all(&git.join("info")).unwrap();
        fs::symlink(&victim.join("exclude"), &git.join("info/exclude")).unwrap();
        check();
    }
}

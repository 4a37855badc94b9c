//! The repositories in the cache: a bare one for each remote, which holds the commits that were asked for.

use std::path::{Path, PathBuf};

use super::error::GitError;
use super::program::GitProgram;
use crate::fs::{self, FileLock, Kind};
use crate::model::{Commit, GitReference, GitUrl};

/// The repositories in the cache.
#[derive(Debug)]
pub(super) struct Repositories {
    folder: PathBuf,
}

/// As deep as a history can be.
const WHOLE_HISTORY: &str = "--depth=2147483647";

impl Repositories {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Returns the repository of a remote that has a commit, which is fetched if it is not there. `reference` is where the commit
    /// was found.
    pub(super) fn with(
        &self,
        program: &GitProgram,
        url: &GitUrl,
        (commit, reference): (&Commit, &GitReference),
    ) -> Result<PathBuf, GitError> {
        let repository = self.folder.join(name(url));
        if fs::stat(&repository)?.is_some() && has(program, url, &repository, commit) {
            return Ok(repository);
        }
        if program.is_offline() {
            return Err(GitError::Offline { url: url.to_string(), what: format!("commit {}", commit.short()) });
        }
        fs::create_dir_all(&self.folder)?;
        let lock = FileLock::acquire(&self.folder.join(format!("{}.lock", name(url))), || {})?;
        if fs::stat(&repository)?.is_none() {
            self.create(program, url, &repository)?;
        } else {
            remove_locks(&repository, 6)?;
        }
        // Another process may have fetched it while this one waited.
        let fetched = has(program, url, &repository, commit) || fetch(program, url, &repository, (commit, reference))?;
        drop(lock);
        if fetched { Ok(repository) } else { Err(GitError::NoCommit { url: url.to_string(), commit: commit.clone() }) }
    }

    /// Returns the commit that an abbreviation stands for, if there is one and only one.
    pub(super) fn abbreviated(
        &self,
        program: &GitProgram,
        url: &GitUrl,
        digits: &str,
    ) -> Result<Option<Commit>, GitError> {
        self.with_history(program, url, None, |repository| {
            let name = format!("{digits}^{{commit}}");
            let parsed = program.run(url, Some(repository), &["rev-parse", "--verify", "--quiet", &name]);
            Ok(parsed.ok().and_then(|text| String::from_utf8_lossy(&text).trim().parse().ok()))
        })
    }

    /// Looks at all commits and tags of a remote, in a repository that is gone afterwards. `commit` is there as well, whether or not a
    /// branch has it.
    pub(super) fn with_history<T>(
        &self,
        program: &GitProgram,
        url: &GitUrl,
        commit: Option<&Commit>,
        look: impl FnOnce(&Path) -> Result<T, GitError>,
    ) -> Result<T, GitError> {
        fs::create_dir_all(&self.folder)?;
        let repository = self.folder.join(format!(".{}.tmp", fs::random_name()));
        let found = self.create(program, url, &repository).and_then(|()| {
            // Commits are enough.
            let all = ["+refs/heads/*:refs/larder/heads/*", "+refs/tags/*:refs/tags/*"];
            program.run(url, Some(&repository), &[&*fetching(url, &["--filter=tree:0"]), &all].concat())?;
            if let Some(commit) = commit {
                fetch_into_history(program, url, &repository, commit)?;
            }
            look(&repository)
        });
        fs::remove_tree(&repository)?;
        found
    }

    /// Creates a repository beside its place and moves it there, so that it is whole or not there.
    fn create(&self, program: &GitProgram, url: &GitUrl, repository: &Path) -> Result<(), GitError> {
        let new = self.folder.join(format!(".{}.tmp", fs::random_name()));
        fs::create_dir(&new)?;
        let made = program.run(url, Some(&new), &["init", "--quiet", "--bare", "--template=", "."]).map(drop);
        let made = made.and_then(|()| Ok(fs::rename(&new, repository)?));
        if made.is_err() {
            fs::remove_tree(&new)?;
        }
        made
    }
}

/// Fetches a commit that no branch and no tag has: the head of a request to merge. Not every server gives it by its name alone.
fn fetch_into_history(program: &GitProgram, url: &GitUrl, repository: &Path, commit: &Commit) -> Result<(), GitError> {
    let is_there = |commit: &Commit| {
        program.run(url, Some(repository), &["cat-file", "-e", &format!("{commit}^{{commit}}")]).is_ok()
    };
    if is_there(commit) {
        return Ok(());
    }
    let wanted = format!("+{commit}:refs/larder/{commit}");
    let fetched = program.run(url, Some(repository), &[&*fetching(url, &["--filter=tree:0"]), &[&*wanted]].concat());
    match fetched {
        Ok(_) if is_there(commit) => Ok(()),
        Ok(_) | Err(GitError::Failed { .. }) => {
            Err(GitError::NoCommit { url: url.to_string(), commit: commit.clone() })
        }
        Err(error) => Err(error),
    }
}

/// Fetches a commit: by its own name, else by the name under which it was found, else with everything that the remote has. Returns
/// whether it is there.
fn fetch(
    program: &GitProgram,
    url: &GitUrl,
    repository: &Path,
    (commit, reference): (&Commit, &GitReference),
) -> Result<bool, GitError> {
    let kept = format!("refs/larder/{commit}");
    let mut names = names(reference);
    // A reference is given by every server, and a commit by most.
    let by_name = !names.is_empty();
    names.insert(usize::from(by_name), commit.to_string());
    for name in names {
        let wanted = format!("+{name}:{kept}");
        let mut arguments = fetching(url, &["--depth=1"]);
        arguments.push(&wanted);
        match program.run(url, Some(repository), &arguments) {
            Ok(_) if has(program, url, repository, commit) => return Ok(true),
            Err(stopped @ GitError::Stopped { .. }) => return Err(stopped),
            // It has moved, or the server gives nothing by that name.
            Ok(_) | Err(_) => {}
        }
    }
    let mut arguments = fetching(url, &[WHOLE_HISTORY]);
    arguments.extend(["+refs/heads/*:refs/larder/heads/*", "+refs/tags/*:refs/larder/tags/*"]);
    program.run(url, Some(repository), &arguments)?;
    if !has(program, url, repository, commit) {
        return Ok(false);
    }
    program.run(url, Some(repository), &["update-ref", &kept, commit.as_str()])?;
    Ok(true)
}

/// Returns the names by which a remote may call what a reference stands for, the likeliest first.
fn names(reference: &GitReference) -> Vec<String> {
    match reference {
        GitReference::Head => vec!["HEAD".to_owned()],
        GitReference::Branch(name) => vec![format!("refs/heads/{name}")],
        GitReference::Tag(name) => vec![format!("refs/tags/{name}")],
        GitReference::Rev(name) if name.as_str().parse::<Commit>().is_err() => {
            vec![format!("refs/tags/{name}"), format!("refs/heads/{name}")]
        }
        GitReference::Rev(_) | GitReference::Range(_) => Vec::new(),
    }
}

fn fetching<'a>(url: &'a GitUrl, options: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec!["fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--force"];
    arguments.extend(options);
    arguments.extend(["--", url.as_str()]);
    arguments
}

/// Returns whether a repository has a commit with all that belongs to it.
fn has(program: &GitProgram, url: &GitUrl, repository: &Path, commit: &Commit) -> bool {
    let kept = format!("refs/larder/{commit}^{{tree}}");
    program.run(url, Some(repository), &["cat-file", "-e", &kept]).is_ok()
        && program
            .run(
                url,
                Some(repository),
                &["rev-parse", "--verify", "--quiet", &format!("refs/larder/{commit}^{{commit}}")],
            )
            .is_ok_and(|found| String::from_utf8_lossy(&found).trim() == commit.as_str())
}

/// Removes what a killed git left: files that would keep the next one from writing, and half a pack.
fn remove_locks(folder: &Path, depth: usize) -> Result<(), GitError> {
    for entry in fs::read_dir(folder)? {
        let path = folder.join(&entry.path);
        let name = entry.path.as_os_str().as_encoded_bytes();
        match entry.kind {
            Kind::Folder if depth > 0 && name.len() != 2 => remove_locks(&path, depth - 1)?,
            Kind::File if name.ends_with(b".lock") || name.starts_with(b"tmp_") => fs::remove_file(&path)?,
            _ => {}
        }
    }
    Ok(())
}

/// Returns the name of a remote's repository: the last part of its URL, to be recognised, and a digest.
fn name(url: &GitUrl) -> String {
    let last = url.as_str().rsplit('/').next().unwrap_or_default().trim_end_matches(".git");
    let plain: String = last.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).take(40).collect();
    let hash = blake3::hash(url.as_str().as_bytes()).to_hex();
    format!("{plain}-{}", &hash[..20])
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};
    use std::process::{Child, Command, Stdio};
    use std::time::Duration;

    use super::*;
    use crate::git::GitOptions;

    struct Daemon(Child);

    impl Drop for Daemon {
        fn drop(&mut self) {
            let _ = self.0.kill();
            let _ = self.0.wait();
        }
    }

    fn git(folder: &Path, arguments: &[&str]) -> String {
        let who = ["-c", "user.name=a", "-c", "user.email=a@b.c", "-c", "commit.gpgsign=false"];
        let output = Command::new("git").args(who).args(arguments).current_dir(folder).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    #[test]
    fn the_history_of_a_commit_that_no_branch_has_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let served = folder.path().join("a");
        std::fs::create_dir(&served).unwrap();
        git(&served, &["init", "--quiet", "."]);
        git(&served, &["commit", "--quiet", "--allow-empty", "-m", "one"]);
        git(&served, &["tag", "v1"]);
        git(&served, &["commit", "--quiet", "--allow-empty", "-m", "two"]);
        let commit: Commit = git(&served, &["rev-parse", "HEAD"]).parse().unwrap();
        git(&served, &["update-ref", "refs/pull/1/head", "HEAD"]);
        git(&served, &["reset", "--quiet", "--hard", "HEAD~1"]);
        for setting in ["uploadpack.allowAnySHA1InWant", "uploadpack.allowFilter"] {
            git(&served, &["config", setting, "true"]);
        }
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let mut command = Command::new("git");
        command.args(["daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1", &format!("--port={port}")]);
        command.arg(format!("--base-path={}", folder.path().display())).arg(folder.path());
        let _daemon = Daemon(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap());
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            std::thread::sleep(Duration::from_millis(20));
        }
        let url: GitUrl = format!("git://127.0.0.1:{port}/a").parse().unwrap();
        let path = std::env::var_os("PATH").unwrap();
        let program = std::env::split_paths(&path).map(|one| one.join("git")).find(|one| one.is_file());
        let variables = [("PATH".into(), path)].into();
        let program = GitProgram::new(GitOptions { program, variables, offline: false });
        let repositories = Repositories::new(folder.path().join("cache"));
        let described = |commit: &Commit| {
            repositories.with_history(&program, &url, Some(commit), |repository| {
                program.run(&url, Some(repository), &["describe", "--tags", "--long", commit.as_str()])
            })
        };
        assert!(described(&commit).unwrap().starts_with(b"v1-1-g"));
        let gone: Commit = "0123456789012345678901234567890123456789".parse().unwrap();
        assert!(matches!(described(&gone), Err(GitError::NoCommit { .. })));
    }
}

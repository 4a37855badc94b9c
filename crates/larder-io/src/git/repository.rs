//! The repositories in the cache: a bare one for each remote, which holds the commits that were asked for.

use std::path::{Path, PathBuf};

use super::error::GitError;
use super::program::Program;
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
        program: &Program,
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
        program: &Program,
        url: &GitUrl,
        digits: &str,
    ) -> Result<Option<Commit>, GitError> {
        self.with_history(program, url, |repository| {
            let name = format!("{digits}^{{commit}}");
            let parsed = program.run(url, Some(repository), &["rev-parse", "--verify", "--quiet", &name]);
            Ok(parsed.ok().and_then(|text| String::from_utf8_lossy(&text).trim().parse().ok()))
        })
    }

    /// Looks at all commits and tags of a remote, in a repository that is gone afterwards.
    pub(super) fn with_history<T>(
        &self,
        program: &Program,
        url: &GitUrl,
        look: impl FnOnce(&Path) -> Result<T, GitError>,
    ) -> Result<T, GitError> {
        fs::create_dir_all(&self.folder)?;
        let repository = self.folder.join(format!(".{}.tmp", fs::random_name()));
        let found = self.create(program, url, &repository).and_then(|()| {
            // Commits are enough.
            let mut arguments = fetching(url, &["--filter=tree:0"]);
            arguments.extend(["+refs/heads/*:refs/larder/heads/*", "+refs/tags/*:refs/tags/*"]);
            program.run(url, Some(&repository), &arguments)?;
            look(&repository)
        });
        fs::remove_tree(&repository)?;
        found
    }

    /// Creates a repository beside its place and moves it there, so that it is whole or not there.
    fn create(&self, program: &Program, url: &GitUrl, repository: &Path) -> Result<(), GitError> {
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

/// Fetches a commit: by its own name, else by the name under which it was found, else with everything that the remote has. Returns
/// whether it is there.
fn fetch(
    program: &Program,
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
fn has(program: &Program, url: &GitUrl, repository: &Path, commit: &Commit) -> bool {
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

//! The files of a commit, read as objects: nothing is checked out.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::PathBuf;

use super::error::GitError;
use super::program::GitProgram;
use super::repository::Repositories;
use crate::model::{Commit, GitReference, GitUrl, Subdirectory};

/// The files of a commit below a folder, sorted by path.
#[derive(Debug)]
pub struct GitTree<'g> {
    pub(super) program: &'g GitProgram,
    pub(super) url: GitUrl,
    pub(super) commit: Commit,
    files: Vec<GitFile>,
    /// The repositories that the files are in, with their URLs.
    pub(super) repositories: Vec<(PathBuf, GitUrl)>,
}

/// A file of a commit.
#[derive(Clone, Debug)]
pub struct GitFile {
    /// The path, below the folder that was asked for.
    pub path: String,
    /// What it is.
    pub kind: GitFileKind,
    /// Its size in bytes.
    pub size: u64,
    /// The name of its content among the repository's objects.
    pub(super) object: String,
    /// The index of its repository.
    pub(super) repository: usize,
}

/// What a file of a commit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GitFileKind {
    /// A file.
    Plain,
    /// A file with an executable bit.
    Executable,
    /// A symbolic link, whose content is its target.
    Link,
}

/// The most files.
const MOST_FILES: usize = 500_000;
/// The most bytes of one file.
const LARGEST_FILE: u64 = 2 << 30;
/// The most bytes of all files.
const LARGEST_TREE: u64 = 8 << 30;
/// How deep submodules may lie in submodules, and how many there may be.
const DEEPEST: usize = 8;
const MOST_SUBMODULES: usize = 200;

/// Lists the files of a commit, with those of its submodules.
pub(super) fn read<'g>(
    program: &'g GitProgram,
    repositories: &Repositories,
    url: &GitUrl,
    (commit, reference): (&Commit, &GitReference),
    subdirectory: Option<&Subdirectory>,
) -> Result<GitTree<'g>, GitError> {
    let mut tree =
        GitTree { program, url: url.clone(), commit: commit.clone(), files: Vec::new(), repositories: Vec::new() };
    let below = subdirectory.map(|folder| format!("{folder}/")).unwrap_or_default();
    let place = CommitInTree { url: url.clone(), commit: commit.clone(), prefix: String::new(), depth: 0 };
    tree.add(repositories, &place, reference, &below)?;
    if let Some(folder) = subdirectory.filter(|_| tree.files.is_empty()) {
        let (url, commit, folder) = (url.to_string(), commit.clone(), folder.to_string());
        return Err(GitError::NoFolder { url, commit, folder });
    }
    tree.files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(tree)
}

/// A commit whose files lie below a folder of the tree.
struct CommitInTree {
    url: GitUrl,
    commit: Commit,
    /// The folder, with a `/` at its end; empty for the tree's own.
    prefix: String,
    depth: usize,
}

impl GitTree<'_> {
    /// Returns the files.
    pub fn files(&self) -> &[GitFile] {
        &self.files
    }

    /// Returns the commit.
    pub fn commit(&self) -> &Commit {
        &self.commit
    }

    /// Returns the content of a small file. Returns `None` if there is no such file, or it is a link or too large.
    pub fn read(&self, path: &str, most: u64) -> Result<Option<Vec<u8>>, GitError> {
        let found = self.files.binary_search_by(|file| file.path.as_str().cmp(path)).ok();
        let Some(file) = found.map(|at| &self.files[at]).filter(|file| file.size <= most) else { return Ok(None) };
        if file.kind == GitFileKind::Link {
            return Ok(None);
        }
        let (repository, url) = &self.repositories[file.repository];
        let mut objects = self.program.objects(url, repository)?;
        let mut content = Vec::new();
        let read =
            objects.ask(&file.object).and_then(|size| (&mut objects.output).take(size).read_to_end(&mut content));
        read.map_err(|error| self.broken(&error))?;
        Ok(Some(content))
    }

    /// Returns an error about a file of the commit.
    pub(super) fn refused(&self, path: &str, reason: impl Into<String>) -> GitError {
        let (url, commit) = (self.url.to_string(), self.commit.clone());
        GitError::Refused { url, commit, path: path.to_owned(), reason: reason.into() }
    }

    pub(super) fn broken(&self, error: &io::Error) -> GitError {
        GitError::Failed { url: self.url.to_string(), reason: format!("its objects cannot be read: {error}") }
    }

    /// Adds the files of a commit whose full paths begin with `below`, which is cut off.
    fn add(
        &mut self,
        repositories: &Repositories,
        place: &CommitInTree,
        reference: &GitReference,
        below: &str,
    ) -> Result<(), GitError> {
        if self.repositories.len() > MOST_SUBMODULES || place.depth > DEEPEST {
            return Err(self.refused(&place.prefix, "has more submodules than anything real has"));
        }
        let repository = repositories.with(self.program, &place.url, (&place.commit, reference))?;
        let index = self.repositories.len();
        self.repositories.push((repository.clone(), place.url.clone()));
        let run = |arguments: &[&str]| self.program.run(&place.url, Some(&repository), arguments);
        let listed = run(&["ls-tree", "-r", "-z", "-l", "--full-tree", place.commit.as_str()])?;
        let mut links = Vec::new();
        for line in listed.split(|byte| *byte == 0).filter(|line| !line.is_empty()) {
            let Ok(line) = std::str::from_utf8(line) else {
                return Err(self.refused(&String::from_utf8_lossy(line), "is a path that is no UTF-8"));
            };
            let Some((about, path)) = line.split_once('\t') else { continue };
            let full = format!("{}{path}", place.prefix);
            let mut words = about.split_ascii_whitespace();
            let (mode, _, object, size) = (words.next(), words.next(), words.next(), words.next());
            let (Some(mode), Some(object)) = (mode, object) else { continue };
            let lies_below = full.strip_prefix(below).filter(|rest| !rest.is_empty());
            let kind = match mode {
                "160000" if lies_below.is_some() || below.starts_with(&format!("{full}/")) => {
                    links.push((path.to_owned(), object.to_owned()));
                    continue;
                }
                "160000" => continue,
                "120000" => GitFileKind::Link,
                "100755" => GitFileKind::Executable,
                _ => GitFileKind::Plain,
            };
            let Some(path) = lies_below else { continue };
            let size = size.and_then(|size| size.parse().ok()).unwrap_or(0);
            let (path, object) = (path.to_owned(), object.to_owned());
            self.files.push(GitFile { path, kind, size, object, repository: index });
        }
        self.check_size()?;
        if links.is_empty() {
            return Ok(());
        }
        let stated =
            run(&["config", "--blob", &format!("{}:.gitmodules", place.commit), "-z", "--list"]).unwrap_or_default();
        let urls = submodules(&String::from_utf8_lossy(&stated));
        for (path, object) in links {
            // One that no .gitmodules names is an empty folder, as git leaves it.
            let Some(url) = urls.get(&path) else { continue };
            let full = format!("{}{path}", place.prefix);
            let url = submodule_url(&place.url, url).map_err(|reason| self.refused(&full, reason))?;
            let commit: Commit = object.parse().map_err(|_| self.refused(&full, "is no commit"))?;
            let inner = CommitInTree { url, commit, prefix: format!("{full}/"), depth: place.depth + 1 };
            self.add(repositories, &inner, &GitReference::Head, below)?;
        }
        Ok(())
    }

    fn check_size(&self) -> Result<(), GitError> {
        if self.files.len() > MOST_FILES {
            return Err(self.refused("", format!("has more than {MOST_FILES} files")));
        }
        if let Some(large) = self.files.iter().find(|file| file.size > LARGEST_FILE) {
            return Err(self.refused(&large.path, format!("has more than {LARGEST_FILE} bytes")));
        }
        if self.files.iter().map(|file| file.size).sum::<u64>() > LARGEST_TREE {
            return Err(self.refused("", format!("has more than {LARGEST_TREE} bytes")));
        }
        Ok(())
    }
}

/// Reads `git config -z --list` of a .gitmodules: the URLs of submodules, by path.
fn submodules(text: &str) -> BTreeMap<String, String> {
    let mut found: BTreeMap<&str, (Option<&str>, Option<&str>)> = BTreeMap::new();
    for entry in text.split('\0') {
        let Some((key, value)) = entry.split_once('\n') else { continue };
        let Some((name, field)) = key.strip_prefix("submodule.").and_then(|rest| rest.rsplit_once('.')) else {
            continue;
        };
        let known = found.entry(name).or_default();
        match field {
            "path" => known.0 = Some(value),
            "url" => known.1 = Some(value),
            _ => {}
        }
    }
    let whole = found.into_values().filter_map(|(path, url)| Some((path?.to_owned(), url?.to_owned())));
    whole.collect()
}

/// Returns the URL of a submodule: a relative one is relative to the repository's own.
fn submodule_url(parent: &GitUrl, url: &str) -> Result<GitUrl, String> {
    let absolute = if url.starts_with("./") || url.starts_with("../") {
        let (mut base, mut rest) = (parent.as_str(), url);
        loop {
            if let Some(next) = rest.strip_prefix("./") {
                rest = next;
            } else if let Some(next) = rest.strip_prefix("../") {
                let host_ends = base.find("://").map_or(0, |at| at + 3);
                let (above, _) =
                    base[host_ends..].rsplit_once('/').ok_or("is a submodule whose URL leaves its host")?;
                (base, rest) = (&base[..host_ends + above.len()], next);
            } else {
                break format!("{base}/{rest}");
            }
        }
    } else {
        url.to_owned()
    };
    absolute.parse().map_err(|error| format!("is a submodule whose URL {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_submodules_lie_beside_their_repository() {
        let parent: GitUrl = "https://h/acme/tools.git".parse().unwrap();
        let resolved = |url: &str| submodule_url(&parent, url).map(|url| url.to_string());
        assert_eq!(resolved("../core.git").as_deref(), Ok("https://h/acme/core.git"));
        assert_eq!(resolved("../../other/core.git").as_deref(), Ok("https://h/other/core.git"));
        assert_eq!(resolved("./core").as_deref(), Ok("https://h/acme/tools.git/core"));
        assert_eq!(resolved("https://x/y.git").as_deref(), Ok("https://x/y.git"));
        for refused in ["../../../../x", "file:///etc", "ext::sh -c x", "/srv/x", "--upload-pack=x", "http://h/x"] {
            assert!(resolved(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn submodules_are_found_by_their_paths() {
        let text = "core.x\ny\0submodule.a.b.path\nlib/a\0submodule.a.b.url\n../a.git\0submodule.c.path\nc\0";
        let found = submodules(text);
        assert_eq!(found.into_iter().collect::<Vec<_>>(), [("lib/a".to_owned(), "../a.git".to_owned())]);
    }
}

//! How far a commit is from a tag: what tools make versions of.

use std::path::Path;

use super::error::GitError;
use super::program::Program;
use super::repository::Repositories;
use crate::import::DescribedCommit;
use crate::model::{Commit, GitUrl};

/// Describes a commit by the tags that a glob matches. All tags and commits of the remote are fetched for that, and kept no longer.
pub(super) fn describe(
    program: &Program,
    repositories: &Repositories,
    url: &GitUrl,
    commit: &Commit,
    pattern: &str,
) -> Result<DescribedCommit, GitError> {
    if program.is_offline() {
        let what = format!("history of commit {}", commit.short());
        return Err(GitError::Offline { url: url.to_string(), what });
    }
    repositories.with_history(program, url, |repository| of_history(program, url, repository, commit, pattern))
}

fn of_history(
    program: &Program,
    url: &GitUrl,
    repository: &Path,
    commit: &Commit,
    pattern: &str,
) -> Result<DescribedCommit, GitError> {
    let run = |arguments: &[&str]| {
        let output = program.run(url, Some(repository), arguments)?;
        Ok::<_, GitError>(String::from_utf8_lossy(&output).trim().to_owned())
    };
    let matching = format!("--match={pattern}");
    let described = run(&["describe", "--tags", "--long", "--abbrev=40", &matching, commit.as_str()]);
    if let Some(found) = described.ok().as_deref().and_then(parse) {
        return Ok(found);
    }
    // One that no branch and no tag has is not there.
    let distance = run(&["rev-list", "--count", commit.as_str()])?.parse().unwrap_or(0);
    Ok(DescribedCommit { tag: None, distance, id: commit.to_string() })
}

/// Reads `v1.2.3-5-g0123abc`.
fn parse(text: &str) -> Option<DescribedCommit> {
    let (rest, id) = text.rsplit_once("-g")?;
    let (tag, distance) = rest.rsplit_once('-')?;
    Some(DescribedCommit { tag: Some(tag.to_owned()), distance: distance.parse().ok()?, id: id.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_description_ends_with_the_distance_and_the_commit() {
        let found = parse("pkg-v1.2-rc-1-15-g0123abc").unwrap();
        assert_eq!((found.tag.as_deref(), found.distance, &*found.id), (Some("pkg-v1.2-rc-1"), 15, "0123abc"));
        assert_eq!(parse("v1"), None);
    }
}

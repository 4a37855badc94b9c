//! How far a commit is from a tag: what tools make versions of.

use std::path::Path;

use super::error::GitError;
use super::program::GitProgram;
use super::repository::Repositories;
use crate::import::DescribedCommit;
use crate::model::{Commit, GitUrl};

/// Describes a commit by the tags that a glob matches. All tags and commits of the remote are fetched for that, and kept no longer.
pub(super) fn describe(
    program: &GitProgram,
    repositories: &Repositories,
    url: &GitUrl,
    commit: &Commit,
    pattern: &str,
) -> Result<DescribedCommit, GitError> {
    if program.is_offline() {
        let what = format!("history of commit {}", commit.short());
        return Err(GitError::Offline { url: url.to_string(), what });
    }
    repositories
        .with_history(program, url, Some(commit), |repository| of_history(program, url, repository, commit, pattern))
}

fn of_history(
    program: &GitProgram,
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
    let unreadable = |said: &str| GitError::Failed { url: url.to_string(), reason: format!("it says `{said}`") };
    match run(&["describe", "--tags", "--long", "--abbrev=40", &matching, commit.as_str()]) {
        Ok(text) => return parse(&text).ok_or_else(|| unreadable(&text)),
        Err(GitError::Failed { reason, .. }) if says_no_tag(&reason) => {}
        Err(error) => return Err(error),
    }
    let count = run(&["rev-list", "--count", commit.as_str()])?;
    let distance = count.parse().map_err(|_| unreadable(&count))?;
    Ok(DescribedCommit { tag: None, distance, id: commit.to_string() })
}

/// Returns whether git failed because no tag matches, and for no other reason.
fn says_no_tag(reason: &str) -> bool {
    ["No names found", "No tags can describe"].iter().any(|said| reason.contains(said))
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

    #[test]
    fn only_what_git_says_of_tags_is_no_tag() {
        assert!(says_no_tag("fatal: No names found, cannot describe anything."));
        assert!(says_no_tag("fatal: No tags can describe '0123'.; Try --always, or create some tags."));
        assert!(!says_no_tag("fatal: bad object 0123"));
        assert!(!says_no_tag("it says nothing"));
    }
}

//! Which commit a branch, a tag, an abbreviated commit or a range of versions stands for, by the word of the remote.

use super::error::GitError;
use super::program::GitProgram;
use super::repository::Repositories;
use crate::model::{Commit, GitName, GitReference, GitUrl, NpmRange, parse_npm_version};

/// Returns the commit that a reference stands for now.
pub(super) fn resolve(
    program: &GitProgram,
    repositories: &Repositories,
    url: &GitUrl,
    reference: &GitReference,
) -> Result<Commit, GitError> {
    if let GitReference::Rev(name) = reference
        && let Ok(commit) = name.as_str().parse::<Commit>()
    {
        return Ok(commit);
    }
    if program.is_offline() {
        return Err(GitError::Offline { url: url.to_string(), what: described(reference) });
    }
    let found = match reference {
        GitReference::Head => list(program, url, &["HEAD"])?.commit("HEAD"),
        GitReference::Branch(name) => {
            let name = format!("refs/heads/{name}");
            list(program, url, &[&name])?.commit(&name)
        }
        GitReference::Tag(name) => {
            let name = format!("refs/tags/{name}");
            list(program, url, &[&name, &format!("{name}^{{}}")])?.commit(&name)
        }
        GitReference::Rev(name) => of_rev(program, repositories, url, name)?,
        GitReference::Range(range) => list(program, url, &["refs/tags/*"])?.highest(range),
    };
    found.ok_or_else(|| GitError::NoReference { url: url.to_string(), what: described(reference) })
}

/// Returns what messages call a reference.
fn described(reference: &GitReference) -> String {
    match reference.parts() {
        None => "default branch".to_owned(),
        Some(("rev", name)) => format!("commit, tag or branch `{name}`"),
        Some(("range", range)) => format!("tag whose version `{range}` admits"),
        Some((kind, name)) => format!("{kind} `{name}`"),
    }
}

/// Looks for a tag, then for a branch, then for an abbreviated commit.
fn of_rev(
    program: &GitProgram,
    repositories: &Repositories,
    url: &GitUrl,
    name: &GitName,
) -> Result<Option<Commit>, GitError> {
    let (tag, branch) = (format!("refs/tags/{name}"), format!("refs/heads/{name}"));
    let listed = list(program, url, &[&tag, &format!("{tag}^{{}}"), &branch])?;
    if let Some(commit) = listed.commit(&tag).or_else(|| listed.commit(&branch)) {
        return Ok(Some(commit));
    }
    let digits = name.as_str();
    let is_abbreviated = (4..40).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_abbreviated { repositories.abbreviated(program, url, digits) } else { Ok(None) }
}

/// What a remote lists: commits and the names of their references.
struct Listing(Vec<(Commit, String)>);

fn list(program: &GitProgram, url: &GitUrl, patterns: &[&str]) -> Result<Listing, GitError> {
    let mut arguments = vec!["ls-remote", "--quiet", "--", url.as_str()];
    arguments.extend(patterns);
    let output = program.run(url, None, &arguments)?;
    let text = String::from_utf8_lossy(&output);
    let lines = text.lines().filter_map(|line| line.split_once('\t'));
    Ok(Listing(lines.filter_map(|(commit, name)| Some((commit.parse().ok()?, name.to_owned()))).collect()))
}

impl Listing {
    /// Returns the commit of a reference: of a tag that is an object of its own, what it points at.
    fn commit(&self, name: &str) -> Option<Commit> {
        let find = |wanted: &str| self.0.iter().find(|(_, name)| name == wanted).map(|(commit, _)| commit.clone());
        find(&format!("{name}^{{}}")).or_else(|| find(name))
    }

    /// Returns the commit of the tag with the highest version of a range.
    fn highest(&self, range: &str) -> Option<Commit> {
        let range: NpmRange = range.parse().ok()?;
        let version = |name: &str| {
            let tag = name.strip_prefix("refs/tags/")?;
            parse_npm_version(tag.strip_prefix('v').unwrap_or(tag)).filter(|version| range.matches(version))
        };
        let versions = self.0.iter().filter_map(|(_, name)| Some((version(name)?, name)));
        let (_, name) = versions.max_by(|(a, name), (b, other)| a.cmp(b).then_with(|| other.cmp(name)))?;
        self.commit(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(names: &[&str]) -> Listing {
        let commit = |digit: usize| format!("{digit:040x}").parse().unwrap();
        Listing(names.iter().enumerate().map(|(place, name)| (commit(place), (*name).to_owned())).collect())
    }

    #[test]
    fn a_tag_stands_for_what_it_points_at() {
        let listed = listing(&["refs/tags/v1", "refs/tags/v1^{}", "refs/heads/v1"]);
        assert_eq!(listed.commit("refs/tags/v1").unwrap().as_str(), format!("{:040x}", 1));
        assert_eq!(listed.commit("refs/heads/v1").unwrap().as_str(), format!("{:040x}", 2));
        assert_eq!(listed.commit("refs/heads/v2"), None);
    }

    #[test]
    fn the_highest_version_of_a_range_is_taken() {
        let tags =
            ["refs/tags/v1.2.0", "refs/tags/1.10.0", "refs/tags/v2.0.0", "refs/tags/latest", "refs/tags/v1.11.0-rc.1"];
        assert_eq!(listing(&tags).highest("^1").unwrap().as_str(), format!("{:040x}", 1));
        assert_eq!(listing(&tags).highest("^3"), None);
    }
}

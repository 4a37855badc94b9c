//! Sources as other tools write them: in a package.json, and in PEP 508 requirements.

use super::{Algorithm, Digest, FileUrl, GitReference, GitSource, Source, SourceError, Subdirectory};

/// The forges that npm has short names for.
const FORGES: [(&str, &str); 3] =
    [("github:", "https://github.com"), ("gitlab:", "https://gitlab.com"), ("bitbucket:", "https://bitbucket.org")];

impl Source {
    /// Parses an entry of a package.json: `git+https://…#main`, `github:owner/repository#semver:^1`, `owner/repository`,
    /// `https://….tgz`. Returns `None` if it names no place outside of registries.
    pub fn from_npm(text: &str) -> Option<Result<Self, SourceError>> {
        let text = text.trim();
        let (place, fragment) = text.split_once('#').unwrap_or((text, ""));
        if let Some((_, host)) = FORGES.iter().find(|(short, _)| place.starts_with(short)) {
            let path = place.split_once(':').map_or("", |(_, path)| path);
            return Some(git(&format!("{host}/{}.git", path.trim_end_matches(".git")), fragment));
        }
        if let Some(id) = place.strip_prefix("gist:") {
            return Some(git(&format!("https://gist.github.com/{id}.git"), fragment));
        }
        let is_git = place.starts_with("git+")
            || place.starts_with("git:")
            || place.starts_with("git@")
            || place.starts_with("ssh:")
            || (place.starts_with("http")
                && place.trim_end_matches('/').rsplit_once('.').is_some_and(|(_, end)| end == "git"));
        if is_git {
            return Some(git(place, fragment));
        }
        if let Some(repository) = page_of_repository(place) {
            return Some(git(&repository, fragment));
        }
        if place.starts_with("https://") || place.starts_with("http://") {
            return Some(text.parse().map(Self::Url));
        }
        let is_short =
            |part: &str| !part.is_empty() && !part.contains([':', ' ', '@']) && !part.starts_with(['.', '~']);
        let parts: Vec<&str> = place.split('/').collect();
        let [owner, repository] = parts[..] else { return None };
        (is_short(owner) && is_short(repository))
            .then(|| git(&format!("https://github.com/{owner}/{}.git", repository.trim_end_matches(".git")), fragment))
    }

    /// Parses the URL of a PEP 508 requirement: `git+https://host/x.git@v1#subdirectory=py`, `https://host/x-1.0.whl`.
    pub fn from_pep508(url: &str) -> Result<Self, SourceError> {
        let url = url.trim();
        let Some(rest) = url.strip_prefix("git+") else { return url.parse().map(Self::Url) };
        let (place, fragment) = rest.split_once('#').unwrap_or((rest, ""));
        let host_ends = place.find("://").map_or(0, |at| at + 3);
        let path_starts = place[host_ends..].find('/').map_or(place.len(), |at| host_ends + at);
        let (place, reference) = match place[path_starts..].rfind('@') {
            Some(at) => (&place[..path_starts + at], &place[path_starts + at + 1..]),
            None => (place, ""),
        };
        let folder = fragment.split('&').find_map(|part| part.strip_prefix("subdirectory="));
        Ok(Self::Git(GitSource {
            repository: place.parse()?,
            reference: rev(reference)?,
            subdirectory: folder.filter(|folder| !folder.is_empty()).map(str::parse).transpose()?,
        }))
    }
}

/// Returns the repository whose page on a forge this is, as npm's tools read it: `https://github.com/owner/repository`.
fn page_of_repository(place: &str) -> Option<String> {
    let (_, rest) = place.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let (host, path) = rest.split_once('/')?;
    let host = host.strip_prefix("www.").unwrap_or(host);
    let (_, forge) = FORGES.iter().find(|(_, forge)| forge.strip_prefix("https://") == Some(host))?;
    let (owner, repository) = path.trim_end_matches('/').split_once('/')?;
    let is_name = |part: &str| !part.is_empty() && !part.contains(['/', '?']);
    (is_name(owner) && is_name(repository)).then(|| format!("{forge}/{owner}/{repository}.git"))
}

impl FileUrl {
    /// Returns the digest that its fragment promises: `#sha256=…`.
    pub fn promised(&self) -> Option<Digest> {
        let fragment = self.as_str().split_once('#')?.1;
        fragment.split('&').find_map(|part| {
            let (name, hex) = part.split_once('=')?;
            let algorithm = [Algorithm::Sha256, Algorithm::Sha512].into_iter().find(|one| one.as_str() == name)?;
            Digest::from_hex(algorithm, hex).ok()
        })
    }
}

/// Reads npm's fragment: a committish, `semver:^1`, and pnpm's `path:/folder`, joined by `&`.
fn git(place: &str, fragment: &str) -> Result<Source, SourceError> {
    let mut reference = GitReference::Head;
    let mut subdirectory = None;
    for part in fragment.split('&').filter(|part| !part.is_empty()) {
        if let Some(range) = part.strip_prefix("semver:") {
            let range = percent_encoding::percent_decode_str(range).decode_utf8_lossy();
            reference = GitReference::from_parts("range", &range)?;
        } else if let Some(folder) = part.strip_prefix("path:") {
            subdirectory = Some(folder.trim_start_matches('/').parse::<Subdirectory>()?);
        } else {
            reference = rev(part)?;
        }
    }
    Ok(Source::Git(GitSource { repository: place.parse()?, reference, subdirectory }))
}

fn rev(text: &str) -> Result<GitReference, SourceError> {
    if text.is_empty() { Ok(GitReference::Head) } else { text.parse().map(GitReference::Rev) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_of_a_package_json_are_understood() {
        let shown =
            |text: &str| Source::from_npm(text).map(|source| source.map_or_else(|e| e.to_string(), |s| s.to_string()));
        for (text, expect) in [
            ("git+https://h/x.git#main", "https://h/x.git (rev main)"),
            ("git+ssh://git@h/x.git#semver:^1.2", "ssh://git@h/x.git (range ^1.2)"),
            ("git@github.com:a/b.git", "ssh://git@github.com/a/b.git"),
            ("github:a/b#v1", "https://github.com/a/b.git (rev v1)"),
            ("a/b", "https://github.com/a/b.git"),
            ("a/b#main&path:/packages/c", "https://github.com/a/b.git (rev main, folder packages/c)"),
            ("gitlab:a/b", "https://gitlab.com/a/b.git"),
            ("https://h/x.git", "https://h/x.git"),
            ("https://h/x.tgz", "https://h/x.tgz"),
            ("https://github.com/a/b#v1", "https://github.com/a/b.git (rev v1)"),
            ("http://www.gitlab.com/a/b/", "https://gitlab.com/a/b.git"),
            ("https://github.com/a/b/archive/v1.tar.gz", "https://github.com/a/b/archive/v1.tar.gz"),
            ("https://h/a/b", "https://h/a/b"),
            ("git+file:///x", "is no place that larder fetches from: https:// and ssh:// are"),
            ("a/b#-x", "is not a name of git's"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(expect), "{text}");
        }
        for text in
            ["^1.2", "next", "npm:a@1", "file:../x", "../x", "workspace:*", "link:x", "./a/b", "@a/b", "catalog:x"]
        {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn urls_of_pep_508_are_understood() {
        let shown = |text: &str| Source::from_pep508(text).map_or_else(|e| e.to_string(), |s| s.to_string());
        assert_eq!(shown("git+https://h/x.git@v1#egg=x&subdirectory=py"), "https://h/x.git (rev v1, folder py)");
        assert_eq!(shown("git+ssh://git@h/x.git"), "ssh://git@h/x.git");
        assert_eq!(shown("git+ssh://git@h/x.git@main"), "ssh://git@h/x.git (rev main)");
        assert_eq!(shown("https://h/x-1-py3-none-any.whl#sha256=00"), "https://h/x-1-py3-none-any.whl");
        assert!(shown("file:///x.whl").starts_with("is no place"));
        let promised = format!("https://h/x.whl#sha256={}", "ab".repeat(32)).parse::<FileUrl>().unwrap().promised();
        assert_eq!(promised.unwrap().to_hex(), "ab".repeat(32));
    }
}

//! Where packages come from besides registries: git repositories and URLs.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::archive_source::ArchiveSource;
use super::file_url::{FileUrl, SourceError};
use super::{Label, LocalFile, NpmRange, Url};

/// The place from which a locked package is fetched.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// A registry, by its name.
    Registry(Label),
    /// A git repository, a URL or a file of the checkout.
    Source(Arc<PinnedSource>),
}

/// A source with the commit that is locked.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PinnedSource {
    /// The source, as a manifest states it.
    pub source: Source,
    /// The commit of a git repository. `None` for others.
    pub commit: Option<Commit>,
}

/// A place outside of registries that a manifest states for a package.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// A git repository.
    Git(GitSource),
    /// A file.
    Url(FileUrl),
    /// A file of the checkout.
    File(LocalFile),
    /// The files of a tool.
    Archive(Arc<ArchiveSource>),
}

/// A package in a git repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GitSource {
    /// The repository.
    pub repository: GitUrl,
    /// What is taken of it.
    pub reference: GitReference,
    /// The folder of the package, relative to the repository's. `None` for the repository's own.
    pub subdirectory: Option<Subdirectory>,
}

/// What is taken of a git repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum GitReference {
    /// The default branch.
    #[default]
    Head,
    /// `branch=`
    Branch(GitName),
    /// `tag=`
    Tag(GitName),
    /// `rev=`: a commit, in full or abbreviated; else a tag or a branch.
    Rev(GitName),
    /// npm's `#semver:^1`: the highest tag whose version the range admits.
    Range(Arc<str>),
}

/// The URL of a git repository, in normal form: `https`, `ssh`, and on this machine `http` and `git`. It has no password.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitUrl(Arc<str>);

/// The name of a branch, a tag or a commit, as git allows it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GitName(Arc<str>);

/// A folder in a repository: relative, with `/` between its parts, none of which is `.` or `..`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subdirectory(Arc<str>);

/// The identity of a commit: 40 or 64 hexadecimal digits, in lower case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Commit(Arc<str>);

/// The most bytes of a URL or a name.
const LONGEST: usize = 2_000;

impl Origin {
    /// Returns the registry's name. Returns `None` for a source.
    pub fn registry(&self) -> Option<&Label> {
        match self {
            Self::Registry(label) => Some(label),
            Self::Source(_) => None,
        }
    }

    /// Returns what messages call it: registry `npmjs`, or where a source is.
    pub fn described(&self) -> String {
        match self {
            Self::Registry(label) => format!("registry `{label}`"),
            Self::Source(pinned) => pinned.to_string(),
        }
    }

    /// Returns the source. Returns `None` for a registry.
    pub fn source(&self) -> Option<&Arc<PinnedSource>> {
        match self {
            Self::Registry(_) => None,
            Self::Source(source) => Some(source),
        }
    }
}

impl From<&Label> for Origin {
    fn from(registry: &Label) -> Self {
        Self::Registry(registry.clone())
    }
}

impl fmt::Display for Origin {
    /// Writes a registry's name, or where a source is.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Registry(label) => label.fmt(f),
            Self::Source(pinned) => pinned.fmt(f),
        }
    }
}

impl fmt::Display for PinnedSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)?;
        self.commit.as_ref().map_or(Ok(()), |commit| write!(f, " at {}", commit.short()))
    }
}

impl Source {
    /// Parses what `url=` states: the URL of a file, or the path of one from the manifest, `file:x.tgz` or `./x.tgz`.
    pub fn from_url(text: &str) -> Result<Self, SourceError> {
        let is_path = text.trim().starts_with("file:") || text.trim().starts_with('.');
        match LocalFile::path_in(text).filter(|_| is_path) {
            Some(path) => LocalFile::beside(path).map(Self::File),
            None => text.parse().map(Self::Url),
        }
    }

    /// Returns the file of the checkout that it is. Returns `None` for any other place.
    pub fn local_file(&self) -> Option<&LocalFile> {
        match self {
            Self::File(file) => Some(file),
            Self::Git(_) | Self::Url(_) | Self::Archive(_) => None,
        }
    }

    /// Returns it as a manifest in `folder` names it.
    #[must_use]
    pub fn seen_from(&self, folder: &str) -> Self {
        match self {
            Self::File(file) => Self::File(file.seen_from(folder)),
            other => other.clone(),
        }
    }

    /// Returns the word by which manifests name the kind: `git`, `url`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Git(_) => "git",
            Self::Url(_) | Self::File(_) | Self::Archive(_) => "url",
        }
    }

    /// Returns the properties that state it, with their values.
    pub fn properties(&self) -> Vec<(&'static str, &str)> {
        match self {
            Self::Url(url) => vec![("url", url.as_str())],
            Self::File(file) => vec![("url", file.as_str())],
            Self::Archive(source) => vec![("url", source.url())],
            Self::Git(git) => {
                let mut properties = vec![("git", git.repository.as_str())];
                properties.extend(git.reference.parts());
                properties.extend(git.subdirectory.as_ref().map(|folder| ("subdirectory", folder.as_str())));
                properties
            }
        }
    }
}

impl fmt::Display for Source {
    /// Writes the place without anything that may be secret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git(git) => git.fmt(f),
            Self::Url(url) => f.write_str(&url.url().masked()),
            Self::File(file) => file.fmt(f),
            Self::Archive(source) => source.fmt(f),
        }
    }
}

impl fmt::Display for GitSource {
    /// Writes `https://host/repository.git (tag v2.1, folder py)`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut more: Vec<String> =
            self.reference.parts().map(|(kind, name)| format!("{kind} {name}")).into_iter().collect();
        more.extend(self.subdirectory.as_ref().map(|folder| format!("folder {folder}")));
        if more.is_empty() { self.repository.fmt(f) } else { write!(f, "{} ({})", self.repository, more.join(", ")) }
    }
}

impl GitReference {
    /// Returns the property that states it, and its value. Returns `None` for the default branch.
    pub fn parts(&self) -> Option<(&'static str, &str)> {
        match self {
            Self::Head => None,
            Self::Branch(name) => Some(("branch", name.as_str())),
            Self::Tag(name) => Some(("tag", name.as_str())),
            Self::Rev(name) => Some(("rev", name.as_str())),
            Self::Range(range) => Some(("range", range)),
        }
    }

    /// Parses what a property states.
    pub fn from_parts(kind: &str, value: &str) -> Result<Self, SourceError> {
        match kind {
            "branch" => value.parse().map(Self::Branch),
            "tag" => value.parse().map(Self::Tag),
            "rev" => value.parse().map(Self::Rev),
            _ => match value.parse::<NpmRange>() {
                Ok(range) if range.tag().is_none() => Ok(Self::Range(range.as_str().into())),
                _ => Err(SourceError::Range),
            },
        }
    }
}

/// A text that was checked when it was parsed.
macro_rules! checked_text {
    ($name:ident) => {
        impl $name {
            /// Returns the text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

checked_text!(GitUrl);
checked_text!(GitName);
checked_text!(Subdirectory);
checked_text!(Commit);

impl FromStr for GitUrl {
    type Err = SourceError;

    /// Parses a URL, or `user@host:path` as ssh writes it.
    fn from_str(text: &str) -> Result<Self, SourceError> {
        let text = text.trim();
        let text = text.strip_prefix("git+").unwrap_or(text);
        if text.len() > LONGEST || text.contains(|c: char| c.is_control() || c.is_whitespace()) {
            return Err(SourceError::NoUrl);
        }
        let written = match scp_form(text) {
            Some((host, path)) => format!("ssh://{host}/{}", path.trim_start_matches('/')),
            None => text.to_owned(),
        };
        if !written.contains("://") {
            return Err(SourceError::Scheme);
        }
        let url: Url = written.parse().map_err(|_| SourceError::NoUrl)?;
        let is_ssh = match url.scheme() {
            "https" => false,
            "ssh" => true,
            "http" | "git" if is_on_loopback(&url) => false,
            "http" | "git" => return Err(SourceError::Plain),
            _ => return Err(SourceError::Scheme),
        };
        if url.has_query() {
            return Err(SourceError::Query);
        }
        let inner = url.inner();
        if inner.password().is_some() || !is_ssh && !inner.username().is_empty() {
            return Err(SourceError::Credentials);
        }
        // A host or a user that begins with `-` could be read as an option of ssh.
        if url.host().is_empty() || [url.host(), inner.username(), url.path()].iter().any(|part| part.starts_with('-'))
        {
            return Err(SourceError::NoUrl);
        }
        Ok(Self(url.as_str().trim_end_matches('/').into()))
    }
}

/// Returns whether the host is this machine. Only of `http` and its kin the URL standard parses hosts.
fn is_on_loopback(url: &Url) -> bool {
    format!("http://{}/", url.host()).parse().is_ok_and(|url: Url| url.is_on_loopback())
}

/// Splits `git@host:path` into `git@host` and `path`.
fn scp_form(text: &str) -> Option<(&str, &str)> {
    let (host, path) = text.split_once(':')?;
    let is_host = host.contains('@') && !host.contains('/') && !path.starts_with('/') && !path.is_empty();
    (is_host && !path.starts_with(':')).then_some((host, path))
}

impl FromStr for GitName {
    type Err = SourceError;

    /// Parses a name by the rules of `git check-ref-format`, but that it need not have a `/`.
    fn from_str(text: &str) -> Result<Self, SourceError> {
        let is_allowed = |c: char| !(c.is_control() || c.is_whitespace() || "~^:?*[\\\u{7f}".contains(c));
        let is_part = |part: &str| {
            !part.is_empty() && !part.starts_with('.') && part.rsplit_once('.').is_none_or(|(_, end)| end != "lock")
        };
        let is_name = !text.is_empty()
            && text.len() <= 250
            && text != "@"
            && !text.starts_with('-')
            && !text.ends_with('.')
            && !text.contains("..")
            && !text.contains("@{")
            && text.chars().all(is_allowed)
            && text.split('/').all(is_part);
        if is_name { Ok(Self(text.into())) } else { Err(SourceError::Name) }
    }
}

impl FromStr for Subdirectory {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let parts: Vec<&str> = text.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
        let leaves = text.starts_with('/') || text.contains(['\\', ':', '\0']) || parts.contains(&"..");
        if leaves || parts.is_empty() || text.len() > LONGEST || text.contains(char::is_control) {
            return Err(SourceError::Outside);
        }
        Ok(Self(parts.join("/").into()))
    }
}

impl FromStr for Commit {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        let is_commit = matches!(text.len(), 40 | 64) && text.bytes().all(is_digit);
        if is_commit { Ok(Self(text.into())) } else { Err(SourceError::Commit) }
    }
}

impl Commit {
    /// Returns the first digits, for messages.
    pub fn short(&self) -> &str {
        &self.0[..10]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repository_has_one_spelling() {
        for (text, url) in [
            ("https://Git.Acme.example/tools.git", "https://git.acme.example/tools.git"),
            ("git+https://h/x.git/", "https://h/x.git"),
            ("git@github.com:acme/tools.git", "ssh://git@github.com/acme/tools.git"),
            ("ssh://git@h:2222/x", "ssh://git@h:2222/x"),
            ("git+ssh://git@h/x", "ssh://git@h/x"),
            ("git://127.0.0.1:9418/x", "git://127.0.0.1:9418/x"),
            ("http://localhost:1/x", "http://localhost:1/x"),
        ] {
            assert_eq!(text.parse::<GitUrl>().unwrap().as_str(), url, "{text}");
        }
    }

    #[test]
    fn files_of_the_checkout_are_named_as_such() {
        for text in ["file:vendor/x.tgz", "./vendor/x.tgz"] {
            let file = Source::from_url(text).unwrap();
            assert_eq!(file.local_file().map(LocalFile::path), Some("vendor/x.tgz"), "{text}");
        }
        assert_eq!(Source::from_url("x.tgz").unwrap_err(), SourceError::NoUrl);
        assert!(Source::from_url("https://h/x.tgz").unwrap().local_file().is_none());
    }

    #[test]
    fn hostile_and_open_repositories_are_refused() {
        for (text, error) in [
            ("ext::sh -c touch% /tmp/x", SourceError::NoUrl),
            ("ext::sh", SourceError::Scheme),
            ("file:///srv/x.git", SourceError::Scheme),
            ("/srv/x.git", SourceError::Scheme),
            ("../x.git", SourceError::Scheme),
            ("--upload-pack=touch", SourceError::Scheme),
            ("http://h/x.git", SourceError::Plain),
            ("git://h/x.git", SourceError::Plain),
            ("https://me:secret@h/x", SourceError::Credentials),
            ("https://token@h/x", SourceError::Credentials),
            ("ssh://me:secret@h/x", SourceError::Credentials),
            ("https://h/x?y=1", SourceError::Query),
            ("https://h/x#main", SourceError::Query),
            ("ssh://-oProxyCommand=x/y", SourceError::NoUrl),
            ("ssh://-x@h/y", SourceError::NoUrl),
            ("https://h/x\n", SourceError::NoUrl),
        ] {
            let parsed = text.trim_end_matches('\n').to_owned() + if text.ends_with('\n') { "\u{1}" } else { "" };
            assert_eq!(parsed.parse::<GitUrl>().unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn names_of_git_are_no_options() {
        for name in ["main", "v2.1", "feature/x", "9f3c", "release-1.x", "@scope/x@1.0"] {
            assert!(name.parse::<GitName>().is_ok(), "{name}");
        }
        for name in
            ["", "-x", "--upload-pack=x", "a b", "a..b", "a~1", "a^{}", "x@{1}", "@", "a:b", "/a", "a/", "a.lock", ".a"]
        {
            assert!(name.parse::<GitName>().is_err(), "{name}");
        }
    }

    #[test]
    fn folders_stay_in_the_repository() {
        assert_eq!("./py//src/".parse::<Subdirectory>().unwrap().as_str(), "py/src");
        for folder in ["", ".", "..", "a/../b", "/a", "a\\b", "C:x"] {
            assert!(folder.parse::<Subdirectory>().is_err(), "{folder}");
        }
    }
}

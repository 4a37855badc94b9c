//! URLs of files, and what is wrong with a text that should be a place outside of registries.

use std::str::FromStr;

use super::Url;

/// The URL of a file: `https`, and on this machine `http`. It has no credentials.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileUrl(Url);

/// Why a text is no part of a source, as the end of a sentence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// Not a URL at all.
    #[error("is not a URL")]
    NoUrl,
    /// `ext::`, `file://`, a path.
    #[error("is no place that larder fetches from: https:// and ssh:// are")]
    Scheme,
    /// `http://` or `git://` of another machine.
    #[error("is not encrypted")]
    Plain,
    /// A password, or a token in the place of a user.
    #[error("has credentials in it: leave them to git's credential helper, to ssh or to ~/.netrc")]
    Credentials,
    /// A query or a fragment in a git URL.
    #[error("has a query or a fragment, which no repository's URL has")]
    Query,
    /// A name that git does not allow, or that could be read as an option.
    #[error("is not a name of git's")]
    Name,
    /// `..`, an absolute path.
    #[error("leaves the repository")]
    Outside,
    /// `..` out of the project.
    #[error("leads out of the project")]
    OutOfProject,
    /// An absolute path.
    #[error("is no place that larder fetches from: it is a path of one machine")]
    OfMachine,
    /// A path that can be none of a file.
    #[error("is no path of a file")]
    NoFile,
    /// Not the digits of a commit.
    #[error("is not a commit: it has 40 hexadecimal digits")]
    Commit,
    /// `{arch}` in the URL of a tool.
    #[error("has braces around something else than `version` and `platform`")]
    Placeholder,
    /// Words for platforms, and no place for them.
    #[error("has no `{{platform}}`, for which the words of `platform` could stand")]
    NoPlatform,
    /// Not the name of a program, or a path that is none.
    #[error("names a program that cannot be called like that")]
    NoProgram,
    /// Not a range of npm's.
    #[error("is not a range of versions")]
    Range,
}

/// The most bytes of a URL.
const LONGEST: usize = 2_000;

impl FileUrl {
    /// Returns the URL.
    pub fn url(&self) -> &Url {
        &self.0
    }

    /// Returns the URL's text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// Returns the name of the file: the last part of the path, decoded.
    pub fn file_name(&self) -> String {
        let last = self.0.path().rsplit('/').next().unwrap_or_default();
        let name = percent_encoding::percent_decode_str(last).decode_utf8_lossy();
        let is_plain = |c: char| !(c.is_control() || matches!(c, '/' | '\\' | ':' | '"'));
        name.chars().filter(|c| is_plain(*c)).collect()
    }
}

impl FromStr for FileUrl {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, SourceError> {
        let text = text.trim();
        if text.len() > LONGEST || text.contains(char::is_control) {
            return Err(SourceError::NoUrl);
        }
        let url: Url = text.parse().map_err(|_| SourceError::NoUrl)?;
        if url.has_credentials() {
            return Err(SourceError::Credentials);
        }
        match url.scheme() {
            _ if url.is_safe() => Ok(Self(url)),
            "http" => Err(SourceError::Plain),
            _ => Err(SourceError::Scheme),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_has_no_credentials_and_a_plain_name() {
        let url = |text: &str| text.parse::<FileUrl>();
        assert_eq!(url("https://h/a%2Fb/x-1%2B2.whl?sig=1").unwrap().file_name(), "x-1+2.whl");
        assert_eq!(url("https://h/..%2f..%2fetc").unwrap().file_name(), "....etc");
        assert_eq!(url("https://me:x@h/a.whl").unwrap_err(), SourceError::Credentials);
        assert_eq!(url("http://h/a.whl").unwrap_err(), SourceError::Plain);
        assert_eq!(url("file:///a.whl").unwrap_err(), SourceError::Scheme);
    }
}

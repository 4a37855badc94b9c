//! Files of the checkout that are packages: archives that lie below the project's folder.

use std::fmt;
use std::sync::Arc;

use super::file_url::SourceError;

/// A file of the checkout, by its path: relative, with `/` between its parts, in its shortest form. It is relative to the root; before
/// its manifest is placed in the project, to the folder of that, and may begin with `..`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalFile(Arc<str>);

/// How a path is written where a URL may stand.
const SCHEME: &str = "file:";

/// The most bytes of a path.
const LONGEST: usize = 2_000;

impl LocalFile {
    /// Returns the path that a text names where a URL may stand: `file:vendor/x.tgz`, `./vendor/x.tgz`, `vendor/x.tgz`. Returns `None` for
    /// a URL.
    pub fn path_in(text: &str) -> Option<&str> {
        let text = text.trim();
        if let Some(path) = text.strip_prefix(SCHEME) {
            return Some(path);
        }
        let has_scheme = text.split('/').next().is_some_and(|first| first.contains(':'));
        (!has_scheme).then_some(text)
    }

    /// Parses a path that is relative to a manifest.
    pub fn beside(path: &str) -> Result<Self, SourceError> {
        let path = path.trim();
        let has_drive = path.as_bytes().get(1) == Some(&b':');
        if path.starts_with(['/', '~']) || has_drive {
            return Err(SourceError::OfMachine);
        }
        let is_odd = |c: char| c.is_control() || c == '\\';
        if path.len() > LONGEST || path.contains(is_odd) || path.ends_with('/') {
            return Err(SourceError::NoFile);
        }
        let mut parts: Vec<&str> = Vec::new();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
                part => parts.push(part),
            }
        }
        match parts.last() {
            None | Some(&"..") => Err(SourceError::NoFile),
            Some(_) => Ok(Self(format!("{SCHEME}{}", parts.join("/")).into())),
        }
    }

    /// Parses a path that a manifest in `folder` states, which is relative to the root.
    pub fn within(folder: &str, path: &str) -> Result<Self, SourceError> {
        Self::beside(path)?.placed(folder)
    }

    /// Returns it relative to the root, if the manifest that names it lies in `folder`.
    pub fn placed(&self, folder: &str) -> Result<Self, SourceError> {
        let placed = if folder.is_empty() { self.clone() } else { Self::beside(&format!("{folder}/{}", self.path()))? };
        if placed.path().starts_with("../") { Err(SourceError::OutOfProject) } else { Ok(placed) }
    }

    /// Returns it as a manifest in `folder` names it.
    #[must_use]
    pub fn seen_from(&self, folder: &str) -> Self {
        let (from, to): (Vec<&str>, Vec<&str>) = (folder.split('/').collect(), self.path().split('/').collect());
        let from = if folder.is_empty() { Vec::new() } else { from };
        let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
        let up = std::iter::repeat_n("..", from.len() - shared);
        let path: Vec<&str> = up.chain(to[shared..].iter().copied()).collect();
        Self(format!("{SCHEME}{}", path.join("/")).into())
    }

    /// Returns the path.
    pub fn path(&self) -> &str {
        self.0.strip_prefix(SCHEME).unwrap_or(&self.0)
    }

    /// Returns the path as it stands where a URL may stand: `file:vendor/x.tgz`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name of the file.
    pub fn file_name(&self) -> &str {
        self.path().rsplit('/').next().unwrap_or_default()
    }

    /// Returns whether a path names an archive that npm and its kin install, by its name.
    pub fn is_npm_archive(path: &str) -> bool {
        [".tgz", ".tar.gz"].iter().any(|end| path.ends_with(end))
    }

    /// Returns whether a path names a wheel or a source distribution.
    pub fn is_python_archive(path: &str) -> bool {
        [".whl", ".tar.gz", ".zip"].iter().any(|end| path.ends_with(end))
    }

    /// Returns the path of an archive that an entry of a package.json names: `file:x.tgz`, `./x.tgz`, and `x.tgz` alone. Returns `None` for
    /// anything else.
    pub fn npm_path(text: &str) -> Option<&str> {
        let text = text.trim();
        let is_path = text.starts_with(['.', '/', '~']) || !text.contains(['/', ':', ' ']);
        let path = text.strip_prefix(SCHEME).or_else(|| is_path.then_some(text))?;
        Self::is_npm_archive(path).then_some(path)
    }

    /// Returns the path of a wheel or a source distribution that the URL of a PEP 508 requirement names: `file:///srv/x-1.tar.gz`,
    /// `./x-1-py3-none-any.whl`. Returns `None` for anything else.
    pub fn pep508_path(url: &str) -> Option<String> {
        let url = url.trim();
        let path = match url.strip_prefix(SCHEME) {
            Some(path) => {
                let path = path.strip_prefix("//localhost").or_else(|| path.strip_prefix("//")).unwrap_or(path);
                percent_encoding::percent_decode_str(path).decode_utf8().ok()?.into_owned()
            }
            None => Self::path_in(url)?.to_owned(),
        };
        Self::is_python_archive(&path).then_some(path)
    }
}

impl fmt::Display for LocalFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.path())
    }
}

impl fmt::Debug for LocalFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LocalFile({})", self.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_lie_below_the_project() {
        let within = |folder: &str, path: &str| LocalFile::within(folder, path).map(|file| file.path().to_owned());
        for (folder, path, expect) in [
            ("", "./vendor//x.tgz", "vendor/x.tgz"),
            ("apps/web", "../../vendor/x.tgz", "vendor/x.tgz"),
            ("apps/web", "x.tgz", "apps/web/x.tgz"),
            ("", "a/../x y.whl", "x y.whl"),
        ] {
            assert_eq!(within(folder, path).as_deref(), Ok(expect), "{folder} {path}");
            let file = LocalFile::within(folder, path).unwrap();
            assert_eq!(file.seen_from(folder).placed(folder), Ok(file), "{folder} {path}");
        }
        for (folder, path, error) in [
            ("", "../x.tgz", SourceError::OutOfProject),
            ("apps", "../../x.tgz", SourceError::OutOfProject),
            ("", "/srv/x.tgz", SourceError::OfMachine),
            ("", "~/x.tgz", SourceError::OfMachine),
            ("", "C:/x.tgz", SourceError::OfMachine),
            ("", "//host/x.tgz", SourceError::OfMachine),
            ("", "", SourceError::NoFile),
            ("", "vendor/", SourceError::NoFile),
            ("", "vendor/..", SourceError::NoFile),
            ("a", "..", SourceError::NoFile),
            ("", "a\\b.tgz", SourceError::NoFile),
            ("", "a\0b.tgz", SourceError::NoFile),
        ] {
            assert_eq!(within(folder, path), Err(error), "{folder} {path}");
        }
    }

    #[test]
    fn paths_are_told_from_urls() {
        assert_eq!(LocalFile::path_in("file:vendor/x.tgz"), Some("vendor/x.tgz"));
        assert_eq!(LocalFile::path_in("./vendor/x:1.tgz"), Some("./vendor/x:1.tgz"));
        assert_eq!(LocalFile::path_in("x.tgz"), Some("x.tgz"));
        assert_eq!(LocalFile::path_in("https://h/x.tgz"), None);
        for (url, path) in [
            ("file:///srv/a%20b.whl", Some("/srv/a b.whl")),
            ("file://localhost/srv/b.tar.gz", Some("/srv/b.tar.gz")),
            ("file:b.whl", Some("b.whl")),
            ("./b.whl", Some("./b.whl")),
            ("https://h/b.whl", None),
            ("git+file:///srv/b.zip", None),
            ("./b", None),
        ] {
            assert_eq!(LocalFile::pep508_path(url).as_deref(), path, "{url}");
        }
        for (text, path) in [
            ("file:./d/d-1.0.0.tgz", Some("./d/d-1.0.0.tgz")),
            ("../d.tar.gz", Some("../d.tar.gz")),
            ("d.tgz", Some("d.tgz")),
            ("file:///srv/d.tgz", Some("///srv/d.tgz")),
            ("d/d.tgz", None),
            ("https://h/d.tgz", None),
            ("file:../d", None),
            ("npm:d@1.tgz", None),
        ] {
            assert_eq!(LocalFile::npm_path(text), path, "{text}");
        }
    }
}

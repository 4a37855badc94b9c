//! The index file of a package: one event a line, and the versions that they add up to.

use std::ops::Range;

use super::event::{Deposit, EventFault, EventKind, PackageEvent};
use crate::model::Digest;

/// Returns the path of a package's index file, below the folder of index files: `or/de/orders-client`; `1/a`, `2/ab`, `3/a/abc` for
/// short names, and below the scope for a name with one: `@acme/or/de/orders`.
pub fn index_path(name: &str) -> String {
    let (scope, own) = match name.split_once('/') {
        Some((scope, own)) => (format!("{scope}/"), own),
        None => (String::new(), name),
    };
    let part = |range: Range<usize>| own.get(range).unwrap_or_default();
    match own.len() {
        length @ 0..=2 => format!("{scope}{length}/{own}"),
        3 => format!("{scope}3/{}/{own}", part(0..1)),
        _ => format!("{scope}{}/{}/{own}", part(0..2), part(2..4)),
    }
}

/// The index file of one package, parsed.
#[derive(Clone, Debug)]
pub struct IndexFile {
    text: String,
    /// The end of each line in `text`, behind its line feed.
    ends: Vec<usize>,
    versions: Vec<Published>,
}

/// A version of a package, with what later events say of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// The version.
    pub version: semver::Version,
    /// What the publisher said: the bytes of `body`.
    pub body: String,
    /// What the registry says about the archive. `None` if the version was published in a format that this larder does not
    /// know; then it cannot be selected.
    pub deposit: Option<Deposit>,
    /// Whether it is yanked, with the reason.
    pub yanked: Option<Notice>,
    /// The status that an event gave it after it was published: `active`, `beta` or `deprecated`.
    pub status: Option<Notice>,
}

/// What an event says of a version.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Notice {
    /// The status; empty for a yank.
    pub status: String,
    /// The package to use instead.
    pub replaced_by: Option<String>,
    /// The reason, for people.
    pub reason: Option<String>,
}

/// An index file that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IndexFault {
    /// The last line does not end, or the bytes are no text.
    #[error("it is no text of whole lines")]
    NotLines,
    /// A line is no event.
    #[error("line {line}: {fault}")]
    Line {
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        fault: EventFault,
    },
    /// A line is about another package.
    #[error("line {line} is about `{name}`")]
    OtherPackage {
        /// The number of the line, from 1.
        line: usize,
        /// The package that it is about.
        name: String,
    },
    /// A version was published twice.
    #[error("line {line} publishes version {version} again")]
    Again {
        /// The number of the line, from 1.
        line: usize,
        /// The version.
        version: semver::Version,
    },
    /// A line is about a version that was not published before.
    #[error("line {line} is about version {version}, which was not published before")]
    Unpublished {
        /// The number of the line, from 1.
        line: usize,
        /// The version.
        version: semver::Version,
    },
}

impl IndexFile {
    /// Parses the index file of the package `name`.
    pub fn parse(name: &str, bytes: Vec<u8>) -> Result<Self, IndexFault> {
        let text = String::from_utf8(bytes).map_err(|_| IndexFault::NotLines)?;
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(IndexFault::NotLines);
        }
        let mut file = Self { ends: Vec::new(), versions: Vec::new(), text: String::new() };
        for line in text.split_inclusive('\n') {
            file.ends.push(file.ends.last().copied().unwrap_or_default() + line.len());
            file.fold(name, line.strip_suffix('\n').unwrap_or(line))?;
        }
        Ok(Self { text, ..file })
    }

    /// Returns the bytes of the file.
    pub fn bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// Returns the number of lines.
    pub fn line_count(&self) -> usize {
        self.ends.len()
    }

    /// Returns the bytes of the first lines. Returns `None` if there are fewer.
    pub fn first_lines(&self, count: usize) -> Option<&[u8]> {
        let end = if count == 0 { 0 } else { *self.ends.get(count - 1)? };
        self.bytes().get(..end)
    }

    /// Returns the digest of the first lines, by which a lock recognises a history. Returns `None` if there are fewer.
    pub fn digest_of_first(&self, count: usize) -> Option<Digest> {
        self.first_lines(count).map(Digest::sha256_of)
    }

    /// Returns the versions, in the order in which they were published.
    pub fn versions(&self) -> &[Published] {
        &self.versions
    }

    /// Returns a version. Build metadata is ignored.
    pub fn version(&self, version: &semver::Version) -> Option<&Published> {
        self.versions.iter().find(|known| known.version.cmp_precedence(version).is_eq())
    }

    /// Adds what a line says.
    fn fold(&mut self, name: &str, line: &str) -> Result<(), IndexFault> {
        let number = self.ends.len();
        let event = PackageEvent::parse(line).map_err(|fault| IndexFault::Line { line: number, fault })?;
        if event.name != name {
            return Err(IndexFault::OtherPackage { line: number, name: event.name });
        }
        match event.kind {
            EventKind::Publish { version, deposit } => self.publish(number, version, event.body, Some(deposit)),
            EventKind::Later { version: Some(version) } if self.version(&version).is_none() => {
                self.publish(number, version, event.body, None)
            }
            EventKind::Later { version: Some(version) } => {
                self.of_version(number, &version)?.deposit = None;
                Ok(())
            }
            EventKind::Later { version: None } => Ok(()),
            EventKind::Yank(yank) => {
                self.of_version(number, &yank.version)?.yanked =
                    Some(Notice { reason: yank.reason, ..Notice::default() });
                Ok(())
            }
            EventKind::Unyank(yank) => {
                self.of_version(number, &yank.version)?.yanked = None;
                Ok(())
            }
            EventKind::Status(change) => {
                let notice = Notice { status: change.status, replaced_by: change.replaced_by, reason: change.reason };
                match change.version {
                    Some(version) => self.of_version(number, &version)?.status = Some(notice),
                    None => self.versions.iter_mut().for_each(|known| known.status = Some(notice.clone())),
                }
                Ok(())
            }
        }
    }

    fn publish(
        &mut self,
        line: usize,
        version: semver::Version,
        body: String,
        deposit: Option<Deposit>,
    ) -> Result<(), IndexFault> {
        if self.version(&version).is_some() {
            return Err(IndexFault::Again { line, version });
        }
        self.versions.push(Published { version, body, deposit, yanked: None, status: None });
        Ok(())
    }

    fn of_version(&mut self, line: usize, version: &semver::Version) -> Result<&mut Published, IndexFault> {
        let known = self.versions.iter_mut().find(|known| known.version.cmp_precedence(version).is_eq());
        known.ok_or_else(|| IndexFault::Unpublished { line, version: version.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn publish(version: &str) -> String {
        let deposit = Deposit {
            artifact: format!("a-{version}.tar.gz"),
            sha256: "ab".repeat(32),
            size: 7,
            time: None,
            publisher: None,
            index: None,
            signatures: Vec::new(),
        };
        PackageEvent::publish_line(&format!(r#"{{"name":"a","version":"{version}"}}"#), &deposit).unwrap()
    }

    fn other(kind: &str, rest: &str) -> String {
        PackageEvent::line_of(kind, &format!(r#"{{"name":"a"{rest}}}"#), None).unwrap()
    }

    fn file(lines: &[String]) -> Result<IndexFile, IndexFault> {
        IndexFile::parse("a", lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect::<String>().into_bytes())
    }

    #[test]
    fn paths_have_the_first_letters() {
        let paths = ["a", "ab", "abc", "abcd", "orders-client", "@acme/orders", "@acme/x"].map(index_path);
        let expected =
            ["1/a", "2/ab", "3/a/abc", "ab/cd/abcd", "or/de/orders-client", "@acme/or/de/orders", "@acme/1/x"];
        assert_eq!(paths, expected);
    }

    #[test]
    fn lines_add_up_to_versions() {
        let lines = [
            publish("1.0.0"),
            publish("1.1.0"),
            other("yank", r#","version":"1.1.0","reason":"bad""#),
            other("status", r#","status":"deprecated","replaced-by":"b""#),
            publish("2.0.0"),
            other("unyank", r#","version":"1.1.0""#),
            other("yank", r#","version":"1.0.0""#),
        ];
        let read = file(&lines).unwrap();
        let facts = |published: &Published| {
            let status = published.status.as_ref().map(|notice| notice.status.clone());
            (published.version.to_string(), published.yanked.is_some(), status)
        };
        let deprecated = Some("deprecated".to_owned());
        let expected = [
            ("1.0.0".to_owned(), true, deprecated.clone()),
            ("1.1.0".to_owned(), false, deprecated),
            ("2.0.0".to_owned(), false, None),
        ];
        assert_eq!(read.versions().iter().map(facts).collect::<Vec<_>>(), expected);
        let first = file(&lines[..3]).unwrap();
        assert_eq!(read.first_lines(3), Some(first.bytes()));
        assert_eq!(read.digest_of_first(3), Some(Digest::sha256_of(first.bytes())));
        assert_eq!((read.line_count(), read.first_lines(8)), (7, None));
        assert_eq!(first.versions()[1].yanked.as_ref().unwrap().reason.as_deref(), Some("bad"));
    }

    #[test]
    fn versions_of_a_later_format_cannot_be_selected() {
        let later = r#"{"v":9,"type":"publish","body":{"name":"a","version":"1.1.0"}}"#.to_owned();
        let read = file(&[publish("1.0.0"), later]).unwrap();
        let has: Vec<bool> = read.versions().iter().map(|published| published.deposit.is_some()).collect();
        assert_eq!(has, [true, false]);
    }

    #[test]
    fn an_index_file_that_contradicts_itself_is_refused() {
        assert!(matches!(file(&[publish("1.0.0"), publish("1.0.0+linux")]), Err(IndexFault::Again { line: 2, .. })));
        assert!(matches!(
            file(&[other("yank", r#","version":"1.0.0""#)]),
            Err(IndexFault::Unpublished { line: 1, .. })
        ));
        let foreign = publish("1.0.0").replace(r#""name":"a""#, r#""name":"b""#);
        assert!(matches!(file(&[foreign]), Err(IndexFault::OtherPackage { line: 1, .. })));
        assert_eq!(IndexFile::parse("a", b"{}".to_vec()).unwrap_err(), IndexFault::NotLines);
        assert!(IndexFile::parse("a", Vec::new()).unwrap().versions().is_empty());
    }
}

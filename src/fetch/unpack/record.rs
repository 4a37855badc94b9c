//! A wheel's RECORD: the list of its files with their digests and sizes.
//!
//! Source: the binary distribution format and "Recording installed projects" of the Python packaging specifications.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha384};

use super::{Refusal, Trouble};
use crate::fetch::hashing::Hasher;
use crate::model::Algorithm;

/// What RECORD says of files that were not unpacked yet.
pub(super) struct Record {
    /// The path of RECORD itself.
    path: String,
    /// Without a digest there is nothing to compare.
    lines: FxHashMap<String, Option<Line>>,
}

/// What RECORD says of one file.
pub(super) struct Line {
    function: Function,
    digest: Vec<u8>,
    size: Option<u64>,
}

#[derive(Clone, Copy)]
enum Function {
    Sha256,
    Sha384,
    Sha512,
}

impl Record {
    /// Parses RECORD, which lies at `path`.
    pub(super) fn parse(path: &str, text: &str) -> Result<Self, Refusal> {
        let mut lines = FxHashMap::default();
        for row in rows(text) {
            let refusal = |what: &str| Refusal::entry(&row[0], Trouble::RecordLies(what.to_owned()));
            let [digest, size] = [1, 2].map(|at| row.get(at).map_or("", String::as_str));
            let line = match digest {
                "" => None,
                digest => Some(Line::parse(digest, size).ok_or_else(|| refusal("its line is not valid"))?),
            };
            // Of two lines the last holds, as of two entries.
            lines.insert(row[0].clone(), line);
        }
        Ok(Self { path: path.to_owned(), lines })
    }

    /// Takes what is said of a file. RECORD and its signatures need no line.
    pub(super) fn take(&mut self, path: &str) -> Result<Option<Line>, Refusal> {
        let own = path.strip_prefix(&*self.path).is_some_and(|rest| matches!(rest, "" | ".jws" | ".p7s"));
        match self.lines.remove(path) {
            Some(line) => Ok(line),
            None if own => Ok(None),
            None => Err(Refusal::entry(path, Trouble::NotInRecord)),
        }
    }

    /// Checks that no line is left over.
    pub(super) fn finish(&self) -> Result<(), Refusal> {
        let missing = self.lines.iter().filter(|(_, line)| line.is_some()).map(|(path, _)| path);
        match missing.min() {
            Some(path) => Err(Refusal::entry(path, Trouble::RecordLies("it is missing".to_owned()))),
            None => Ok(()),
        }
    }
}

impl Line {
    fn parse(digest: &str, size: &str) -> Option<Self> {
        let (function, digest) = digest.split_once('=')?;
        let (function, length) = match function {
            "sha256" => (Function::Sha256, 32),
            "sha384" => (Function::Sha384, 48),
            "sha512" => (Function::Sha512, 64),
            _ => return None,
        };
        let digest = URL_SAFE_NO_PAD.decode(digest.trim_end_matches('=')).ok()?;
        let size = if size.is_empty() { None } else { Some(size.parse().ok()?) };
        (digest.len() == length).then_some(Self { function, digest, size })
    }

    /// Returns the hash function to run over the file.
    pub(super) fn hasher(&self) -> Hasher {
        match self.function {
            Function::Sha256 => Hasher::new(Algorithm::Sha256),
            Function::Sha384 => Hasher::Sha384(Sha384::new()),
            Function::Sha512 => Hasher::new(Algorithm::Sha512),
        }
    }

    /// Compares with what was found.
    pub(super) fn check(&self, path: &str, hasher: Hasher, size: u64) -> Result<(), Refusal> {
        let lie = |what: String| Err(Refusal::entry(path, Trouble::RecordLies(what)));
        let found = hasher.finish();
        if found != self.digest {
            let [expected, found] = [&self.digest, &found].map(|digest| URL_SAFE_NO_PAD.encode(digest));
            return lie(format!("expected {expected}, found {found}"));
        }
        match self.size {
            Some(expected) if expected != size => lie(format!("expected {expected} bytes, found {size}")),
            _ => Ok(()),
        }
    }
}

/// Splits comma-separated values: fields may be quoted, a doubled quote in them is one quote.
fn rows(text: &str) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = vec![String::new()];
    let mut quoted = false;
    let mut rest = text.chars().peekable();
    let mut close = |row: &mut Vec<String>| {
        let full = std::mem::replace(row, vec![String::new()]);
        if full.len() > 1 || !full[0].is_empty() {
            rows.push(full);
        }
    };
    while let Some(c) = rest.next() {
        match c {
            '"' if quoted && rest.peek() == Some(&'"') => {
                rest.next();
                push(&mut row, '"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => row.push(String::new()),
            '\r' if !quoted && rest.peek() == Some(&'\n') => {}
            '\n' if !quoted => close(&mut row),
            c => push(&mut row, c),
        }
    }
    close(&mut row);
    rows
}

fn push(row: &mut [String], c: char) {
    if let Some(field) = row.last_mut() {
        field.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_may_be_quoted_and_end_in_two_ways() {
        let text = "a.py,sha256=x,1\r\n\"b,\"\"c\"\".py\",,\n\nd,,";
        assert_eq!(rows(text), [vec!["a.py", "sha256=x", "1"], vec!["b,\"c\".py", "", ""], vec!["d", "", ""]]);
    }

    #[test]
    fn weak_or_broken_lines_are_refused() {
        for text in ["a.py,md5=xx,1", "a.py,sha256=short,1", "a.py,sha256=x,y"] {
            assert!(Record::parse("d/RECORD", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_line_without_a_digest_makes_its_file_known() {
        for text in ["a.py", "a.py,", "a.py,,", "a.py,,5\n"] {
            let mut record = Record::parse("d/RECORD", text).unwrap();
            assert!(record.finish().is_ok(), "{text}");
            assert!(record.take("a.py").unwrap().is_none(), "{text}");
            assert!(record.take("b.py").is_err(), "{text}");
        }
    }
}

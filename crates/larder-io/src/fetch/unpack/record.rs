//! A wheel's RECORD: the list of its files with their digests and sizes.
//!
//! Source: the binary distribution format and "Recording installed projects" of the Python packaging specifications.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rustc_hash::FxHashMap;
use sha2::{Digest as _, Sha384};

use super::{ArchiveFault, ArchiveRefusal};
use crate::fetch::hashing::Hasher;
use crate::model::{Algorithm, decode_hex};

/// The lines of RECORD whose files were not unpacked yet.
pub(super) struct Record<'t> {
    /// The path of RECORD itself.
    path: String,
    /// The lines by their paths; `None` for one without a digest.
    lines: FxHashMap<Cow<'t, str>, Option<RecordLine>>,
}

/// What RECORD says of one file.
pub(super) struct RecordLine {
    function: HashFunction,
    /// The digest, followed by zeros.
    digest: [u8; LONGEST_DIGEST],
    size: Option<u64>,
}

const LONGEST_DIGEST: usize = 64;

#[derive(Clone, Copy)]
enum HashFunction {
    Sha256,
    Sha384,
    Sha512,
}

impl HashFunction {
    /// Returns the number of bytes of a digest.
    fn length(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => LONGEST_DIGEST,
        }
    }
}

impl<'t> Record<'t> {
    /// Parses RECORD, which lies at `path`.
    pub(super) fn parse(path: &str, text: &'t str) -> Result<Self, ArchiveRefusal> {
        let mut lines = FxHashMap::default();
        for [file, digest, size] in Rows(text) {
            let line = match &*digest {
                "" => None,
                digest => Some(RecordLine::parse(digest, &size).ok_or_else(|| {
                    ArchiveRefusal::entry(&file, ArchiveFault::RecordLies("its line is not valid".to_owned()))
                })?),
            };
            // Of two lines for one path the last counts, as of two entries.
            lines.insert(file, line);
        }
        Ok(Self { path: path.to_owned(), lines })
    }

    /// Takes the line of a file. RECORD itself and its signatures need no line.
    pub(super) fn take(&mut self, path: &str) -> Result<Option<RecordLine>, ArchiveRefusal> {
        let own = path.strip_prefix(&*self.path).is_some_and(|rest| matches!(rest, "" | ".jws" | ".p7s"));
        match self.lines.remove(path) {
            Some(line) => Ok(line),
            None if own => Ok(None),
            None => Err(ArchiveRefusal::entry(path, ArchiveFault::NotInRecord)),
        }
    }

    /// Checks that no line is left over.
    pub(super) fn finish(&self) -> Result<(), ArchiveRefusal> {
        let missing = self.lines.iter().filter(|(_, line)| line.is_some()).map(|(path, _)| path);
        match missing.min() {
            Some(path) => Err(ArchiveRefusal::entry(path, ArchiveFault::RecordLies("it is missing".to_owned()))),
            None => Ok(()),
        }
    }
}

impl RecordLine {
    fn parse(digest: &str, size: &str) -> Option<Self> {
        let (function, text) = digest.split_once('=')?;
        let function = match function {
            "sha256" => HashFunction::Sha256,
            "sha384" => HashFunction::Sha384,
            "sha512" => HashFunction::Sha512,
            _ => return None,
        };
        let size = if size.is_empty() { None } else { Some(size.parse().ok()?) };
        let mut digest = [0; LONGEST_DIGEST];
        // `uv_build` wrote hexadecimal digits up to version 0.8.
        if decode_hex(text, &mut digest[..function.length()]).is_none() {
            digest = decode(text, function)?;
        }
        Some(Self { function, digest, size })
    }

    /// Returns the hash function to run over the file.
    pub(super) fn hasher(&self) -> Hasher {
        match self.function {
            HashFunction::Sha256 => Hasher::new(Algorithm::Sha256),
            HashFunction::Sha384 => Hasher::Sha384(Sha384::new()),
            HashFunction::Sha512 => Hasher::new(Algorithm::Sha512),
        }
    }

    /// Compares the line with the digest and the size of the file at `path`.
    pub(super) fn check(&self, path: &str, hasher: Hasher, size: u64) -> Result<(), ArchiveRefusal> {
        let lie = |what: String| Err(ArchiveRefusal::entry(path, ArchiveFault::RecordLies(what)));
        let (expected, found) = (&self.digest[..self.function.length()], hasher.finish());
        if found != expected {
            let [expected, found] = [expected, &found].map(|digest| URL_SAFE_NO_PAD.encode(digest));
            return lie(format!("expected {expected}, found {found}"));
        }
        match self.size {
            Some(expected) if expected != size => lie(format!("expected {expected} bytes, found {size}")),
            _ => Ok(()),
        }
    }
}

/// Decodes a digest as the format wants it: URL-safe Base64.
fn decode(text: &str, function: HashFunction) -> Option<[u8; LONGEST_DIGEST]> {
    // Decoding wants room for a few bytes more than there will be.
    let mut decoded = [0; LONGEST_DIGEST + 8];
    let length = URL_SAFE_NO_PAD.decode_slice(text.trim_end_matches('='), &mut decoded).ok()?;
    decoded.first_chunk().copied().filter(|_| length == function.length())
}

/// The first three fields of the rows of comma-separated values: a field may be quoted, and a doubled quote in it is one quote.
struct Rows<'t>(&'t str);

impl<'t> Iterator for Rows<'t> {
    type Item = [Cow<'t, str>; 3];

    fn next(&mut self) -> Option<Self::Item> {
        while !self.0.is_empty() {
            let (line, rest) = match self.0.split_once('\n') {
                Some((line, rest)) => (line.strip_suffix('\r').unwrap_or(line), rest),
                None => (self.0, ""),
            };
            if line.contains('"') {
                let mut fields = self.take_quoted().into_iter().map(Cow::Owned);
                return Some([(); 3].map(|()| fields.next().unwrap_or_default()));
            }
            self.0 = rest;
            if !line.is_empty() {
                let mut fields = line.split(',').map(Cow::Borrowed);
                return Some([(); 3].map(|()| fields.next().unwrap_or_default()));
            }
        }
        None
    }
}

impl Rows<'_> {
    /// Takes a row with quotes, which may have line breaks between them.
    fn take_quoted(&mut self) -> Vec<String> {
        let mut fields = vec![String::new()];
        let mut quoted = false;
        let mut rest = self.0.char_indices().peekable();
        self.0 = loop {
            let Some((at, c)) = rest.next() else { break "" };
            let next = rest.peek().map(|(_, next)| *next);
            match c {
                '"' if quoted && next == Some('"') => {
                    rest.next();
                    push(&mut fields, '"');
                }
                '"' => quoted = !quoted,
                ',' if !quoted => fields.push(String::new()),
                '\r' if !quoted && next == Some('\n') => {}
                '\n' if !quoted => break &self.0[at + 1..],
                c => push(&mut fields, c),
            }
        };
        fields
    }
}

fn push(fields: &mut [String], c: char) {
    if let Some(field) = fields.last_mut() {
        field.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_may_be_quoted_and_end_in_two_ways() {
        let text = "a.py,sha256=x,1\r\n\"b,\"\"c\"\".py\",,\n\nd,,\ne\r,f\n\"g\r\nh\",\"\",3,4\r\n\"\"\ni";
        let expected = [
            ["a.py", "sha256=x", "1"],
            ["b,\"c\".py", "", ""],
            ["d", "", ""],
            ["e\r", "f", ""],
            ["g\r\nh", "", "3"],
            ["", "", ""],
            ["i", "", ""],
        ];
        assert!(Rows(text).eq(expected));
    }

    #[test]
    fn weak_or_broken_lines_are_refused() {
        for text in ["a.py,md5=xx,1", "a.py,sha256=short,1", "a.py,sha256=x,y"] {
            assert!(Record::parse("d/RECORD", text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_digest_may_be_hexadecimal() {
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        let fits = |digest: &str| {
            let text = format!("a.py,sha256={digest},0");
            let line = Record::parse("d/RECORD", &text).ok()?.take("a.py").unwrap()?;
            Some(line.check("a.py", line.hasher(), 0).is_ok())
        };
        assert_eq!(fits(empty), Some(true));
        assert_eq!(fits(&empty.replace('e', "f")), Some(false));
        assert_eq!(fits(&empty.replace('e', "g")), None);
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

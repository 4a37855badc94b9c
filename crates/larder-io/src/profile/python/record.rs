//! `RECORD`: the list of a distribution's files with their hashes (PEP 376, PEP 427).

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};

/// A file as RECORD knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Recorded {
    /// `sha256=…`
    pub(super) hash: String,
    /// In bytes.
    pub(super) size: u64,
}

impl Recorded {
    /// Returns what RECORD says of a file with this content.
    pub(super) fn of(content: &[u8]) -> Self {
        let hash = format!("sha256={}", URL_SAFE_NO_PAD.encode(Sha256::digest(content)));
        Self { hash, size: content.len() as u64 }
    }
}

/// Reads a wheel's own RECORD. Lines without a sound hash and size (its own, signatures) are left out.
pub(super) fn parse(text: &str) -> BTreeMap<String, Recorded> {
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let mut fields = fields(line).into_iter();
        let (Some(path), Some(hash), Some(size)) = (fields.next(), fields.next(), fields.next()) else { continue };
        let strong = ["sha256=", "sha384=", "sha512="].iter().any(|prefix| hash.starts_with(prefix));
        if let (true, Ok(size)) = (strong, size.parse()) {
            found.insert(path, Recorded { hash, size });
        }
    }
    found
}

/// Splits a line of comma-separated values; a quoted value may hold commas and doubled quotes.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = line.chars().peekable();
    while let Some(c) = chars.next() {
        let last = fields.len() - 1;
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                fields[last].push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            c => fields[last].push(c),
        }
    }
    fields
}

/// Writes RECORD: sorted, with the lines of those files that have neither hash nor size, RECORD's own among them. Paths
/// are relative to `site-packages`.
pub(super) fn write(files: &BTreeMap<String, Recorded>, unhashed: &[String]) -> String {
    let mut lines: Vec<String> = files
        .iter()
        .map(|(path, recorded)| {
            let mut line = quoted(path);
            let _ = write!(line, ",{},{}", recorded.hash, recorded.size);
            line
        })
        .collect();
    lines.extend(unhashed.iter().map(|path| format!("{},,", quoted(path))));
    lines.sort_unstable();
    lines.iter().fold(String::new(), |text, line| text + line + "\n")
}

/// Returns RECORD without the lines of files that another distribution brings in the place of this one.
pub fn without(text: &str, dropped: &BTreeSet<String>) -> String {
    let is_dropped = |line: &&str| fields(line).first().is_some_and(|path| dropped.contains(path));
    text.lines().filter(|line| !is_dropped(line)).fold(String::new(), |text, line| text + line + "\n")
}

fn quoted(path: &str) -> String {
    if path.contains(['"', ',', '\n', '\r']) { format!("\"{}\"", path.replace('"', "\"\"")) } else { path.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let files: BTreeMap<String, Recorded> =
            ["a/b.py", "odd,\"name\".py"].map(|path| (path.to_owned(), Recorded::of(path.as_bytes()))).into();
        let text = write(&files, &["a-1.dist-info/RECORD".to_owned()]);
        assert_eq!(parse(&text), files);
        assert!(text.contains("a-1.dist-info/RECORD,,\n"));
        assert!(text.contains("\"odd,\"\"name\"\".py\",sha256="));
    }

    #[test]
    fn the_hash_is_urlsafe_and_unpadded() {
        assert_eq!(Recorded::of(b"").hash, "sha256=47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU");
    }
}

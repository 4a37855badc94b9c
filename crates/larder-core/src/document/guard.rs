//! What of an XML text is refused before it is parsed: all that could make parsing slow, deep or large. Reads every byte once.

use super::{DocumentError, DocumentProblem, MAX_BYTES, MAX_DEPTH, MAX_NODES};

/// The most attributes of an element: parsers compare each with all others.
const MAX_ATTRIBUTES: usize = 1000;

/// Refuses texts that are too long, too deep or have too many parts, and those with a document type declaration. What is not
/// well-formed is left to the parser.
pub(super) fn guard(text: &str) -> Result<(), DocumentError> {
    if text.len() > MAX_BYTES {
        return Err(DocumentError::new(DocumentProblem::TooLong, 0));
    }
    let bytes = text.as_bytes();
    let (mut at, mut depth, mut nodes) = (0, 0_usize, 0_usize);
    while let Some(found) = memchr::memchr(b'<', &bytes[at..]) {
        let start = at + found;
        let rest = &bytes[start..];
        if rest.starts_with(b"<!--") {
            at = after(bytes, start + 4, b"-->");
        } else if rest.starts_with(b"<![CDATA[") {
            at = after(bytes, start + 9, b"]]>");
        } else if rest.starts_with(b"<?") {
            at = after(bytes, start + 2, b"?>");
        } else if rest.starts_with(b"<!") {
            return Err(DocumentError::new(DocumentProblem::Doctype, start));
        } else if rest.starts_with(b"</") {
            depth = depth.saturating_sub(1);
            at = start + 2;
        } else {
            let tag = tag(bytes, start)?;
            nodes += 1 + tag.attributes;
            if nodes > MAX_NODES {
                return Err(DocumentError::new(DocumentProblem::TooManyNodes, start));
            }
            if !tag.is_empty {
                depth += 1;
            }
            if depth > MAX_DEPTH {
                return Err(DocumentError::new(DocumentProblem::TooDeep, start));
            }
            at = tag.end;
        }
    }
    Ok(())
}

struct Tag {
    attributes: usize,
    is_empty: bool,
    end: usize,
}

/// Reads a start tag.
fn tag(bytes: &[u8], start: usize) -> Result<Tag, DocumentError> {
    let (mut at, mut attributes) = (start + 1, 0);
    while let Some(found) = memchr::memchr3(b'>', b'"', b'\'', &bytes[at..]) {
        let place = at + found;
        if bytes[place] == b'>' {
            return Ok(Tag { attributes, is_empty: bytes[place - 1] == b'/', end: place + 1 });
        }
        attributes += 1;
        if attributes > MAX_ATTRIBUTES {
            return Err(DocumentError::new(DocumentProblem::TooManyAttributes(MAX_ATTRIBUTES), start));
        }
        at = memchr::memchr(bytes[place], &bytes[place + 1..]).map_or(bytes.len(), |end| place + 1 + end + 1);
    }
    Ok(Tag { attributes, is_empty: false, end: bytes.len() })
}

fn after(bytes: &[u8], from: usize, end: &[u8]) -> usize {
    bytes.get(from..).and_then(|rest| memchr::memmem::find(rest, end)).map_or(bytes.len(), |at| from + at + end.len())
}

//! Bytes → text, in the encoding that they are in.
//!
//! XML says its encoding itself: by a byte order mark, or in its declaration (XML 1.0, appendix F). Everything else is UTF-8.

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// How far into a file its declaration is looked for.
const MAX_DECLARATION: usize = 256;

/// Why bytes are no text.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotText {
    /// The bytes are not of the encoding.
    #[error("it is not {encoding} text: byte {offset} of it is none")]
    Malformed {
        /// The encoding's name.
        encoding: &'static str,
        /// The first byte that is wrong.
        offset: usize,
    },
    /// The declaration names an encoding that is not known.
    #[error("it is in the encoding `{0}`, which is not known")]
    Unknown(String),
}

/// Returns the text of a file. A declaration of XML in it says UTF-8 then, as what is read is.
pub fn decode(bytes: Vec<u8>) -> Result<String, NotText> {
    let (encoding, marked) = match Encoding::for_bom(&bytes) {
        Some((encoding, mark)) => (encoding, mark),
        None => (declared(&bytes)?, 0),
    };
    if encoding == UTF_8 {
        return String::from_utf8(bytes)
            .map_err(|error| NotText::Malformed { encoding: "UTF-8", offset: error.utf8_error().valid_up_to() });
    }
    let text = encoding.decode_without_bom_handling_and_without_replacement(&bytes[marked..]);
    let text = text.ok_or_else(|| NotText::Malformed { encoding: encoding.name(), offset: wrong(encoding, &bytes) })?;
    // Only XML says what it is in: what looks through the texts of other formats would not see it.
    if !text.trim_start().starts_with('<') {
        return Err(NotText::Malformed { encoding: "UTF-8", offset: 0 });
    }
    Ok(match encoding_name(&text) {
        // As long as it was, so that what stands behind it stays in its column.
        Some((start, end)) => {
            let behind =
                format!("UTF-8{}{}", &text[end..=end], " ".repeat((end - start).saturating_sub("UTF-8".len())));
            format!("{}{behind}{}", &text[..start], &text[end + 1..])
        }
        None => text.into_owned(),
    })
}

/// Returns the encoding of bytes without a byte order mark.
fn declared(bytes: &[u8]) -> Result<&'static Encoding, NotText> {
    match bytes {
        [b'<', 0, b'?', 0, ..] => return Ok(UTF_16LE),
        [0, b'<', 0, b'?', ..] => return Ok(UTF_16BE),
        _ => {}
    }
    let start = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_DECLARATION)]);
    let Some((from, to)) = encoding_name(&start) else { return Ok(UTF_8) };
    let name = &start[from..to];
    match Encoding::for_label(name.as_bytes()) {
        // What begins with `<?` a byte each is not in UTF-16.
        Some(encoding) if encoding == UTF_16LE || encoding == UTF_16BE => Ok(UTF_8),
        Some(encoding) => Ok(encoding),
        None => Err(NotText::Unknown(name.to_owned())),
    }
}

/// Returns where a declaration of XML names its encoding.
fn encoding_name(text: &str) -> Option<(usize, usize)> {
    let declaration =
        &text[..text.strip_prefix("<?xml").filter(|rest| rest.starts_with(char::is_whitespace))?.find("?>")? + 5];
    let mut from = declaration.find("encoding")? + "encoding".len();
    from += declaration[from..].find(['"', '\''])?;
    let quote = declaration[from..].chars().next()?;
    from += 1;
    Some((from, from + declaration[from..].find(quote)?))
}

/// Returns the first byte that an encoding does not have.
fn wrong(encoding: &'static Encoding, bytes: &[u8]) -> usize {
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let mut text = vec![0; decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or_default()];
    decoder.decode_to_utf8_without_replacement(bytes, &mut text, true).1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf_16(text: &str, bytes: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn xml_is_read_in_the_encoding_that_it_names() {
        let utf_8 = |declared: &str| format!("<?xml version=\"1.0\" encoding={declared}?><a>é</a>");
        let latin = [b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>", &b"<a>\xe9</a>"[..]].concat();
        assert_eq!(decode(latin).unwrap(), utf_8("\"UTF-8\"     "));
        let text = utf_8("'UTF-16'");
        for bytes in [
            utf_16(&format!("\u{feff}{text}"), u16::to_le_bytes),
            utf_16(&format!("\u{feff}{text}"), u16::to_be_bytes),
            utf_16(&text, u16::to_le_bytes),
            utf_16(&text, u16::to_be_bytes),
        ] {
            assert_eq!(decode(bytes).unwrap(), utf_8("'UTF-8' "));
        }
        let marked = format!("\u{feff}{}", utf_8("\"utf-8\""));
        assert_eq!(decode(marked.clone().into_bytes()).unwrap(), marked);
    }

    #[test]
    fn what_is_no_text_says_where_it_ends_to_be_one() {
        assert_eq!(decode(b"{\"a\xe9\": 1}".to_vec()), Err(NotText::Malformed { encoding: "UTF-8", offset: 3 }));
        assert!(matches!(
            decode(b"\xff\xfe<\0\0\xd8<\0".to_vec()),
            Err(NotText::Malformed { encoding: "UTF-16LE", .. })
        ));
        let unknown = "<?xml version='1.0' encoding='klingon'?><a/>";
        let kdl: Vec<u8> = "\u{feff}adapter".encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(kdl), Err(NotText::Malformed { encoding: "UTF-8", offset: 0 }));
        assert_eq!(decode(unknown.into()), Err(NotText::Unknown("klingon".to_owned())));
        for whole in ["", "<?xml", "<?xml ?>", "<?xml encoding='x", "<?xmlencoding='x'?>", "<?xml encoding='UTF-16'?>"]
        {
            assert_eq!(decode(whole.into()).as_deref(), Ok(whole));
        }
    }
}

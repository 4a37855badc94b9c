//! Strings as KDL writes them.

/// Returns the text as a quoted KDL string.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // Characters that KDL does not allow as they are, and its rarer newlines.
            '\0'..='\u{1f}'
            | '\u{7f}'..='\u{85}'
            | '\u{200e}'..='\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2066}'..='\u{2069}'
            | '\u{feff}' => {
                use std::fmt::Write;
                let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quoted_text_is_read_back() {
        for text in ["^1.2", "a\"b\\c", "sys_platform == 'win32'", "\n\t\u{85}\u{2028}\u{feff}\u{0}ü"] {
            let document = kdl::KdlDocument::parse_v2(&format!("a {}", quoted(text))).unwrap();
            assert_eq!(document.get_arg("a").and_then(|value| value.as_string()), Some(text));
        }
    }
}

//! Scalars of YAML 1.2, as pnpm writes them.

use std::borrow::Cow;

/// Returns a text as a scalar: plain where that is safe, else in quotes.
pub(super) fn scalar(text: &str) -> Cow<'_, str> {
    let is_plain_byte = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./@()^~+=<>:| ".contains(&byte);
    let starts_plain = |first: u8| first.is_ascii_alphanumeric() || matches!(first, b'.' | b'^' | b'~' | b'(' | b'/');
    let looks_otherwise = text.parse::<f64>().is_ok()
        || matches!(text.to_ascii_lowercase().as_str(), "true" | "false" | "null" | "yes" | "no" | "on" | "off" | "~");
    let is_plain = text.bytes().next().is_some_and(starts_plain)
        && text.bytes().all(is_plain_byte)
        && !text.contains(": ")
        && !text.ends_with([':', ' '])
        && !looks_otherwise;
    if is_plain {
        Cow::Borrowed(text)
    } else if text.chars().any(char::is_control) {
        // JSON's strings are YAML's.
        Cow::Owned(serde_json::Value::from(text).to_string())
    } else {
        Cow::Owned(format!("'{}'", text.replace('\'', "''")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_read_back() {
        for text in [
            "react",
            "@scope/a",
            "^1.2",
            ">=1 <2",
            "1.0",
            "1",
            "true",
            "null",
            "~",
            "a: b",
            "a:",
            " a",
            "it's",
            "a\nb",
            "-",
            "#a",
            "*",
            "!x",
            "link:../a",
            "npm:react@^16",
            "0x10",
            "1e3",
            "",
            "a #b",
            "[a]",
            "react@18.3.1(zod@3.2.0)",
        ] {
            let read: std::collections::BTreeMap<String, String> =
                serde_saphyr::from_str(&format!("{}: {}\n", scalar("key"), scalar(text))).unwrap();
            assert_eq!(read.get("key").map(String::as_str), Some(text), "{}", scalar(text));
            if !text.is_empty() {
                let read: std::collections::BTreeMap<String, String> =
                    serde_saphyr::from_str(&format!("{}: x\n", scalar(text))).unwrap();
                assert!(read.contains_key(text), "{}", scalar(text));
            }
        }
    }
}

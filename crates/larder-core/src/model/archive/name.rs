//! The names of tools: `ripgrep`. Whoever writes the line gives it.

use std::borrow::Cow;

use crate::model::entry_path::is_device;

/// The most characters of a name.
const LONGEST: usize = 64;

/// Checks a name: lower case ASCII letters, digits, `-`, `.` and `_`, of which a letter or digit is first and last. A name is also a
/// folder on any disk.
///
/// # Errors
/// The reason why the name is invalid, as the end of a sentence.
pub(in crate::model) fn normal(text: &str) -> Result<Cow<'_, str>, &'static str> {
    let is_plain = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let ends = bytes.first().is_some_and(is_plain) && bytes.last().is_some_and(is_plain);
    if text.len() > LONGEST {
        Err("is not a name of a tool: it is longer than 64 characters")
    } else if !ends || !bytes.iter().all(|byte| is_plain(byte) || b"-._".contains(byte)) {
        Err(
            "is not a name of a tool: those have lower case letters, digits, `-`, `.` and `_`, and a letter or digit at both ends",
        )
    } else if text.contains("..") || is_device(text) {
        Err("is not a name of a tool: no folder can be called like that on every system")
    } else {
        Ok(Cow::Borrowed(text))
    }
}

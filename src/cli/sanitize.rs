//! Sanitizing text for the terminal. Names, ranges, URLs and messages may come from registries, locks and folders: control
//! characters are escaped, lines cannot be forged, and passwords are removed.

use std::borrow::Cow;
use std::fmt::Write;

use crate::diagnostic::{credentials, redact_passwords};

/// The length above which a word is truncated.
const MAX_WORD: usize = 4096;
/// The length to which a long word is truncated.
const TRUNCATED_WORD: usize = 500;

/// Returns the text as a single line.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    escaped(text, |c| is_control(c) || c == '\n')
}

/// Returns the text with several lines, of which all but the first begin with a dash, as in the lists of messages. Other newlines
/// are escaped.
pub(super) fn list(text: &str) -> Cow<'_, str> {
    if text.lines().skip(1).all(|line| line.starts_with("- ")) {
        return escaped(text, is_control);
    }
    let mut out = String::with_capacity(text.len());
    for (place, line) in text.split('\n').enumerate() {
        if place > 0 {
            out.push_str(if line.starts_with("- ") { "\n" } else { "\\n" });
        }
        out.push_str(&escaped(line, is_control));
    }
    Cow::Owned(out)
}

/// Returns the text of a file with unchanged offsets: control characters and secrets are replaced by characters of the same
/// length.
pub(super) fn source_text(text: &str) -> Cow<'_, str> {
    let secrets = secrets(text);
    let is_control = |c| is_control(c) && c != '\r';
    if secrets.is_empty() && !text.contains(is_control) {
        return Cow::Borrowed(text);
    }
    let is_secret = |at: usize| secrets.iter().any(|(from, to)| (*from..*to).contains(&at));
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c.len_utf8() {
            length if is_secret(at) => out.extend(std::iter::repeat_n('*', length)),
            _ if !is_control(c) => out.push(c),
            1 => out.push('?'),
            2 => out.push('¿'),
            _ => out.push('\u{fffd}'),
        }
    }
    Cow::Owned(out)
}

/// Returns a JSON document without control characters beyond ASCII. JSON itself escapes those of ASCII.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    let is_odd = |c: char| !c.is_ascii() && is_control(c);
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_odd(c) {
            // All of them are in the basic multilingual plane.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Returns whether a character can affect the terminal: C0 and C1 controls except newline and tab, and characters that change the
/// direction of text.
fn is_control(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool + Copy) -> Cow<'_, str> {
    let text = redact_passwords(text);
    let is_long = text.len() > MAX_WORD && text.split_whitespace().any(|word| word.len() > MAX_WORD);
    if !is_long && !text.contains(is_escaped) {
        return text;
    }
    let mut out = String::with_capacity(text.len().min(2 * MAX_WORD));
    for word in text.split_inclusive(char::is_whitespace) {
        let cut = if word.len() > MAX_WORD { prefix_length(word, TRUNCATED_WORD) } else { word.len() };
        for c in word[..cut].chars() {
            match c {
                '\n' if is_escaped(c) => out.push_str("\\n"),
                '\r' => out.push_str("\\r"),
                c if is_escaped(c) => {
                    let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
                }
                c => out.push(c),
            }
        }
        if cut < word.len() {
            out.push('…');
        }
    }
    Cow::Owned(out)
}

/// Returns the length of the longest prefix that has at most `max` bytes.
fn prefix_length(text: &str, max: usize) -> usize {
    (0..=max.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// Finds the secrets in a manifest's text: credentials and queries of URLs, and tokens in clear text.
fn secrets(text: &str) -> Vec<(usize, usize)> {
    let mut found = credentials(text);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.trim_end().len();
        // The query of a signed URL.
        for (at, _) in line.match_indices("://") {
            let rest = &line[at..];
            let until = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
            if let Some(query) = rest[..until].find('?') {
                found.push((start + at + query + 1, start + at + until));
            }
        }
        // `token "…"`, at the beginning of the line or of a block.
        for (at, _) in line.match_indices("token") {
            let before = line[..at].trim_end();
            let after = &line[at + "token".len()..];
            if !(before.is_empty() || before.ends_with(['{', ';', '-'])) || !after.starts_with([' ', '\t']) {
                continue;
            }
            let mut word_at = start + at + "token".len();
            for word in after.split_inclusive([' ', '\t', ';', '}']) {
                let bare = word.trim_end_matches([' ', '\t', ';', '}', '\r', '\n']);
                let is_reference = ["env=", "file="].iter().any(|name| bare.starts_with(name));
                if bare.starts_with(['{', '/']) {
                    break;
                }
                if !is_reference && !matches!(bare, "" | "netrc" | "\"netrc\"") {
                    let value = bare.find('=').map_or(0, |equals| equals + 1);
                    found.push((word_at + value, (word_at + bare.len()).min(end)));
                }
                if word.ends_with([';', '}']) {
                    break;
                }
                word_at += word.len();
            }
        }
        start += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_acts_upon_is_made_visible() {
        assert_eq!(
            one_line("a\u{1b}]0;x\u{7}b\u{9b}2J\u{202e}c\u{7f}\r"),
            "a\\u{1b}]0;x\\u{7}b\\u{9b}2J\\u{202e}c\\u{7f}\\r"
        );
        assert_eq!(one_line("left\nwarning: forged"), "left\\nwarning: forged");
        assert!(matches!(one_line("größe → ✓ 𝒳\t|"), Cow::Borrowed("größe → ✓ 𝒳\t|")));
    }

    #[test]
    fn only_lists_have_lines() {
        assert_eq!(list("because:\n- a\n- b"), "because:\n- a\n- b");
        assert_eq!(list("a\nLocked 3 packages\n- b\u{1b}"), "a\\nLocked 3 packages\n- b\\u{1b}");
    }

    #[test]
    fn characters_of_a_file_stay_in_their_places() {
        let text = "npm \"a\u{1b}b\u{9b}c\u{202e}\"\r\nname \"ü\"";
        let shown = source_text(text);
        assert_eq!(shown, "npm \"a?b¿c\u{fffd}\"\r\nname \"ü\"");
        assert_eq!(shown.len(), text.len());
    }

    #[test]
    fn passwords_are_not_repeated() {
        let told = redact_passwords(
            "`https://me:s3cret@h/x` and git+https://t0ken@h and ssh://git@h/ and http://h/a@b npm:left@^1",
        );
        assert_eq!(told, "`https://***@h/x` and git+https://***@h and ssh://git@h/ and http://h/a@b npm:left@^1");
        let manifest = "npm \"a\" \"https://me:pw@h/\" {\n    token \"s3 cret\"\n    token env=\"NAME\"\n    token \"netrc\"; token value=s3cret }\n";
        let shown = source_text(manifest);
        assert_eq!(shown.len(), manifest.len());
        assert!(!shown.contains("s3") && !shown.contains("cret") && !shown.contains("pw"), "{shown}");
        assert!(
            shown.contains("token env=\"NAME\"\n    token \"netrc\"; token value=") && shown.contains("@h/"),
            "{shown}"
        );
        assert!(matches!(source_text("packages \"@acme/token\"\n"), Cow::Borrowed(_)));
    }

    #[test]
    fn what_is_endless_is_cut() {
        let long = format!("see {} there", "x".repeat(1 << 20));
        let shown = one_line(&long);
        assert!(shown.len() < 600 && shown.ends_with("x… there") || shown.ends_with("x…there"), "{shown}");
        let path = format!("`/{}`", "y".repeat(3000));
        assert_eq!(one_line(&path), path);
    }

    #[test]
    fn documents_keep_their_meaning() {
        let document = serde_json::to_string("a\u{9b}b\u{202e}\u{1b}é").unwrap();
        let shown = json(&document);
        assert!(shown.is_ascii() || shown.contains('é'));
        assert!(!shown.contains('\u{9b}') && !shown.contains('\u{202e}'), "{shown}");
        assert_eq!(serde_json::from_str::<String>(&shown).unwrap(), "a\u{9b}b\u{202e}\u{1b}é");
    }
}

//! Texts as a terminal may get them. Names, ranges, addresses and messages come from registries, locks and folders: what
//! a terminal would act upon is made visible, no line is forged, and no password is repeated.

use std::borrow::Cow;
use std::fmt::Write;

/// What is longer, without a space, is no word that anybody reads or copies.
const LONGEST_WORD: usize = 4096;
/// How much of such a word is shown.
const OF_A_LONG_WORD: usize = 500;

/// Returns a text that is one line.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    readable(text, |c| is_acted_upon(c) || c == '\n')
}

/// Returns a text of several lines, where each further one begins with a dash: a list, as messages have it.
pub(super) fn lines(text: &str) -> Cow<'_, str> {
    if text.lines().skip(1).all(|line| line.starts_with("- ")) {
        return readable(text, is_acted_upon);
    }
    let mut out = String::with_capacity(text.len());
    for (place, line) in text.split('\n').enumerate() {
        if place > 0 {
            out.push_str(if line.starts_with("- ") { "\n" } else { "\\n" });
        }
        out.push_str(&readable(line, is_acted_upon));
    }
    Cow::Owned(out)
}

/// Returns the text of a file with every character in its place: those that a terminal would act upon are replaced by
/// others of the same length, and so are passwords.
pub(super) fn in_place(text: &str) -> Cow<'_, str> {
    let secrets = secrets(text);
    let is_acted_upon = |c| is_acted_upon(c) && c != '\r';
    if secrets.is_empty() && !text.contains(is_acted_upon) {
        return Cow::Borrowed(text);
    }
    let is_secret = |at: usize| secrets.iter().any(|(from, to)| (*from..*to).contains(&at));
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        match c.len_utf8() {
            length if is_secret(at) => out.extend(std::iter::repeat_n('*', length)),
            _ if !is_acted_upon(c) => out.push(c),
            1 => out.push('?'),
            2 => out.push('¿'),
            _ => out.push('\u{fffd}'),
        }
    }
    Cow::Owned(out)
}

/// Returns a message without the passwords in its addresses.
pub(super) fn without_passwords(text: &str) -> Cow<'_, str> {
    let found = credentials(text);
    if found.is_empty() {
        return Cow::Borrowed(text);
    }
    let (mut out, mut at) = (String::with_capacity(text.len()), 0);
    for (from, to) in found {
        out.push_str(&text[at..from]);
        out.push_str("***");
        at = to;
    }
    out.push_str(&text[at..]);
    Cow::Owned(out)
}

/// Returns a JSON document whose characters a terminal does not act upon: JSON itself escapes those of ASCII only.
pub(super) fn json(text: &str) -> Cow<'_, str> {
    let is_odd = |c: char| !c.is_ascii() && is_acted_upon(c);
    if !text.contains(is_odd) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if is_odd(c) {
            // All of them are of the first plane.
            let _ = write!(out, "\\u{:04x}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// Returns whether a terminal acts upon a character: controls of both kinds, and what turns the direction of a text round.
/// Newlines and tabs have their place in texts.
fn is_acted_upon(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn readable(text: &str, is_escaped: impl Fn(char) -> bool + Copy) -> Cow<'_, str> {
    let text = without_passwords(text);
    let is_long = text.len() > LONGEST_WORD && text.split_whitespace().any(|word| word.len() > LONGEST_WORD);
    if !is_long && !text.contains(is_escaped) {
        return text;
    }
    let mut out = String::with_capacity(text.len().min(2 * LONGEST_WORD));
    for word in text.split_inclusive(char::is_whitespace) {
        let cut = if word.len() > LONGEST_WORD { beginning(word, OF_A_LONG_WORD) } else { word.len() };
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

/// Returns where a text is cut to have at most so many bytes.
fn beginning(text: &str, most: usize) -> usize {
    (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default()
}

/// Finds the secrets in a manifest's text: the credentials of addresses, and what stands in place of a token.
fn secrets(text: &str) -> Vec<(usize, usize)> {
    let mut found = credentials(text);
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let end = start + line.trim_end().len();
        // A query, as signed addresses have it.
        for (at, _) in line.match_indices("://") {
            let rest = &line[at..];
            let until = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
            if let Some(query) = rest[..until].find('?') {
                found.push((start + at + query + 1, start + at + until));
            }
        }
        // `token "…"`, at the line's beginning or in a block's.
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

/// Finds the credentials of the addresses in a text: a token, or a name with a password.
fn credentials(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(':') {
        let is_letter = |c: &char| c.is_ascii_alphanumeric() || "+-.".contains(*c);
        let scheme = text[..at].chars().rev().take_while(is_letter).count();
        let slashes = text[at + 1..].bytes().take_while(|byte| *byte == b'/').count();
        // `npm:left@^1` is no address; `https:/h` was meant for one.
        let is_web = ["http", "https", "ftp"].iter().any(|web| text[..at].ends_with(web));
        if scheme == 0 || (slashes < 2 && !is_web) {
            continue;
        }
        let start = at + 1 + slashes;
        let rest = &text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'`<>".contains(c)).unwrap_or(rest.len());
        let Some(length) = rest[..end].rfind('@') else { continue };
        // `ssh://git@…` names a user of no secret.
        if !matches!(&rest[..length], "git" | "***") {
            found.push((start, start + length));
        }
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
        assert_eq!(lines("because:\n- a\n- b"), "because:\n- a\n- b");
        assert_eq!(lines("a\nLocked 3 packages\n- b\u{1b}"), "a\\nLocked 3 packages\n- b\\u{1b}");
    }

    #[test]
    fn characters_of_a_file_stay_in_their_places() {
        let text = "npm \"a\u{1b}b\u{9b}c\u{202e}\"\r\nname \"ü\"";
        let shown = in_place(text);
        assert_eq!(shown, "npm \"a?b¿c\u{fffd}\"\r\nname \"ü\"");
        assert_eq!(shown.len(), text.len());
    }

    #[test]
    fn passwords_are_not_repeated() {
        let told = without_passwords(
            "`https://me:s3cret@h/x` and git+https://t0ken@h and ssh://git@h/ and http://h/a@b npm:left@^1",
        );
        assert_eq!(told, "`https://***@h/x` and git+https://***@h and ssh://git@h/ and http://h/a@b npm:left@^1");
        let manifest = "npm \"a\" \"https://me:pw@h/\" {\n    token \"s3 cret\"\n    token env=\"NAME\"\n    token \"netrc\"; token value=s3cret }\n";
        let shown = in_place(manifest);
        assert_eq!(shown.len(), manifest.len());
        assert!(!shown.contains("s3") && !shown.contains("cret") && !shown.contains("pw"), "{shown}");
        assert!(
            shown.contains("token env=\"NAME\"\n    token \"netrc\"; token value=") && shown.contains("@h/"),
            "{shown}"
        );
        assert!(matches!(in_place("packages \"@acme/token\"\n"), Cow::Borrowed(_)));
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

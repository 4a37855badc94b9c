//! Text without the passwords in its URLs.

use std::borrow::Cow;

/// Returns a message without the passwords in its URLs.
pub fn redact_passwords(text: &str) -> Cow<'_, str> {
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

/// Finds the credentials of the URLs in a text: a token, or a user with a password.
pub fn credentials(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    for (at, _) in text.match_indices(':') {
        let is_letter = |c: &char| c.is_ascii_alphanumeric() || "+-.".contains(*c);
        let scheme = text[..at].chars().rev().take_while(is_letter).count();
        let slashes = text[at + 1..].bytes().take_while(|byte| *byte == b'/').count();
        // `npm:left@^1` is not a URL, and `https:/h` is meant to be one.
        let is_web = ["http", "https", "ftp"].iter().any(|web| text[..at].ends_with(web));
        if scheme == 0 || (slashes < 2 && !is_web) {
            continue;
        }
        let start = at + 1 + slashes;
        let rest = &text[start..];
        let end = rest.find(|c: char| c.is_whitespace() || "/?#\"'`<>".contains(c)).unwrap_or(rest.len());
        let Some(length) = rest[..end].rfind('@') else { continue };
        // The user of `ssh://git@…` is not a secret.
        if !matches!(&rest[..length], "git" | "***") {
            found.push((start, start + length));
        }
    }
    found
}

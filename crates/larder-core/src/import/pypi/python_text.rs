//! Python text as tokens: as much of its grammar as reading without running needs.

/// A token of Python text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PythonToken<'t> {
    /// A name, with the dots in it, or a number.
    Name(&'t str),
    /// The value of a string.
    Text(String),
    /// A string whose value is computed: `f"…"`.
    Computed,
    /// Any other character that is no white space.
    Mark(char),
    /// The end of a line outside of brackets.
    End,
    /// White space at the beginning of a line outside of brackets.
    Indentation,
}

/// Splits Python text. Numbers are names; what is no token is a mark.
pub fn python_tokens(text: &str) -> Vec<PythonToken<'_>> {
    let mut found = Vec::new();
    let (mut rest, mut depth) = (text, 0usize);
    while let Some(c) = rest.chars().next() {
        let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '.';
        if c == '#' {
            rest = rest.find('\n').map_or("", |end| &rest[end..]);
        } else if c == '\n' {
            if depth == 0 && found.last().is_some_and(|last| *last != PythonToken::End) {
                found.push(PythonToken::End);
            }
            rest = &rest[1..];
            if depth == 0 && rest.starts_with([' ', '\t']) {
                found.push(PythonToken::Indentation);
            }
        } else if let Some(after) = rest.strip_prefix("\\\n") {
            rest = after;
        } else if matches!(c, '"' | '\'') {
            let (value, after) = string(rest, false);
            found.push(PythonToken::Text(value));
            rest = after;
        } else if is_word(c) {
            let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at(end);
            let prefix = word.to_ascii_lowercase();
            if after.starts_with(['"', '\'']) && matches!(&*prefix, "r" | "u" | "b" | "f" | "rb" | "br" | "rf" | "fr") {
                let (value, after) = string(after, prefix.contains('r'));
                found.push(if prefix.contains('f') { PythonToken::Computed } else { PythonToken::Text(value) });
                rest = after;
            } else {
                found.push(PythonToken::Name(word));
                rest = after;
            }
        } else {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if !c.is_whitespace() {
                found.push(PythonToken::Mark(c));
            }
            rest = &rest[c.len_utf8()..];
        }
    }
    found
}

/// Reads a string that begins with its quote. Returns its value, and the text behind it.
fn string(text: &str, is_raw: bool) -> (String, &str) {
    let quote = &text[..1];
    let triple = quote.repeat(3);
    let quote = if text.starts_with(&triple) { &*triple } else { quote };
    let mut value = String::new();
    let mut rest = &text[quote.len()..];
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix(quote) {
            return (value, after);
        }
        if c == '\n' && quote.len() == 1 {
            break;
        }
        rest = &rest[c.len_utf8()..];
        if c != '\\' {
            value.push(c);
            continue;
        }
        let Some(escaped) = rest.chars().next() else { break };
        rest = &rest[escaped.len_utf8()..];
        match escaped {
            _ if is_raw => value.extend([c, escaped]),
            '\n' => {}
            'n' => value.push('\n'),
            't' => value.push('\t'),
            '\\' | '\'' | '"' => value.push(escaped),
            other => value.extend([c, other]),
        }
    }
    (value, rest)
}

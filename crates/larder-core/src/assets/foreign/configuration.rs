//! JSON and properties as a tree of values.

use serde_json::{Map, Value};

use crate::document::JsonNode;

/// A configuration: names with values, some of which have names in turn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Configuration(pub(super) Value);

/// The most lines of a file of properties.
const MOST: usize = 10_000;

impl Configuration {
    pub(super) fn of_json(document: &JsonNode) -> Self {
        Self(document.to_serde())
    }

    /// Reads properties as Java writes them. Returns `None` if there is none.
    pub(super) fn of_properties(text: &str) -> Option<Self> {
        let mut found = Map::new();
        let mut lines = text.trim_start_matches('\u{feff}').lines().take(MOST);
        while let Some(line) = lines.next() {
            let mut line = line.trim_start().to_owned();
            if line.is_empty() || line.starts_with(['#', '!']) {
                continue;
            }
            // A line that ends with an odd number of backslashes goes on.
            while (line.len() - line.trim_end_matches('\\').len()) % 2 == 1 {
                line.pop();
                match lines.next() {
                    Some(next) => line.push_str(next.trim_start()),
                    None => break,
                }
            }
            let (name, value) = split(&line);
            found.insert(unescaped(name), Value::String(unescaped(value)));
        }
        (!found.is_empty()).then_some(Self(Value::Object(found)))
    }

    /// Returns a value: `connection.host` is that name, or `host` in `connection`.
    pub(super) fn get(&self, path: &str) -> Option<&Value> {
        find(&self.0, path)
    }

    /// Returns a value that is a text, a number or a boolean, as a text.
    pub fn text(&self, path: &str) -> Option<String> {
        scalar(self.get(path)?)
    }

    /// Returns the paths of all values that have no names in turn.
    pub(super) fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        collect(&self.0, "", &mut paths);
        paths
    }
}

/// Returns a text, a number or a boolean as a text.
pub(super) fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

fn find<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let object = value.as_object()?;
    if let Some(found) = object.get(path) {
        return Some(found);
    }
    path.match_indices('.').find_map(|(at, _)| find(object.get(&path[..at])?, &path[at + 1..]))
}

fn collect(value: &Value, before: &str, paths: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (name, value) in object {
                let path = if before.is_empty() { name.clone() } else { format!("{before}.{name}") };
                collect(value, &path, paths);
            }
        }
        _ => paths.push(before.to_owned()),
    }
}

/// Splits a line at the first `=`, `:` or blank that no backslash stands before.
fn split(line: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, c) in line.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '=' | ':' => return (&line[..at], line[at + 1..].trim_start()),
            c if c.is_whitespace() => {
                let rest = line[at..].trim_start();
                return (&line[..at], rest.strip_prefix(['=', ':']).unwrap_or(rest).trim_start());
            }
            _ => {}
        }
    }
    (line, "")
}

fn unescaped(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            plain.push(c);
            continue;
        }
        match chars.next() {
            Some('n') => plain.push('\n'),
            Some('r') => plain.push('\r'),
            Some('t') => plain.push('\t'),
            Some('f') => plain.push('\u{c}'),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let found = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                plain.push(found.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => plain.push(other),
            None => {}
        }
    }
    plain
}

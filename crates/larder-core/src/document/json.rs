//! JSON text → tree, as RFC 8259 has it. Members of one name in an object are refused: readers disagree about which one counts.

use std::collections::HashSet;

use super::{DocumentError, DocumentProblem, MAX_BYTES, MAX_DEPTH, MAX_NODES};
use crate::expression::Number;

/// A value with the byte at which it starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonNode {
    /// The value.
    pub value: JsonValue,
    /// The byte.
    pub offset: usize,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum JsonValue {
    /// `null`.
    Null,
    /// `true` or `false`.
    Boolean(bool),
    /// A number, exactly as it was written.
    Number(Number),
    /// A string.
    String(String),
    /// A list.
    Array(Vec<JsonNode>),
    /// An object, with its members in the order of the text.
    Object(Vec<JsonMember>),
}

/// A member of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonMember {
    /// The name.
    pub name: String,
    /// The byte at which the name starts.
    pub offset: usize,
    /// The value.
    pub node: JsonNode,
}

impl JsonNode {
    /// Makes a value for a new document.
    pub fn new(value: JsonValue) -> Self {
        Self { value, offset: 0 }
    }

    /// Returns the value of a member.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.members().iter().find(|member| member.name == name).map(|member| &member.node)
    }

    /// Returns the members; none if it is not an object.
    pub fn members(&self) -> &[JsonMember] {
        match &self.value {
            JsonValue::Object(members) => members,
            _ => &[],
        }
    }

    /// Returns the items; none if it is not a list.
    pub fn items(&self) -> &[Self] {
        match &self.value {
            JsonValue::Array(items) => items,
            _ => &[],
        }
    }

    /// Returns the text, if it is a string.
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            JsonValue::String(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the value at a JSON Pointer (RFC 6901).
    pub fn pointer(&self, pointer: &str) -> Option<&Self> {
        let Some(rest) = pointer.strip_prefix('/') else { return pointer.is_empty().then_some(self) };
        rest.split('/').try_fold(self, |node, step| match &node.value {
            JsonValue::Array(items) => items.get(step.parse::<usize>().ok()?),
            _ => node.get(&step.replace("~1", "/").replace("~0", "~")),
        })
    }

    /// Returns the value as `serde_json` has it, with numbers as exact as there.
    pub fn to_serde(&self) -> serde_json::Value {
        match &self.value {
            JsonValue::Null => serde_json::Value::Null,
            JsonValue::Boolean(value) => (*value).into(),
            JsonValue::Number(number) => serde_json::from_str(&number.to_string()).unwrap_or_default(),
            JsonValue::String(text) => text.as_str().into(),
            JsonValue::Array(items) => items.iter().map(Self::to_serde).collect(),
            JsonValue::Object(members) => {
                members.iter().map(|member| (member.name.clone(), member.node.to_serde())).collect()
            }
        }
    }
}

/// Reads a document.
pub fn parse_json(text: &str) -> Result<JsonNode, DocumentError> {
    if text.len() > MAX_BYTES {
        return Err(DocumentError::new(DocumentProblem::TooLong, 0));
    }
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let mut reader = JsonReader { text, at: start, nodes: 0 };
    let node = reader.value(0)?;
    reader.skip_space();
    if reader.at < text.len() {
        return Err(DocumentError::syntax("there is more after the value", reader.at));
    }
    Ok(node)
}

struct JsonReader<'a> {
    text: &'a str,
    at: usize,
    nodes: usize,
}

impl JsonReader<'_> {
    fn value(&mut self, depth: usize) -> Result<JsonNode, DocumentError> {
        self.skip_space();
        let offset = self.at;
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            return Err(DocumentError::new(DocumentProblem::TooManyNodes, offset));
        }
        if depth > MAX_DEPTH {
            return Err(DocumentError::new(DocumentProblem::TooDeep, offset));
        }
        let value = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => JsonValue::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => JsonValue::Number(self.number()?),
            Some(b't') => self.word("true", JsonValue::Boolean(true))?,
            Some(b'f') => self.word("false", JsonValue::Boolean(false))?,
            Some(b'n') => self.word("null", JsonValue::Null)?,
            Some(_) => return Err(DocumentError::syntax("a value is missing here", offset)),
            None => return Err(DocumentError::syntax("the text ends too early", offset)),
        };
        Ok(JsonNode { value, offset })
    }

    fn object(&mut self, depth: usize) -> Result<JsonValue, DocumentError> {
        let mut members: Vec<JsonMember> = Vec::new();
        let mut names = HashSet::new();
        self.at += 1;
        self.skip_space();
        if self.take(b'}') {
            return Ok(JsonValue::Object(members));
        }
        loop {
            self.skip_space();
            let offset = self.at;
            if self.peek() != Some(b'"') {
                return Err(DocumentError::syntax("the name of a member is missing here", offset));
            }
            let name = self.string()?;
            if !names.insert(name.clone()) {
                return Err(DocumentError::syntax(format!("the member `{name}` is repeated"), offset));
            }
            self.skip_space();
            self.expect(b':', "`:` is missing here")?;
            let node = self.value(depth + 1)?;
            members.push(JsonMember { name, offset, node });
            self.skip_space();
            if self.take(b'}') {
                return Ok(JsonValue::Object(members));
            }
            self.expect(b',', "`,` or `}` is missing here")?;
        }
    }

    fn array(&mut self, depth: usize) -> Result<JsonValue, DocumentError> {
        let mut items = Vec::new();
        self.at += 1;
        self.skip_space();
        if self.take(b']') {
            return Ok(JsonValue::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_space();
            if self.take(b']') {
                return Ok(JsonValue::Array(items));
            }
            self.expect(b',', "`,` or `]` is missing here")?;
        }
    }

    fn string(&mut self) -> Result<String, DocumentError> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        loop {
            match bytes.get(end) {
                None => return Err(DocumentError::syntax("the string is not closed", start)),
                Some(b'"') => break,
                Some(b'\\') => end += 2,
                Some(0..=0x1f) => return Err(DocumentError::syntax("a control character in a string", end)),
                Some(_) => end += 1,
            }
        }
        self.at = end + 1;
        let quoted = self.text.get(start..=end).unwrap_or_default();
        serde_json::from_str(quoted).map_err(|_| DocumentError::syntax("a string with a wrong escape", start))
    }

    fn number(&mut self) -> Result<Number, DocumentError> {
        let start = self.at;
        let rest = &self.text[start..];
        let is_part = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
        let length = rest.bytes().position(|byte| !is_part(byte)).unwrap_or(rest.len());
        let text = &rest[..length];
        self.at += length;
        let digits = text.strip_prefix('-').unwrap_or(text);
        let whole = digits.bytes().take_while(u8::is_ascii_digit).count();
        let point_without_digits =
            digits.find('.').is_some_and(|at| !digits[at + 1..].starts_with(|c: char| c.is_ascii_digit()));
        if whole == 0 || (whole > 1 && digits.starts_with('0')) || point_without_digits {
            return Err(DocumentError::syntax("JSON does not write numbers like this", start));
        }
        text.parse().map_err(|error| DocumentError::syntax(format!("`{}`: {error}", short(text)), start))
    }

    fn word(&mut self, word: &str, value: JsonValue) -> Result<JsonValue, DocumentError> {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return Ok(value);
        }
        Err(DocumentError::syntax("a value is missing here", self.at))
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let found = self.peek() == Some(byte);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, byte: u8, message: &str) -> Result<(), DocumentError> {
        if self.take(byte) { Ok(()) } else { Err(DocumentError::syntax(message, self.at)) }
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }
}

fn short(text: &str) -> String {
    text.chars().take(40).collect()
}

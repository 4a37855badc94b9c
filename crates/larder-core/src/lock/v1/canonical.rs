//! The text as larder writes it, read without a parser for all of TOML: 1,300 packages are there 6 ms earlier.
//!
//! What is read here is read as TOML would have it. A text that differs in any way (another spacing, an escape, a comment
//! behind the first line) is left to TOML, which also finds the words for what is wrong.

use serde::Deserialize;
use serde::de::value::{BorrowedStrDeserializer, Error as NotCanonical, MapAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::document::{
    BuildInstanceTable, BuildTable, FIRST, InstanceTable, LockDocument, LogTable, PackageTable, ProvenanceTable,
    RequireTable, RuntimeTable, SettingsTable, WITH_BUILD_INSTANCES,
};

/// Reads a text that is written as larder writes it; none for any other.
pub(in crate::lock) fn read(text: &str) -> Option<LockDocument<'_>> {
    let mut cursor = Cursor(text);
    if cursor.0.starts_with('#') {
        let comment = cursor.line()?;
        comment.bytes().all(|byte| matches!(byte, b' '..=b'~')).then_some(())?;
    }
    let line = cursor.line()?;
    let version = [FIRST, WITH_BUILD_INSTANCES].into_iter().find(|version| line == format!("version = {version}"))?;
    let mut settings = None;
    let (mut require, mut package) = (Vec::new(), Vec::<PackageTable<'_>>::new());
    let (mut build, mut tool, mut runtime) = (Vec::new(), Vec::new(), Vec::new());
    let (mut provenance, mut log) = (Vec::new(), Vec::new());
    while !cursor.0.is_empty() {
        cursor.take("\n").ok()?;
        match cursor.line()? {
            "[settings]" if settings.is_none() => settings = Some(SettingsTable::deserialize(cursor.table()).ok()?),
            "[[require]]" => require.push(RequireTable::deserialize(cursor.table()).ok()?),
            "[[package]]" => package.push(PackageTable::deserialize(cursor.table()).ok()?),
            "[[package.instance]]" => {
                package.last_mut()?.instance.push(InstanceTable::deserialize(cursor.table()).ok()?);
            }
            "[[build]]" => build.push(BuildTable::deserialize(cursor.table()).ok()?),
            "[[build.instance]]" => {
                let of_build: &mut BuildTable<'_> = build.last_mut()?;
                of_build.instance.push(BuildInstanceTable::deserialize(cursor.table()).ok()?);
            }
            "[[tool]]" => tool.push(PackageTable::deserialize(cursor.table()).ok()?),
            "[[runtime]]" => runtime.push(RuntimeTable::deserialize(cursor.table()).ok()?),
            "[[provenance]]" => provenance.push(ProvenanceTable::deserialize(cursor.table()).ok()?),
            "[[log]]" => log.push(LogTable::deserialize(cursor.table()).ok()?),
            _ => return None,
        }
    }
    Some(LockDocument {
        _version: version,
        settings: settings.unwrap_or_default(),
        require,
        package,
        build,
        tool,
        runtime,
        provenance,
        log,
    })
}

/// The rest of the text.
struct Cursor<'a>(&'a str);

type CanonicalResult<T> = Result<T, NotCanonical>;

impl<'a> Cursor<'a> {
    /// Takes the rest of a line, which must have an end.
    fn line(&mut self) -> Option<&'a str> {
        let (line, rest) = self.0.split_once('\n')?;
        self.0 = rest;
        Some(line)
    }

    /// Takes exactly this.
    fn take(&mut self, token: &str) -> CanonicalResult<()> {
        self.0 = self.0.strip_prefix(token).ok_or_else(not_canonical)?;
        Ok(())
    }

    /// Takes this if it is next.
    fn took(&mut self, token: &str) -> bool {
        self.take(token).is_ok()
    }

    /// Takes the lines under a header.
    fn table(&mut self) -> MapAccessDeserializer<TableReader<'_, 'a>> {
        MapAccessDeserializer::new(TableReader(self))
    }

    /// Takes a key.
    fn key(&mut self) -> CanonicalResult<&'a str> {
        let length = self.0.bytes().take_while(|byte| matches!(byte, b'a'..=b'z' | b'-')).count();
        let (key, rest) = self.0.split_at(length);
        self.0 = rest;
        // Tables of their own come under their own header.
        if key.is_empty() || key == "instance" { Err(not_canonical()) } else { Ok(key) }
    }

    /// Takes a number without a sign.
    fn number(&mut self) -> CanonicalResult<u32> {
        let length = self.0.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        digits.parse().map_err(|_| not_canonical())
    }

    /// Takes a text without escapes.
    fn text(&mut self) -> CanonicalResult<&'a str> {
        self.take("\"")?;
        let end = memchr::memchr2(b'"', b'\\', self.0.as_bytes()).ok_or_else(not_canonical)?;
        let (text, rest) = self.0.split_at(end);
        if text.bytes().any(|byte| byte < b' ' || byte == 0x7f) {
            return Err(not_canonical());
        }
        self.0 = rest.strip_prefix('"').ok_or_else(not_canonical)?;
        Ok(text)
    }
}

fn not_canonical() -> NotCanonical {
    NotCanonical::custom("not canonical")
}

/// Reads the lines under a header.
struct TableReader<'c, 'a>(&'c mut Cursor<'a>);

/// Reads one value.
struct ValueReader<'c, 'a>(&'c mut Cursor<'a>);

/// Reads a list, on one line or with a line for each item.
struct ListReader<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    is_block: bool,
    is_first: bool,
}

/// Reads a table within a line.
struct InlineTableReader<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    is_first: bool,
}

impl<'de> MapAccess<'de> for TableReader<'_, 'de> {
    type Error = NotCanonical;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> CanonicalResult<Option<K::Value>> {
        if self.0.0.is_empty() || self.0.0.starts_with('\n') {
            return Ok(None);
        }
        let key = self.0.key()?;
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> CanonicalResult<V::Value> {
        self.0.take(" = ")?;
        let value = seed.deserialize(ValueReader(self.0))?;
        self.0.take("\n")?;
        Ok(value)
    }
}

impl<'de> MapAccess<'de> for InlineTableReader<'_, 'de> {
    type Error = NotCanonical;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> CanonicalResult<Option<K::Value>> {
        if self.cursor.took(" }") {
            return Ok(None);
        }
        self.cursor.take(if std::mem::take(&mut self.is_first) { " " } else { ", " })?;
        let key = self.cursor.key()?;
        seed.deserialize(BorrowedStrDeserializer::new(key)).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> CanonicalResult<V::Value> {
        self.cursor.take(" = ")?;
        seed.deserialize(ValueReader(self.cursor))
    }
}

impl<'de> SeqAccess<'de> for ListReader<'_, 'de> {
    type Error = NotCanonical;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> CanonicalResult<Option<T::Value>> {
        if self.cursor.took("]") {
            return Ok(None);
        }
        let is_first = std::mem::take(&mut self.is_first);
        if self.is_block {
            self.cursor.take("    ")?;
            let item = seed.deserialize(ValueReader(self.cursor))?;
            self.cursor.take(",\n")?;
            return Ok(Some(item));
        }
        if !is_first {
            self.cursor.take(", ")?;
        }
        seed.deserialize(ValueReader(self.cursor)).map(Some)
    }
}

impl<'de> Deserializer<'de> for ValueReader<'_, 'de> {
    type Error = NotCanonical;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> CanonicalResult<V::Value> {
        let Self(cursor) = self;
        match cursor.0.as_bytes().first() {
            Some(b'"') => visitor.visit_borrowed_str(cursor.text()?),
            Some(b'[') => {
                let is_block = cursor.took("[\n");
                if !is_block {
                    cursor.take("[")?;
                }
                visitor.visit_seq(ListReader { cursor, is_block, is_first: true })
            }
            Some(b'{') => {
                cursor.take("{")?;
                visitor.visit_map(InlineTableReader { cursor, is_first: true })
            }
            Some(b'1'..=b'9') => visitor.visit_u32(cursor.number()?),
            _ => {
                cursor.take("true")?;
                visitor.visit_bool(true)
            }
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> CanonicalResult<V::Value> {
        visitor.visit_some(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

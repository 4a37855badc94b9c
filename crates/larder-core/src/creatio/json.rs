//! JSON in which no key is there twice: readers differ in which of two they take.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// The most bytes of a document. An application's has its icon in it.
const LONGEST: usize = 4 << 20;

/// Parses a document, with or without a byte order mark.
///
/// # Errors
/// What is wrong, as the parser says it.
pub(super) fn parse(bytes: &[u8]) -> Result<Value, String> {
    let text = text(bytes)?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let value = Strict.deserialize(&mut reader).map_err(|error| error.to_string())?;
    reader.end().map_err(|error| error.to_string())?;
    Ok(value)
}

/// Parses a document that may have a comma behind the last item of a list or an object.
///
/// # Errors
/// What is wrong, as the parser says it.
pub(super) fn parse_with_trailing_commas(bytes: &[u8]) -> Result<Value, String> {
    parse(&without_trailing_commas(text(bytes)?))
}

fn text(bytes: &[u8]) -> Result<&str, String> {
    if bytes.len() > LONGEST {
        return Err(format!("it is longer than {LONGEST} bytes"));
    }
    let text = std::str::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_owned())?;
    Ok(text.strip_prefix('\u{feff}').unwrap_or(text))
}

/// Puts a space in the place of each comma that is followed by a closing bracket. Texts stay as they are.
fn without_trailing_commas(text: &str) -> Vec<u8> {
    let mut bytes = text.as_bytes().to_vec();
    let (mut in_text, mut escaped, mut comma) = (false, false, None);
    for at in 0..bytes.len() {
        let byte = bytes[at];
        if in_text {
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => continue,
            b'}' | b']' => {
                if let Some(comma) = comma {
                    bytes[comma] = b' ';
                }
            }
            b'"' => in_text = true,
            _ => {}
        }
        comma = (byte == b',').then_some(at);
    }
    bytes
}

/// Reads any value.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(A::Error::custom(format!("the key `{}` is there twice", key.escape_debug())));
            }
            object.insert(key, entries.next_value_seed(Self)?);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_there_once_and_commas_where_they_belong() {
        assert_eq!(parse(b"\xef\xbb\xbf{\"a\":[1,{\"b\":null}]}").unwrap(), serde_json::json!({"a": [1, {"b": null}]}));
        for (text, reason) in [
            ("{\"a\":1,\"a\":1}", "`a` is there twice"),
            ("[{\"x\":{\"b\":1,\"\\u0062\":2}}]", "`b` is there twice"),
            ("{\"a\":1,}", "trailing comma"),
            ("{} {}", "trailing characters"),
            ("", "EOF"),
        ] {
            let error = parse(text.as_bytes()).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
        assert!(parse(b"{\"a\":\"\xff\"}").is_err());
        assert!(parse(&vec![b'['; 200_000]).unwrap_err().contains("recursion"));
    }

    #[test]
    fn trailing_commas_are_taken_where_they_are_allowed() {
        let parsed = parse_with_trailing_commas(b"{\"a\":[1, 2 ,\n], \"b,}\\\",]\":3,\t}").unwrap();
        assert_eq!(parsed, serde_json::json!({"a": [1, 2], "b,}\",]": 3}));
        for text in ["{,}x", "[1,,]", "{\"a\":1,,}", "[,"] {
            assert!(parse_with_trailing_commas(text.as_bytes()).is_err(), "{text}");
        }
    }
}

//! XML and JSON documents as trees in which everything knows its place.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `decode` | bytes → text, in the encoding that they are in |
//! | `source` | texts with their names, and what may be wrong with them |
//! | `name` | names with namespaces |
//! | `guard` | what of an XML text is refused before it is parsed |
//! | `xml` | XML text → tree |
//! | `json` | JSON text → tree |
//! | `write` | trees → text |
//!
//! Documents come from others. A text has at most [`MAX_BYTES`] bytes, a tree is at most [`MAX_DEPTH`] deep and has at most
//! [`MAX_NODES`] nodes. Document type declarations are refused, and with them entities of any kind: nothing in a document can
//! name another one.

mod decode;
mod guard;
mod json;
mod name;
mod source;
mod write;
mod xml;

#[cfg(test)]
mod tests;

pub use decode::{NotText, decode};
pub use json::{JsonMember, JsonNode, JsonValue, parse_json};
pub use name::Name;
pub(crate) use source::Area;
pub use source::{DocumentError, DocumentProblem, Format, SourceFile};
pub(crate) use write::escaped_xml;
pub use write::{json_text, xml_text};
pub use xml::{XmlAttribute, XmlElement, parse_xml};

/// The longest text, in bytes.
pub const MAX_BYTES: usize = 8 * 1024 * 1024;
/// The deepest nesting.
pub const MAX_DEPTH: usize = 128;
/// The most elements and attributes, or values, of a document.
pub const MAX_NODES: usize = 500_000;

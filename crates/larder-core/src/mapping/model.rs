//! Mappings as values.

use std::collections::BTreeMap;

use crate::diagnostic::{Position, SourceFinding};
use crate::document::{
    DocumentError, Format, JsonNode, SourceFile, XmlElement, json_text, parse_json, parse_xml, xml_text,
};
use crate::expression::Path;
use crate::schema::shape::Namespaces;

use super::convert::Conversion;

/// A mapping.
#[derive(Clone, Debug)]
pub struct Mapping {
    pub(super) source: SourceFile,
    pub(super) position: Position,
    pub(super) from: Endpoint,
    pub(super) to: Endpoint,
    pub(super) namespaces: Namespaces,
    /// Where they are declared, by their prefixes.
    pub(super) namespace_positions: BTreeMap<Box<str>, Position>,
    pub(super) rules: Vec<Rule>,
    pub(super) samples: Vec<Sample>,
}

/// The schema that documents have on one side, as it is written: `partner/order#Order`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// The text.
    pub text: Box<str>,
    /// Its place.
    pub position: Position,
}

/// A document, and what the mapping has to make of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The document's file, relative to the package.
    pub sample: Box<str>,
    /// The expected document's file.
    pub expect: Box<str>,
    /// The place of the line.
    pub position: Position,
}

/// A line of a mapping.
#[derive(Clone, Debug)]
pub(super) struct Rule {
    pub(super) kind: RuleKind,
    pub(super) target: Path,
    pub(super) target_position: Position,
    pub(super) position: Position,
}

#[derive(Clone, Debug)]
pub(super) enum RuleKind {
    /// A value.
    Field { source: Path, source_position: Position, convert: Option<Conversion>, default: Option<Literal> },
    /// The same value in every document.
    Constant { value: Literal },
    /// A list, with what becomes of each of its items.
    Each { source: Path, source_position: Position, rules: Vec<Rule> },
}

/// A value that a mapping has itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) text: String,
    pub(super) position: Position,
}

/// A document of either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// An XML document.
    Xml(XmlElement),
    /// A JSON document.
    Json(JsonNode),
}

impl Document {
    /// Reads a document.
    pub fn parse(source: &SourceFile, format: Format) -> Result<Self, SourceFinding> {
        let read = match format {
            Format::Xml => parse_xml(&source.text).map(Self::Xml),
            Format::Json => parse_json(&source.text).map(Self::Json),
        };
        read.map_err(|error: DocumentError| source.finding(crate::document::Area::Instance, &error))
    }

    /// Writes the document.
    pub fn to_text(&self) -> String {
        match self {
            Self::Xml(root) => xml_text(root),
            Self::Json(root) => json_text(root),
        }
    }
}

impl Mapping {
    /// Returns the schema of the documents that it reads.
    pub fn from(&self) -> &Endpoint {
        &self.from
    }

    /// Returns the schema of the documents that it writes.
    pub fn to(&self) -> &Endpoint {
        &self.to
    }

    /// Returns the namespaces that its prefixes stand for.
    pub fn namespaces(&self) -> &Namespaces {
        &self.namespaces
    }

    /// Returns its samples.
    pub fn samples(&self) -> &[Sample] {
        &self.samples
    }

    /// Returns the place of the mapping.
    pub fn position(&self) -> Position {
        self.position
    }

    /// Returns an error about a place of it.
    pub(super) fn error(&self, code: &'static str, position: Position, message: impl Into<String>) -> SourceFinding {
        SourceFinding::error(code, &self.source.file, position, message)
    }
}

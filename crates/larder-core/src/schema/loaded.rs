//! A schema of any kind.

use std::sync::Arc;

use super::shape::{EntryRoot, Shape, ShapeGraph};
use super::source::{Resolver, SchemaFiles, xml_root};
use super::wsdl::{self, Wsdl, WsdlComponents};
use super::xsd::{self, Root, Xsd};
use super::{SchemaKind, json};
use crate::diagnostic::{SourceFinding, nearest};
use crate::document::{Name, SourceFile};

/// A schema that has been read and has no faults. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Schema(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    kind: SchemaKind,
    edition: &'static str,
    files: Vec<SourceFile>,
    graph: Arc<ShapeGraph>,
    rules: Rules,
}

/// What validates documents.
#[derive(Debug)]
enum Rules {
    Xml { compiled: Box<xsd::CompiledXsd>, description: Option<WsdlComponents> },
    Json(Box<json::CompiledJsonSchema>),
}

/// What reading a schema gave.
#[derive(Debug)]
pub struct Loaded {
    /// The schema, if it has no faults.
    pub schema: Option<Schema>,
    /// Everything that is wrong or worth knowing, in the order of files and lines.
    pub findings: Vec<SourceFinding>,
    /// The files that were read: the schema first, then what it imports.
    pub files: Vec<SourceFile>,
}

/// Why a schema has no such entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// There is no such root element, type or operation.
    #[error("the schema has no `{name}`")]
    Unknown {
        /// The name.
        name: String,
        /// The nearest name.
        nearest: Option<String>,
        /// The names that there are.
        known: Vec<String>,
    },
    /// No entry is named, and there are several.
    #[error("the schema has several root elements, and one has to be named behind `#`")]
    Several {
        /// Their names.
        known: Vec<String>,
    },
    /// No entry is named, and there is none.
    #[error("the schema has no root element")]
    None,
}

impl EntryError {
    /// Returns what to do about it.
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Unknown { nearest: Some(near), .. } => Some(format!("did you mean `{near}`?")),
            Self::Unknown { known, .. } | Self::Several { known } if !known.is_empty() && known.len() <= 12 => {
                Some(format!("there are `{}`", known.join("`, `")))
            }
            _ => None,
        }
    }
}

impl Schema {
    /// Reads a schema with all that it imports, and checks it. Without a kind, the text tells.
    pub fn load(source: &SourceFile, kind: Option<SchemaKind>, resolver: &Resolver<'_>) -> Loaded {
        let mut files = SchemaFiles::default();
        let Some(kind) = kind.or_else(|| SchemaKind::of_content(&source.text)) else {
            let message = "this is no schema: neither XML Schema, WSDL nor JSON Schema";
            let finding = SourceFinding::error("schema.kind", &source.file, source.position(0), message);
            let finding = finding.with_help("say which it is: kind=\"xsd\", \"wsdl\" or \"json-schema\"");
            return Loaded { schema: None, findings: vec![finding], files: vec![source.clone()] };
        };
        let (read, mut findings) = match kind {
            SchemaKind::JsonSchema => {
                let (json, findings) = json::load(source, &mut files, resolver);
                (json.map(|json| (json.edition, json.graph, Rules::Json(Box::new(json.compiled)))), findings)
            }
            SchemaKind::Xsd => match xml_root(source) {
                Err(finding) => (None, vec![*finding]),
                Ok(root) => {
                    let loaded = xsd::load(source, root, &mut files, resolver);
                    (loaded.xsd.map(|xsd| Rules::of_xsd(xsd, None)), loaded.findings)
                }
            },
            SchemaKind::Wsdl => match xml_root(source) {
                Err(finding) => (None, vec![*finding]),
                Ok(root) => {
                    let (loaded, findings) = wsdl::load(source, root, &mut files, resolver);
                    let read = loaded.map(|Wsdl { xsd, description, edition }| {
                        let (_, graph, rules) = Rules::of_xsd(xsd, Some(description));
                        (edition, graph, rules)
                    });
                    (read, findings)
                }
            },
        };
        findings.sort();
        findings.dedup();
        let mut all = files.all;
        if all.is_empty() {
            all.push(source.clone());
        }
        let schema = read.map(|(edition, graph, rules)| {
            Self(Arc::new(Inner { kind, edition, files: all.clone(), graph: Arc::new(graph), rules }))
        });
        Loaded { schema, findings, files: all }
    }

    /// Returns the kind.
    pub fn kind(&self) -> SchemaKind {
        self.0.kind
    }

    /// Returns the edition of the language: `XSD 1.1`, `WSDL 2.0`, `JSON Schema 2020-12`.
    pub fn edition(&self) -> &'static str {
        self.0.edition
    }

    /// Returns the files: the schema first, then what it imports.
    pub fn files(&self) -> &[SourceFile] {
        &self.0.files
    }

    /// Returns what may stand behind `#`: root elements and named types; operations with `/input` or `/output`; names of parts.
    pub fn entries(&self) -> Vec<String> {
        let entries = self.0.graph.entries.iter().filter(|entry| !entry.text.is_empty());
        entries.map(|entry| entry.text.to_string()).collect()
    }

    /// Returns the shape of an entry: `None` is the only root element of an XML Schema, or the document of a JSON Schema.
    pub fn shape(&self, entry: Option<&str>) -> Result<Shape, EntryError> {
        Ok(Shape { graph: Arc::clone(&self.0.graph), root: self.root(entry)?.clone() })
    }

    /// Validates a document against an entry. An entry that does not exist is a finding.
    pub fn validate(&self, entry: Option<&str>, instance: &SourceFile) -> Vec<SourceFinding> {
        let root = match self.root(entry) {
            Ok(root) => root,
            Err(error) => {
                let finding =
                    SourceFinding::error("schema.entry", &instance.file, instance.position(0), error.to_string());
                return vec![finding.with_help_if(error.help())];
            }
        };
        match &self.0.rules {
            Rules::Json(compiled) => compiled.validate(entry.filter(|entry| !entry.is_empty()), instance),
            Rules::Xml { compiled, .. } => {
                let type_name = self.0.graph.types[root.type_id].name.as_deref().and_then(parsed_name);
                let root = match (&root.name, &type_name) {
                    (Some(name), _) => Some(Root::Element(name)),
                    (None, Some(name)) => Some(Root::Type(name)),
                    (None, None) => None,
                };
                compiled.validate(root.as_ref(), instance)
            }
        }
    }

    fn root(&self, entry: Option<&str>) -> Result<&EntryRoot, EntryError> {
        let graph = &self.0.graph;
        let known = || self.entries();
        if let Some(text) = entry {
            if let Some(entry) = graph.entry(text) {
                return Ok(&entry.root);
            }
            let known = known();
            let near = nearest(text, known.iter().map(String::as_str)).map(ToOwned::to_owned);
            return Err(EntryError::Unknown { name: text.to_owned(), nearest: near, known });
        }
        if let Some(entry) = graph.entry("") {
            return Ok(&entry.root);
        }
        let mut roots = graph.entries.iter().filter(|entry| entry.root.name.is_some());
        match (roots.next(), roots.next()) {
            (Some(only), None) => Ok(&only.root),
            (None, _) => Err(EntryError::None),
            _ => Err(EntryError::Several { known: known() }),
        }
    }

    pub(super) fn graph(&self) -> &Arc<ShapeGraph> {
        &self.0.graph
    }

    /// Returns the services that a WSDL document describes.
    pub(super) fn description(&self) -> Option<&WsdlComponents> {
        match &self.0.rules {
            Rules::Xml { description, .. } => description.as_ref(),
            Rules::Json(_) => None,
        }
    }
}

impl Rules {
    fn of_xsd(xsd: Xsd, description: Option<WsdlComponents>) -> (&'static str, ShapeGraph, Self) {
        (xsd.edition, xsd.graph, Self::Xml { compiled: Box::new(xsd.compiled), description })
    }
}

/// Reads a name as types have it: `{urn:acme}Order`.
fn parsed_name(text: &str) -> Option<Name> {
    match text.strip_prefix('{') {
        Some(rest) => rest.split_once('}').map(|(namespace, local)| Name::new(namespace, local)),
        None => Some(Name::local(text)),
    }
}

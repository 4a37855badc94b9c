//! XML Schema 1.0 and 1.1.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `documents` | the documents of a schema: itself, what it includes and imports |
//! | `components` | what is declared at the top of the documents, by kind and name |
//! | `references` | whether all names stand for something |
//! | `bases` | whether types are based on each other in a circle |
//! | `builtin` | the types that every schema has |
//! | `simple` | simple types → types of values |
//! | `shapes` | complex types → shapes |
//! | `compiled` | the rules of the specification, by the `xsd-schema` crate; validation of instances |

mod bases;
mod builtin;
mod compiled;
mod components;
mod documents;
mod references;
mod shapes;
mod simple;

pub(super) use compiled::{CompiledXsd, Root};
pub(super) use documents::XsdDocument;

use super::shape::ShapeGraph;
use super::source::{Resolver, SchemaFiles};
use crate::diagnostic::SourceFinding;
use crate::document::{Name, SourceFile, XmlElement};

/// The namespace of XML Schema.
pub(super) const XS: &str = "http://www.w3.org/2001/XMLSchema";

/// A schema that has been read and checked.
#[derive(Debug)]
pub(super) struct Xsd {
    pub(super) graph: ShapeGraph,
    pub(super) compiled: CompiledXsd,
    pub(super) edition: &'static str,
}

/// Which declarations are entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum EntryScope {
    /// Those of the schema itself, and of what it includes.
    Own,
    /// Also those of what it imports.
    All,
}

/// What reading gave.
pub(super) struct LoadedXsd {
    pub(super) xsd: Option<Xsd>,
    pub(super) findings: Vec<SourceFinding>,
}

/// Reads the schema of a file.
pub(super) fn load(
    source: &SourceFile,
    root: XmlElement,
    files: &mut SchemaFiles,
    resolver: &Resolver<'_>,
) -> LoadedXsd {
    if !root.name.is(XS, "schema") {
        let message = format!("the root element is {}, not xs:schema", root.name);
        let finding = super::source::error_at("schema.kind", source, root.offset(), message);
        return LoadedXsd { xsd: None, findings: vec![finding] };
    }
    match files.add(source) {
        Ok(file) => load_all(vec![(source.clone(), root, file)], EntryScope::Own, files, resolver),
        Err(finding) => LoadedXsd { xsd: None, findings: vec![*finding] },
    }
}

/// Reads schemas that belong together: one of a file of its own, or those in a WSDL document. Each has its file, its root
/// element and the number of the file.
pub(super) fn load_all(
    roots: Vec<(SourceFile, XmlElement, usize)>,
    scope: EntryScope,
    files: &mut SchemaFiles,
    resolver: &Resolver<'_>,
) -> LoadedXsd {
    let (mut documents, mut findings) = documents::collect(roots, files, resolver);
    for document in &mut documents {
        document.is_own |= scope == EntryScope::All;
    }
    let components = components::Components::new(&documents, &mut findings);
    references::check(&documents, &components, &mut findings);
    bases::check(&documents, &components, &mut findings);
    if findings.iter().any(SourceFinding::is_error) {
        return LoadedXsd { xsd: None, findings };
    }
    let edition = documents::edition(&documents);
    // The shapes come first: they are bounded, and what they refuse would keep the rules busy for years.
    let graph = match shapes::build(&documents, &components) {
        Ok(graph) => graph,
        Err(finding) => {
            findings.push(*finding);
            return LoadedXsd { xsd: None, findings };
        }
    };
    let xsd = match CompiledXsd::new(&documents, edition) {
        Ok(compiled) => Some(Xsd { graph, compiled, edition: edition.as_str() }),
        Err(finding) => {
            findings.push(*finding);
            None
        }
    };
    LoadedXsd { xsd, findings }
}

impl Xsd {
    /// Returns the root that an element is.
    pub(super) fn element_root(&self, name: &Name) -> Option<&super::shape::EntryRoot> {
        self.graph.entries.iter().map(|entry| &entry.root).find(|root| root.name.as_ref() == Some(name))
    }
}

//! WSDL 1.1 and 2.0.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `vocabulary` | the words of both editions, and what may stand where |
//! | `description` | documents → operations, bindings, ports |
//! | `references` | whether all names stand for something |
//! | `wrapper` | the elements that operations in the style of remote calls have |
//!
//! What an operation takes and gives is an entry: `submit/input`, `submit/output`, `submit/NameOfFault`.

mod description;
mod references;
mod vocabulary;
mod wrapper;

pub(super) use description::WsdlComponents;

use super::shape::Entry;
use super::source::{Resolver, SchemaFiles, error_at};
use super::xsd::{self, Xsd};
use crate::diagnostic::SourceFinding;
use crate::document::{SourceFile, XmlElement};

/// A description of a service that has been read and checked.
#[derive(Debug)]
pub(super) struct Wsdl {
    /// The schemas in it. Its entries are the operations.
    pub(super) xsd: Xsd,
    pub(super) description: WsdlComponents,
    pub(super) edition: &'static str,
}

/// Reads the description of a file.
pub(super) fn load(
    source: &SourceFile,
    root: XmlElement,
    files: &mut SchemaFiles,
    resolver: &Resolver<'_>,
) -> (Option<Wsdl>, Vec<SourceFinding>) {
    let Some(vocabulary) = vocabulary::Vocabulary::of(&root) else {
        let message = format!("the root element is {}, not that of a WSDL document", root.name);
        return (None, vec![error_at("schema.kind", source, root.offset(), message)]);
    };
    let (description, mut schemas, mut findings) = description::read(source, root, vocabulary, files, resolver);
    let wrappers = wrapper::schema(source, &description);
    let written = wrappers.0.file.clone();
    schemas.push(wrappers);
    let loaded = xsd::load_all(schemas, xsd::EntryScope::All, files, resolver);
    // What is wrong with the elements that were made of parts is wrong with the parts.
    let (of_parts, others): (Vec<_>, Vec<_>) = loaded.findings.into_iter().partition(|finding| finding.file == written);
    findings.extend(others);
    references::report_parts(&description, &of_parts, &mut findings);
    let Some(mut xsd) = loaded.xsd else { return (None, findings) };
    references::check(&description, &xsd, &mut findings);
    let mut entries: Vec<Entry> = Vec::new();
    for message in description.messages_of_operations() {
        let root = message.root(&description, &xsd);
        if let Some(root) = root
            && !entries.iter().any(|entry| *entry.text == *message.entry)
        {
            entries.push(Entry { text: message.entry.as_str().into(), root: root.clone() });
        }
    }
    xsd.graph.entries = entries;
    if findings.iter().any(SourceFinding::is_error) {
        return (None, findings);
    }
    (Some(Wsdl { xsd, description, edition: vocabulary.edition }), findings)
}

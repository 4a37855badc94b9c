//! The elements that operations in the style of remote calls have: named after the operation, with an element for each part
//! of the message. No schema declares them, so a schema is written for them.

use std::collections::BTreeMap;
use std::fmt::Write;

use super::description::{MessagePart, WsdlComponents};
use crate::document::{SourceFile, XmlElement, escaped_xml, parse_xml};

/// Returns a schema with the elements of all operations; without any, an empty one.
pub(super) fn schema(source: &SourceFile, description: &WsdlComponents) -> (SourceFile, XmlElement, usize) {
    // One schema has one namespace: that of the first wrapper. A description with several is not seen in practice.
    let mut namespace = None;
    let mut elements = BTreeMap::new();
    for message in description.messages_of_operations() {
        let (Some(wrapper), Some(name)) = (&message.wrapper, &message.message) else { continue };
        let known = namespace.get_or_insert_with(|| wrapper.namespace.clone());
        if *known == wrapper.namespace
            && let Some(parts) = description.messages.get(name)
        {
            elements.entry(wrapper.local.clone()).or_insert(parts);
        }
    }
    let namespace = namespace.unwrap_or_default();
    let text = text(&namespace, &elements);
    let root = parse_xml(&text)
        .unwrap_or_else(|_| XmlElement::new(crate::document::Name::new(super::super::xsd::XS, "schema")));
    (SourceFile::new(format!("{}#operations", source.file), text), root, 0)
}

fn text(namespace: &str, elements: &BTreeMap<std::sync::Arc<str>, &Vec<MessagePart>>) -> String {
    let mut text = String::from("<xs:schema xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"");
    if !namespace.is_empty() {
        // Writing to a string does not fail.
        let _ = write!(text, " targetNamespace=\"{}\"", escaped_xml(namespace));
    }
    text.push('>');
    let named = elements.values().flat_map(|parts| parts.iter()).filter_map(|part| part.content.as_ref());
    let mut imported: Vec<&str> = named.map(|(name, _)| &*name.namespace).collect();
    imported.sort_unstable();
    imported.dedup();
    for other in imported.iter().filter(|other| **other != namespace && **other != super::super::xsd::XS) {
        let _ = write!(text, "<xs:import namespace=\"{}\"/>", escaped_xml(other));
    }
    for (name, parts) in elements {
        let _ = write!(text, "<xs:element name=\"{}\"><xs:complexType><xs:sequence>", escaped_xml(name));
        for part in *parts {
            let Some((content, is_element)) = &part.content else { continue };
            let (uri, local) = (escaped_xml(&content.namespace), escaped_xml(&content.local));
            let _ = if *is_element {
                write!(text, "<xs:element xmlns:p=\"{uri}\" ref=\"p:{local}\"/>")
            } else {
                let part = escaped_xml(&part.name);
                write!(text, "<xs:element xmlns:p=\"{uri}\" name=\"{part}\" type=\"p:{local}\"/>")
            };
        }
        text.push_str("</xs:sequence></xs:complexType></xs:element>");
    }
    text.push_str("</xs:schema>");
    text
}

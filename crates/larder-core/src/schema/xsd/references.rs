//! Whether all names stand for something.

use super::builtin::{NAMES, is_builtin};
use super::components::{Components, XsdComponentKind};
use super::{XS, XsdDocument};
use crate::diagnostic::{SourceFinding, nearest};
use crate::document::{Name, XmlAttribute, XmlElement};

/// The namespaces whose attributes every schema may use without a file.
const PROVIDED: [&str; 2] = ["http://www.w3.org/XML/1998/namespace", "http://www.w3.org/2001/XMLSchema-instance"];

/// Adds a finding for each `ref`, `type`, `base` and the like that stands for nothing.
pub(super) fn check(documents: &[XsdDocument], components: &Components<'_>, findings: &mut Vec<SourceFinding>) {
    for document in documents {
        let mut check = ReferenceCheck { document, components, findings };
        check.element(&document.root);
    }
    // A document that stands in the list for several namespaces would be reported as often.
    findings.sort();
    findings.dedup();
}

struct ReferenceCheck<'a> {
    document: &'a XsdDocument,
    components: &'a Components<'a>,
    findings: &'a mut Vec<SourceFinding>,
}

impl ReferenceCheck<'_> {
    fn element(&mut self, node: &XmlElement) {
        if node.name.is(XS, "annotation") {
            return;
        }
        if *node.name.namespace == *XS {
            for attribute in node.attributes.iter().filter(|attribute| attribute.name.namespace.is_empty()) {
                let Some((kind, is_list)) = reference(&node.name.local, &attribute.name.local) else { continue };
                if is_list {
                    let values = attribute.value.split_ascii_whitespace();
                    values.for_each(|value| self.name(node, attribute, kind, value));
                } else {
                    self.name(node, attribute, kind, attribute.value.trim());
                }
            }
        }
        node.children.iter().for_each(|child| self.element(child));
    }

    fn name(&mut self, node: &XmlElement, attribute: &XmlAttribute, kind: XsdComponentKind, value: &str) {
        // Relaxed by XML Schema 1.1: names of keywords.
        if value.starts_with("##") {
            return;
        }
        let what = format!("xs:{} {}=\"{value}\"", node.name.local, attribute.name.local);
        let Some(name) = self.document.qualified(node, value) else {
            let prefix = value.split_once(':').map_or("", |(prefix, _)| prefix);
            let message = format!("{what}: the prefix `{prefix}` is not declared");
            return self.error("schema.unresolved", attribute, message, None);
        };
        let is_built_in = kind == XsdComponentKind::Type && *name.namespace == *XS && is_builtin(&name.local);
        if is_built_in || PROVIDED.contains(&&*name.namespace) || self.components.get(kind, &name).is_some() {
            self.imported(&what, attribute, &name);
            return;
        }
        let known = self.components.names(kind).filter(|(known, _)| known.namespace == name.namespace);
        let known: Vec<&str> = known.map(|(known, _)| &*known.local).collect();
        let near = if *name.namespace == *XS && kind == XsdComponentKind::Type {
            nearest(&name.local, NAMES)
        } else {
            nearest(&name.local, known.iter().copied())
        };
        let prefix = value.split_once(':').map(|(prefix, _)| format!("{prefix}:")).unwrap_or_default();
        let is_of_other = self.components.names(kind).find(|(other, _)| other.local == name.local);
        let help = match (near, is_of_other) {
            (Some(near), _) => Some(format!("did you mean `{prefix}{near}`?")),
            (None, Some((other, _))) => Some(format!("there is one in the namespace `{}`", other.namespace)),
            (None, None) => None,
        };
        let message = format!("{what}: there is no {} {name}", kind.noun());
        self.error("schema.unresolved", attribute, message, help);
    }

    /// Reports a name of a namespace that the document does not import.
    fn imported(&mut self, what: &str, attribute: &XmlAttribute, name: &Name) {
        let document = self.document;
        let is_known = *name.namespace == *document.namespace
            || *name.namespace == *XS
            || PROVIDED.contains(&&*name.namespace)
            || document.imports.contains(&name.namespace);
        if !is_known {
            let message = format!("{what}: the namespace `{}` is used and not imported", name.namespace);
            let help = format!("add <xs:import namespace=\"{}\" schemaLocation=\"…\"/>", name.namespace);
            self.error("schema.namespace", attribute, message, Some(help));
        }
    }

    fn error(&mut self, code: &'static str, attribute: &XmlAttribute, message: String, help: Option<String>) {
        let finding = self.document.error(code, attribute.value_offset, message);
        self.findings.push(finding.with_help_if(help));
    }
}

/// Returns what an attribute refers to, and whether it has a list of names.
fn reference(element: &str, attribute: &str) -> Option<(XsdComponentKind, bool)> {
    Some(match (element, attribute) {
        ("element", "ref") => (XsdComponentKind::Element, false),
        ("element", "substitutionGroup") => (XsdComponentKind::Element, true),
        ("attribute", "ref") => (XsdComponentKind::Attribute, false),
        ("group", "ref") => (XsdComponentKind::Group, false),
        ("attributeGroup", "ref") => (XsdComponentKind::AttributeGroup, false),
        ("element" | "attribute" | "alternative", "type")
        | ("restriction" | "extension", "base")
        | ("list", "itemType") => (XsdComponentKind::Type, false),
        ("union", "memberTypes") => (XsdComponentKind::Type, true),
        _ => return None,
    })
}

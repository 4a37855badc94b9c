//! Whether types are based on each other in a circle: none of them stands without the others then.

use std::collections::{BTreeMap, BTreeSet};

use super::components::{Components, XsdComponent, XsdComponentKind};
use super::{XS, XsdDocument};
use crate::diagnostic::SourceFinding;
use crate::document::{Name, XmlAttribute, XmlElement};

/// What a type is based on.
struct Base<'a> {
    name: Name,
    /// The attribute that says so.
    attribute: &'a XmlAttribute,
    document: &'a XsdDocument,
}

/// Adds a finding for each circle, at the base of its first type.
pub(super) fn check(documents: &[XsdDocument], components: &Components<'_>, findings: &mut Vec<SourceFinding>) {
    let types = components.names(XsdComponentKind::Type);
    let bases: BTreeMap<&Name, Base<'_>> =
        types.filter_map(|(name, component)| Some((name, base(documents, component)?))).collect();
    let mut seen: BTreeSet<&Name> = BTreeSet::new();
    for &start in bases.keys() {
        let mut path: Vec<&Name> = Vec::new();
        let mut next = Some(start);
        while let Some(name) = next.filter(|name| seen.insert(name)) {
            path.push(name);
            next = bases.get_key_value(&bases[name].name).map(|(name, _)| *name);
        }
        // A path that ends where another one was is no circle of its own.
        let begins = next.and_then(|name| path.iter().position(|on_path| *on_path == name));
        findings.extend(begins.map(|begins| finding(&path[begins..], &bases)));
    }
}

fn finding(circle: &[&Name], bases: &BTreeMap<&Name, Base<'_>>) -> SourceFinding {
    let Base { attribute, document, .. } = &bases[circle[0]];
    let steps: Vec<String> = circle.iter().chain(&circle[..1]).map(|name| format!("`{name}`")).collect();
    let message = format!("types are based on each other: {}", steps.join(", which is based on "));
    let finding = document.error("schema.invalid", attribute.value_offset, message);
    finding.with_help("let one of them be based on a type that stands without the others")
}

/// Returns what a type extends or restricts. One that is redefined is based on what it was before.
fn base<'a>(documents: &'a [XsdDocument], component: XsdComponent<'a>) -> Option<Base<'a>> {
    let derivation = derivation(component.node).filter(|_| !component.is_redefined)?;
    let attribute = derivation.attribute_node("base")?;
    let document = &documents[component.document];
    Some(Base { name: document.qualified(derivation, &attribute.value)?, attribute, document })
}

/// Returns the `xs:extension` or `xs:restriction` of a type, which a complex one has in its content.
fn derivation(of: &XmlElement) -> Option<&XmlElement> {
    of.children.iter().filter(|child| *child.name.namespace == *XS).find_map(|child| match &*child.name.local {
        "extension" | "restriction" => Some(child),
        "complexContent" | "simpleContent" => derivation(child),
        _ => None,
    })
}

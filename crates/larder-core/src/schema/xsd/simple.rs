//! Simple types → types of values.

use super::super::shape::{Bound, SimpleType, ValueKind};
use super::builtin;
use super::components::{Components, XsdComponentKind};
use super::{XS, XsdDocument};
use crate::document::{Name, XmlElement};

/// The longest chain of types that are followed: the rules refuse longer ones.
const MAX_CHAIN: usize = 100;

/// Finds types of values.
pub(super) struct SimpleTypes<'a> {
    pub(super) documents: &'a [XsdDocument],
    pub(super) components: &'a Components<'a>,
}

impl SimpleTypes<'_> {
    /// Returns the type with a name. A complex type has the type of its text; one without text is a string.
    pub(super) fn named(&self, name: &Name, depth: usize) -> SimpleType {
        if *name.namespace == *XS {
            return builtin::simple(&name.local).unwrap_or_else(|| SimpleType::of(ValueKind::Any));
        }
        match self.components.get(XsdComponentKind::Type, name) {
            Some(component) if depth < MAX_CHAIN && component.node.name.is(XS, "simpleType") => {
                self.of(component.node, &self.documents[component.document], depth + 1)
            }
            _ => SimpleType::of(ValueKind::String),
        }
    }

    /// Returns the type that a `simpleType` describes.
    pub(super) fn of(&self, node: &XmlElement, document: &XsdDocument, depth: usize) -> SimpleType {
        let child = |local: &'static str| node.children.iter().find(move |child| child.name.is(XS, local));
        if let Some(restriction) = child("restriction") {
            let base = self.base(restriction, "base", document, depth);
            return restricted(base, restriction);
        }
        if let Some(list) = child("list") {
            let item = self.base(list, "itemType", document, depth);
            return SimpleType { is_list: true, ..item };
        }
        let mut simple = SimpleType::of(ValueKind::String);
        if let Some(union) = child("union") {
            let members = union.attribute("memberTypes").unwrap_or_default().split_ascii_whitespace();
            let named = members.filter_map(|name| Some(self.named(&document.qualified(union, name)?, depth + 1)));
            let inline = union.children.iter().filter(|child| child.name.is(XS, "simpleType"));
            let inline = inline.filter(|_| depth < MAX_CHAIN).map(|child| self.of(child, document, depth + 1));
            let all: Vec<SimpleType> = named.chain(inline).collect();
            match all.as_slice() {
                [] => {}
                [first, rest @ ..] if rest.iter().all(|other| other == first) => simple = first.clone(),
                all => {
                    let kinds: Vec<String> = all.iter().map(|member| format!("{member:?}")).collect();
                    simple.facets.rules.insert(format!("xs:union {}", kinds.join("|")));
                }
            }
        }
        simple
    }

    /// Returns the type that an attribute names, or that stands in the node.
    pub(super) fn base(&self, node: &XmlElement, attribute: &str, document: &XsdDocument, depth: usize) -> SimpleType {
        if let Some(name) = node.attribute(attribute).and_then(|value| document.qualified(node, value)) {
            return self.named(&name, depth);
        }
        match node.children.iter().find(|child| child.name.is(XS, "simpleType")) {
            Some(inline) if depth < MAX_CHAIN => self.of(inline, document, depth + 1),
            _ => SimpleType::of(ValueKind::Any),
        }
    }
}

/// Adds the facets of a restriction to its base.
pub(super) fn restricted(mut base: SimpleType, restriction: &XmlElement) -> SimpleType {
    let facets = &mut base.facets;
    let mut patterns = Vec::new();
    let mut values = Vec::new();
    for facet in restriction.children.iter().filter(|child| *child.name.namespace == *XS) {
        let Some(value) = facet.attribute("value") else { continue };
        let bound = |is_exclusive| Some(Bound { text: value.trim().to_owned(), is_exclusive });
        let number = || value.trim().parse().ok();
        match &*facet.name.local {
            "minInclusive" => facets.minimum = bound(false),
            "minExclusive" => facets.minimum = bound(true),
            "maxInclusive" => facets.maximum = bound(false),
            "maxExclusive" => facets.maximum = bound(true),
            "minLength" => facets.min_length = number(),
            "maxLength" => facets.max_length = number(),
            "length" => (facets.min_length, facets.max_length) = (number(), number()),
            "totalDigits" => facets.total_digits = number(),
            "fractionDigits" => facets.fraction_digits = number(),
            "enumeration" => values.push(value.to_owned()),
            "pattern" => patterns.push(value.to_owned()),
            "whiteSpace" => {}
            other => drop(facets.rules.insert(format!("xs:{other} {value}"))),
        }
    }
    if !patterns.is_empty() {
        patterns.sort();
        facets.rules.insert(format!("xs:pattern {}", patterns.join("|")));
    }
    if !values.is_empty() {
        facets.enumeration = Some(values.into_iter().collect());
    }
    // Assertions of XML Schema 1.1.
    for assertion in restriction.children.iter().filter(|child| child.name.is(XS, "assertion")) {
        facets.rules.insert(format!("xs:assertion {}", assertion.attribute("test").unwrap_or_default()));
    }
    base
}

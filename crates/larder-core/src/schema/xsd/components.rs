//! What is declared at the top of the documents, by kind and name.

use std::collections::BTreeMap;

use super::{XS, XsdDocument};
use crate::diagnostic::SourceFinding;
use crate::document::{Name, XmlElement};

/// What can be declared at the top of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum XsdComponentKind {
    Element,
    Attribute,
    /// A simple or complex type.
    Type,
    Group,
    AttributeGroup,
}

/// A declaration with the number of its document.
#[derive(Clone, Copy, Debug)]
pub(crate) struct XsdComponent<'a> {
    pub(crate) node: &'a XmlElement,
    pub(crate) document: usize,
    /// Whether it stands in `xs:redefine` or `xs:override`.
    pub(crate) is_redefined: bool,
}

/// All declarations.
pub(crate) struct Components<'a> {
    by_name: BTreeMap<(XsdComponentKind, Name), XsdComponent<'a>>,
    /// The elements that stand for another one.
    pub(crate) substitutes: BTreeMap<Name, Vec<Name>>,
}

impl XsdComponentKind {
    fn of(node: &XmlElement) -> Option<Self> {
        match &*node.name.local {
            "element" => Some(Self::Element),
            "attribute" => Some(Self::Attribute),
            "simpleType" | "complexType" => Some(Self::Type),
            "group" => Some(Self::Group),
            "attributeGroup" => Some(Self::AttributeGroup),
            _ => None,
        }
    }

    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::Element => "element",
            Self::Attribute => "attribute",
            Self::Type => "type",
            Self::Group => "group",
            Self::AttributeGroup => "attribute group",
        }
    }
}

impl<'a> Components<'a> {
    pub(crate) fn new(documents: &'a [XsdDocument], findings: &mut Vec<SourceFinding>) -> Self {
        let mut components = Self { by_name: BTreeMap::new(), substitutes: BTreeMap::new() };
        for (number, document) in documents.iter().enumerate() {
            for child in document.root.children.iter().filter(|child| *child.name.namespace == *XS) {
                if matches!(&*child.name.local, "redefine" | "override") {
                    for node in &child.children {
                        let component = XsdComponent { node, document: number, is_redefined: true };
                        components.add(component, documents, findings);
                    }
                } else {
                    let component = XsdComponent { node: child, document: number, is_redefined: false };
                    components.add(component, documents, findings);
                }
            }
        }
        components
    }

    fn add(&mut self, component: XsdComponent<'a>, documents: &[XsdDocument], findings: &mut Vec<SourceFinding>) {
        let XsdComponent { node, document, is_redefined } = component;
        let (Some(kind), Some(local)) = (XsdComponentKind::of(node), node.attribute("name")) else { return };
        let here = &documents[document];
        let name = Name::new(here.namespace.clone(), local.trim());
        if let (XsdComponentKind::Element, Some(heads)) = (kind, node.attribute("substitutionGroup")) {
            for head in heads.split_ascii_whitespace().filter_map(|head| here.qualified(node, head)) {
                self.substitutes.entry(head).or_default().push(name.clone());
            }
        }
        match self.by_name.entry((kind, name)) {
            std::collections::btree_map::Entry::Vacant(entry) => drop(entry.insert(component)),
            std::collections::btree_map::Entry::Occupied(mut entry) => {
                let known = *entry.get();
                if is_redefined {
                    entry.insert(component);
                } else if !known.is_redefined {
                    let (first, name) = (&documents[known.document], &entry.key().1);
                    // One document that is included in several ways is no contradiction.
                    if first.source.file != here.source.file || known.node.offset() != node.offset() {
                        let message = format!("the {} {name} is declared twice", kind.noun());
                        let place = first.source.position(known.node.offset());
                        let finding = here.error("schema.invalid", node.offset(), message);
                        let help = format!("it is first declared in {}, line {}", first.source.file, place.line);
                        findings.push(finding.with_help(help));
                    }
                }
            }
        }
    }

    pub(crate) fn get(&self, kind: XsdComponentKind, name: &Name) -> Option<XsdComponent<'a>> {
        self.by_name.get(&(kind, name.clone())).copied()
    }

    /// Returns all names of a kind.
    pub(crate) fn names(&self, kind: XsdComponentKind) -> impl Iterator<Item = (&Name, XsdComponent<'a>)> {
        self.by_name.iter().filter(move |((of, _), _)| *of == kind).map(|((_, name), component)| (name, *component))
    }

    /// Returns all elements that may stand where an element is asked for, in the order of their names.
    pub(crate) fn substitutes_for(&self, head: &Name) -> Vec<Name> {
        let (mut found, mut next) = (Vec::<Name>::new(), vec![head.clone()]);
        while let Some(name) = next.pop() {
            for substitute in self.substitutes.get(&name).into_iter().flatten() {
                if substitute != head && !found.contains(substitute) {
                    found.push(substitute.clone());
                    next.push(substitute.clone());
                }
            }
        }
        found.sort();
        found
    }
}

impl XsdDocument {
    /// Returns the name that a value stands for. A name without a prefix and without a default namespace is of no namespace,
    /// or, in a document without one, of the namespace of those that include it.
    pub(crate) fn qualified(&self, node: &XmlElement, value: &str) -> Option<Name> {
        let mut name = node.qualified(value.trim())?;
        if name.namespace.is_empty() && self.root.attribute("targetNamespace").is_none() {
            name.namespace = self.namespace.clone();
        }
        Some(name)
    }
}

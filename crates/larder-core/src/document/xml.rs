//! XML text → tree.

use std::sync::Arc;

use super::guard::guard;
use super::{DocumentError, Name};

/// An element.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlElement {
    /// The name.
    pub name: Name,
    /// The attributes without declarations of namespaces, in the order of the text.
    pub attributes: Vec<XmlAttribute>,
    /// The elements in it.
    pub children: Vec<XmlElement>,
    /// The text in it, without that of its children.
    pub text: String,
    /// The bytes that it stands in.
    pub span: (usize, usize),
    /// The namespaces that are declared where it stands.
    scope: Arc<Scope>,
}

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct XmlAttribute {
    /// The name.
    pub name: Name,
    /// The value.
    pub value: String,
    /// The byte at which its name starts.
    pub offset: usize,
    /// The byte at which its value starts, behind the quote.
    pub value_offset: usize,
}

/// The prefixes that are declared at a place: its own, and those of what it is in.
#[derive(Debug, Default, PartialEq, Eq)]
struct Scope {
    outer: Option<Arc<Scope>>,
    declared: Vec<(Box<str>, Arc<str>)>,
}

/// The namespace of the prefix `xml`, which is always declared.
const XML: &str = "http://www.w3.org/XML/1998/namespace";

impl XmlElement {
    /// Makes an element for a new document.
    pub fn new(name: Name) -> Self {
        Self {
            name,
            attributes: Vec::new(),
            children: Vec::new(),
            text: String::new(),
            span: (0, 0),
            scope: Arc::default(),
        }
    }

    /// Returns the value of an attribute without a namespace.
    pub fn attribute(&self, local: &str) -> Option<&str> {
        self.attribute_node(local).map(|attribute| attribute.value.as_str())
    }

    /// Returns an attribute without a namespace.
    pub fn attribute_node(&self, local: &str) -> Option<&XmlAttribute> {
        self.attributes.iter().find(|attribute| attribute.name.is("", local))
    }

    /// Returns the namespace of a prefix; that of the empty prefix is the default one. `None` if the prefix is not declared.
    pub fn namespace(&self, prefix: &str) -> Option<Arc<str>> {
        if prefix == "xml" {
            return Some(XML.into());
        }
        let mut scope = Some(&self.scope);
        while let Some(here) = scope {
            if let Some((_, uri)) = here.declared.iter().find(|(declared, _)| **declared == *prefix) {
                return Some(Arc::clone(uri));
            }
            scope = here.outer.as_ref();
        }
        prefix.is_empty().then(|| "".into())
    }

    /// Returns the name that a value such as `o:Order` stands for. `None` if its prefix is not declared.
    pub fn qualified(&self, value: &str) -> Option<Name> {
        let (prefix, local) = value.split_once(':').unwrap_or(("", value));
        Some(Name { namespace: self.namespace(prefix)?, local: local.into() })
    }

    /// Returns all declarations that hold here, innermost first, each prefix once.
    pub fn declarations(&self) -> Vec<(&str, &str)> {
        let mut all: Vec<(&str, &str)> = Vec::new();
        let mut scope = Some(&self.scope);
        while let Some(here) = scope {
            for (prefix, uri) in &here.declared {
                if !all.iter().any(|(known, _)| *known == &**prefix) {
                    all.push((prefix, uri));
                }
            }
            scope = here.outer.as_ref();
        }
        all
    }

    /// Returns the children with this name.
    pub fn children_named<'a>(&'a self, namespace: &'a str, local: &'a str) -> impl Iterator<Item = &'a Self> {
        self.children.iter().filter(move |child| child.name.is(namespace, local))
    }

    /// Returns the byte at which it starts.
    pub fn offset(&self) -> usize {
        self.span.0
    }
}

/// Reads a document. Returns its root element.
pub fn parse_xml(text: &str) -> Result<XmlElement, DocumentError> {
    guard(text)?;
    let options = roxmltree::ParsingOptions { allow_dtd: false, ..Default::default() };
    let document = roxmltree::Document::parse_with_options(text, options).map_err(|error| {
        let message = error.to_string();
        let message = message.rsplit_once(" at ").map_or(message.as_str(), |(message, _)| message);
        // What is never closed is known to be missing at the end.
        if matches!(error, roxmltree::Error::UnclosedRootNode) {
            return DocumentError::syntax(format!("not well-formed: {message}"), text.trim_end().len());
        }
        let place = error.pos();
        let line = usize::try_from(place.row).unwrap_or(1).saturating_sub(1);
        let start = text.split_inclusive('\n').take(line).map(str::len).sum::<usize>();
        let column = usize::try_from(place.col).unwrap_or(1).saturating_sub(1);
        let rest = text.get(start..).unwrap_or_default();
        let within = rest.char_indices().nth(column).map_or(rest.len(), |(at, _)| at);
        DocumentError::syntax(format!("not well-formed: {message}"), start + within)
    })?;
    Ok(element(document.root_element(), &Arc::default()))
}

/// Copies an element. Trees are as deep as the guard allows.
fn element(node: roxmltree::Node<'_, '_>, outer: &Arc<Scope>) -> XmlElement {
    let in_parent: Vec<_> = node.parent().map(|parent| parent.namespaces().collect()).unwrap_or_default();
    let declared: Vec<(Box<str>, Arc<str>)> = node
        .namespaces()
        .filter(|namespace| {
            !in_parent.iter().any(|other| other.name() == namespace.name() && other.uri() == namespace.uri())
        })
        .map(|namespace| (namespace.name().unwrap_or_default().into(), namespace.uri().into()))
        .collect();
    let scope = if declared.is_empty() {
        Arc::clone(outer)
    } else {
        Arc::new(Scope { outer: Some(Arc::clone(outer)), declared })
    };
    let attributes = node.attributes().map(|attribute| XmlAttribute {
        name: Name::new(attribute.namespace().unwrap_or_default(), attribute.name()),
        value: attribute.value().to_owned(),
        offset: attribute.range().start,
        value_offset: attribute.range_value().start,
    });
    let mut copy = XmlElement {
        name: Name::new(node.tag_name().namespace().unwrap_or_default(), node.tag_name().name()),
        attributes: attributes.collect(),
        children: Vec::new(),
        text: String::new(),
        span: (node.range().start, node.range().end),
        scope,
    };
    for child in node.children() {
        if child.is_element() {
            copy.children.push(element(child, &copy.scope));
        } else if child.is_text() {
            copy.text.push_str(child.text().unwrap_or_default());
        }
    }
    copy
}

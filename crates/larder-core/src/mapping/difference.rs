//! Two documents, path by path.

use super::model::Document;
use crate::document::{JsonNode, JsonValue, Name, XmlElement};
use crate::expression::Number;
use crate::schema::shape::{ShapeGraph, TypeId, ValueKind};

/// A place at which two documents differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct DocumentDifference {
    /// `/lines/0/amount`, `/Order/Line[2]/@no`.
    pub(super) path: String,
    /// The byte of the expected document.
    pub(super) offset: usize,
    pub(super) message: String,
}

/// The most differences that are told.
const MOST: usize = 50;

/// Returns where a document differs from what is expected.
pub(super) fn compare(
    expected: &Document,
    found: &Document,
    graph: &ShapeGraph,
    type_id: TypeId,
) -> Vec<DocumentDifference> {
    let mut differences = Vec::new();
    match (expected, found) {
        (Document::Json(expected), Document::Json(found)) => json("", expected, found, &mut differences),
        (Document::Xml(expected), Document::Xml(found)) => {
            if expected.name == found.name {
                let path = format!("/{}", expected.name.local);
                let mut comparison = XmlComparison { graph, differences: &mut differences };
                comparison.element(&path, (expected, found), Some(type_id));
            } else {
                add(
                    "",
                    expected.offset(),
                    format!("expected {}, and it is {}", expected.name, found.name),
                    &mut differences,
                );
            }
        }
        _ => add("", 0, "one is XML, the other JSON".to_owned(), &mut differences),
    }
    differences
}

fn add(path: &str, offset: usize, message: String, differences: &mut Vec<DocumentDifference>) {
    if differences.len() < MOST {
        differences.push(DocumentDifference { path: path.to_owned(), offset, message });
    }
}

fn json(path: &str, expected: &JsonNode, found: &JsonNode, differences: &mut Vec<DocumentDifference>) {
    match (&expected.value, &found.value) {
        (JsonValue::Object(members), JsonValue::Object(others)) => {
            for member in members {
                let below = format!("{path}/{}", member.name);
                match found.get(&member.name) {
                    Some(other) => json(&below, &member.node, other, differences),
                    None => add(
                        &below,
                        member.offset,
                        format!("expected {}, and it is missing", shown(&member.node)),
                        differences,
                    ),
                }
            }
            for other in others.iter().filter(|other| expected.get(&other.name).is_none()) {
                let message = format!("expected nothing, and it is {}", shown(&other.node));
                add(&format!("{path}/{}", other.name), expected.offset, message, differences);
            }
        }
        (JsonValue::Array(items), JsonValue::Array(others)) => {
            for (place, (item, other)) in items.iter().zip(others).enumerate() {
                json(&format!("{path}/{place}"), item, other, differences);
            }
            if items.len() != others.len() {
                let message = format!("expected {} items, and there are {}", items.len(), others.len());
                add(path, expected.offset, message, differences);
            }
        }
        (left, right) if left == right => {}
        _ => {
            add(
                path,
                expected.offset,
                format!("expected {}, and it is {}", shown(expected), shown(found)),
                differences,
            );
        }
    }
}

fn shown(node: &JsonNode) -> String {
    let text = node.to_serde().to_string();
    if text.chars().count() > 60 { text.chars().take(60).chain("…".chars()).collect() } else { text }
}

/// A comparison of two XML documents of one schema.
struct XmlComparison<'a> {
    graph: &'a ShapeGraph,
    differences: &'a mut Vec<DocumentDifference>,
}

impl XmlComparison<'_> {
    fn element(&mut self, path: &str, (expected, found): (&XmlElement, &XmlElement), type_id: Option<TypeId>) {
        let graph = self.graph;
        let shape = type_id.map(|type_id| &graph.types[type_id]);
        let kind = shape.and_then(|shape| shape.value.as_ref()).map(|value| value.kind);
        let has_text = kind.is_some() || shape.is_none_or(|shape| shape.is_mixed);
        if (has_text || expected.children.is_empty()) && !same(&expected.text, &found.text, kind) {
            let message = format!("expected `{}`, and it is `{}`", short(&expected.text), short(&found.text));
            add(path, expected.offset(), message, self.differences);
        }
        let is_of_instances = |name: &Name| *name.namespace == *"http://www.w3.org/2001/XMLSchema-instance";
        for attribute in expected.attributes.iter().filter(|attribute| !is_of_instances(&attribute.name)) {
            let below = format!("{path}/@{}", attribute.name.local);
            let kind = shape.and_then(|shape| {
                shape.attributes.iter().find(|other| other.name == attribute.name).map(|other| other.value.kind)
            });
            match found.attributes.iter().find(|other| other.name == attribute.name) {
                None => add(
                    &below,
                    attribute.offset,
                    format!("expected `{}`, and it is missing", short(&attribute.value)),
                    self.differences,
                ),
                Some(other) if !same(&attribute.value, &other.value, kind) => {
                    let message =
                        format!("expected `{}`, and it is `{}`", short(&attribute.value), short(&other.value));
                    add(&below, attribute.offset, message, self.differences);
                }
                Some(_) => {}
            }
        }
        for attribute in &found.attributes {
            if !expected.attributes.iter().any(|other| other.name == attribute.name) {
                let message = format!("expected nothing, and it is `{}`", short(&attribute.value));
                add(&format!("{path}/@{}", attribute.name.local), expected.offset(), message, self.differences);
            }
        }
        let mut others = found.children.iter().peekable();
        let mut counts: Vec<(Name, usize)> = Vec::new();
        for child in &expected.children {
            let number = if let Some((_, count)) = counts.iter_mut().find(|(name, _)| *name == child.name) {
                *count += 1;
                *count
            } else {
                counts.push((child.name.clone(), 1));
                1
            };
            let below = step(path, &child.name, number);
            match others.next_if(|other| other.name == child.name) {
                Some(other) => {
                    let type_id = shape.and_then(|shape| shape.child(&child.name)).map(|child| child.type_id);
                    self.element(&below, (child, other), type_id);
                }
                None => {
                    add(&below, child.offset(), "expected an element, and it is missing".to_owned(), self.differences);
                }
            }
        }
        for other in others {
            let message = format!("expected nothing, and there is {}", other.name.local);
            add(&step(path, &other.name, 1), expected.offset(), message, self.differences);
        }
    }
}

fn step(path: &str, name: &Name, number: usize) -> String {
    if number == 1 { format!("{path}/{}", name.local) } else { format!("{path}/{}[{number}]", name.local) }
}

/// Returns whether two texts are one value of a type.
fn same(left: &str, right: &str, kind: Option<ValueKind>) -> bool {
    if kind == Some(ValueKind::String) {
        return left == right;
    }
    let (left, right) = (left.trim(), right.trim());
    left == right
        || match kind {
            Some(kind) if kind.is_number() => {
                matches!((left.parse::<Number>(), right.parse::<Number>()), (Ok(left), Ok(right)) if left == right)
            }
            Some(ValueKind::Boolean) => {
                let truth = |text: &str| matches!(text, "true" | "1");
                truth(left) == truth(right)
            }
            _ => false,
        }
}

fn short(text: &str) -> String {
    let text = text.trim();
    if text.chars().count() > 60 { text.chars().take(60).chain("…".chars()).collect() } else { text.to_owned() }
}

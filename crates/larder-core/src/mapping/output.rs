//! Documents of the target, as they are put together.

use super::convert::plain;
use super::model::Document;
use super::read::{Scalar, ScalarForm};
use crate::document::{Format, JsonMember, JsonNode, JsonValue, Name, XmlAttribute, XmlElement};
use crate::expression::Number;
use crate::schema::shape::{EntryRoot, ShapeGraph, TypeId, ValueKind};

/// A place of a new document.
#[derive(Clone, Debug, Default)]
pub(super) struct Output {
    /// Elements or members, in the order in which they were written.
    children: Vec<(Name, Output)>,
    attributes: Vec<(Name, String)>,
    value: Option<Scalar>,
    /// The items, if it is a list of JSON.
    items: Option<Vec<Output>>,
}

impl Output {
    /// Returns whether nothing was written.
    pub(super) fn is_empty(&self) -> bool {
        self.children.is_empty() && self.attributes.is_empty() && self.value.is_none() && self.items.is_none()
    }

    /// Sets a value below this place. Elements on the way are made once.
    pub(super) fn set(&mut self, names: &[Name], is_attribute: bool, value: Scalar) {
        let (names, attribute) = match names.split_last() {
            Some((attribute, names)) if is_attribute => (names, Some(attribute)),
            _ => (names, None),
        };
        let place = self.below(names);
        match attribute {
            Some(attribute) => place.attributes.push((attribute.clone(), value.text)),
            None => place.value = Some(value),
        }
    }

    /// Puts the items of a list below this place: in XML elements of one name, in JSON a list.
    pub(super) fn set_items(&mut self, names: &[Name], items: Vec<Self>, format: Format) {
        match (format, names.split_last()) {
            (Format::Xml, Some((last, before))) => {
                if !items.is_empty() {
                    let place = self.below(before);
                    place.children.extend(items.into_iter().map(|item| (last.clone(), item)));
                }
            }
            _ => self.below(names).items = Some(items),
        }
    }

    fn below(&mut self, names: &[Name]) -> &mut Self {
        names.iter().fold(self, |here, name| {
            let known = here.children.iter().position(|(known, _)| known == name);
            let place = known.unwrap_or_else(|| {
                here.children.push((name.clone(), Self::default()));
                here.children.len() - 1
            });
            &mut here.children[place].1
        })
    }

    /// Makes a document of the target.
    pub(super) fn document(self, graph: &ShapeGraph, root: &EntryRoot) -> Document {
        match graph.format {
            Format::Xml => {
                let fallback = || Name::local(graph.types[root.type_id].name.as_deref().unwrap_or("document"));
                let name = root.name.clone().unwrap_or_else(fallback);
                Document::Xml(self.element(name, graph, root.type_id))
            }
            Format::Json => Document::Json(self.json(graph, root.type_id)),
        }
    }

    /// Makes an element, with its children in the order of its type.
    fn element(self, name: Name, graph: &ShapeGraph, type_id: TypeId) -> XmlElement {
        let shape = &graph.types[type_id];
        let mut element = XmlElement::new(name);
        element.text = self.value.map(|value| value.text).unwrap_or_default();
        element.attributes = self
            .attributes
            .into_iter()
            .map(|(name, value)| XmlAttribute { name, value, offset: 0, value_offset: 0 })
            .collect();
        // A place among the elements of the type, and what wildcards admit before the element at that place.
        let place = |name: &Name| match shape.children.iter().position(|child| child.name == *name) {
            Some(place) => ((place, 1), shape.children[place].type_id),
            None => match graph.admitted(type_id, name) {
                Some(element) => ((element.behind, 0), element.type_id),
                None => ((usize::MAX, 0), type_id),
            },
        };
        let mut children: Vec<_> =
            self.children.into_iter().map(|(name, output)| (place(&name), name, output)).collect();
        // Stable: items of a list stay in their order.
        children.sort_by_key(|((place, _), ..)| *place);
        element.children =
            children.into_iter().map(|((_, below), name, output)| output.element(name, graph, below)).collect();
        element
    }

    fn json(self, graph: &ShapeGraph, type_id: TypeId) -> JsonNode {
        let shape = &graph.types[type_id];
        if let Some(items) = self.items {
            let item = graph.item(type_id).unwrap_or(type_id);
            return JsonNode::new(JsonValue::Array(items.into_iter().map(|output| output.json(graph, item)).collect()));
        }
        if let Some(value) = self.value {
            let kind = shape.value.as_ref().map_or(ValueKind::Any, |value| value.kind);
            return JsonNode::new(json_value(value, kind));
        }
        let members = self.children.into_iter().map(|(name, output)| {
            let below = shape.below(&name).unwrap_or(type_id);
            JsonMember { name: name.local.to_string(), offset: 0, node: output.json(graph, below) }
        });
        JsonNode::new(JsonValue::Object(members.collect()))
    }
}

/// Writes a value as the target's type wants it; where that wants nothing, as the source has it.
fn json_value(value: Scalar, kind: ValueKind) -> JsonValue {
    let number = |text: &str| text.trim().parse::<Number>().ok();
    let boolean = |text: &str| match text.trim() {
        "true" | "1" => Some(true),
        "false" | "0" => Some(false),
        _ => None,
    };
    let made = match (kind, value.form) {
        (ValueKind::Integer | ValueKind::Decimal | ValueKind::Float, _) | (ValueKind::Any, ScalarForm::Number) => {
            number(&value.text).map(JsonValue::Number)
        }
        (ValueKind::Boolean, _) | (ValueKind::Any, ScalarForm::Boolean) => boolean(&value.text).map(JsonValue::Boolean),
        _ => None,
    };
    made.unwrap_or(JsonValue::String(value.text))
}

/// Returns a text as a type of XML has it: numbers without an exponent.
pub(super) fn xml_value(text: &str, kind: ValueKind) -> String {
    match (kind, text.trim().parse::<Number>()) {
        (ValueKind::Integer | ValueKind::Decimal, Ok(number)) if text.contains(['e', 'E']) => plain(&number),
        _ => text.to_owned(),
    }
}

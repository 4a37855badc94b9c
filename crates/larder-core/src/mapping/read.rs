//! Values of the source.

use super::model::Document;
use crate::document::{JsonNode, JsonValue, Name, XmlElement};
use crate::expression::{Path, PathStep};
use crate::schema::shape::Namespaces;

/// A place in a document.
#[derive(Clone, Copy, Debug)]
pub(super) enum Node<'a> {
    Xml(&'a XmlElement),
    Json(&'a JsonNode),
}

/// A value, as it is written, with what JSON says it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Scalar {
    pub(super) text: String,
    pub(super) form: ScalarForm,
}

/// What JSON says of a value; XML says nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ScalarForm {
    Text,
    Number,
    Boolean,
}

/// The namespace of `xsi:nil`.
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

impl Document {
    pub(super) fn node(&self) -> Node<'_> {
        match self {
            Self::Xml(root) => Node::Xml(root),
            Self::Json(root) => Node::Json(root),
        }
    }
}

impl Node<'_> {
    /// Returns the value at a path. `None` if there is none, if it is `null` or nil, and if it has parts.
    pub(super) fn value(self, path: &Path, namespaces: &Namespaces) -> Option<Scalar> {
        let (last, before) = match path.steps.split_last() {
            Some((last, before)) if last.attribute => (Some(last), before),
            _ => (None, &path.steps[..]),
        };
        let node = before.iter().try_fold(self, |node, step| node.children(step, namespaces).into_iter().next())?;
        match (node, last) {
            (Self::Xml(element), Some(step)) => {
                let name = name(step, namespaces)?;
                let attribute = element.attributes.iter().find(|attribute| attribute.name == name)?;
                Some(Scalar { text: attribute.value.clone(), form: ScalarForm::Text })
            }
            (Self::Xml(element), None) => {
                let nil = element.attributes.iter().find(|attribute| attribute.name.is(INSTANCE, "nil"));
                let is_nil = nil.is_some_and(|nil| matches!(nil.value.trim(), "true" | "1"));
                (!is_nil).then(|| Scalar { text: element.text.clone(), form: ScalarForm::Text })
            }
            (Self::Json(node), None) => {
                let (text, form) = match &node.value {
                    JsonValue::String(text) => (text.clone(), ScalarForm::Text),
                    JsonValue::Number(number) => (super::convert::plain(number), ScalarForm::Number),
                    JsonValue::Boolean(value) => (value.to_string(), ScalarForm::Boolean),
                    JsonValue::Null | JsonValue::Array(_) | JsonValue::Object(_) => return None,
                };
                Some(Scalar { text, form })
            }
            (Self::Json(_), Some(_)) => None,
        }
    }

    /// Returns the items of the list at a path. `None` if there is no list.
    pub(super) fn items(self, path: &Path, namespaces: &Namespaces) -> Option<Vec<Self>> {
        let Some((last, before)) = path.steps.split_last() else {
            return match self {
                Self::Json(node) => Some(node.items().iter().map(Self::Json).collect()),
                Self::Xml(_) => None,
            };
        };
        let node = before.iter().try_fold(self, |node, step| node.children(step, namespaces).into_iter().next())?;
        match node {
            Self::Xml(_) => {
                let items = node.children(last, namespaces);
                (!items.is_empty()).then_some(items)
            }
            Self::Json(node) => match &node.get(&last.name)?.value {
                JsonValue::Array(items) => Some(items.iter().map(Self::Json).collect()),
                _ => None,
            },
        }
    }

    fn children(self, step: &PathStep, namespaces: &Namespaces) -> Vec<Self> {
        match self {
            Self::Xml(element) => {
                let Some(name) = name(step, namespaces) else { return Vec::new() };
                element.children.iter().filter(|child| child.name == name).map(Self::Xml).collect()
            }
            Self::Json(node) => node.get(&step.name).map(Self::Json).into_iter().collect(),
        }
    }
}

/// Returns the name that a step stands for in XML.
pub(super) fn name(step: &PathStep, namespaces: &Namespaces) -> Option<Name> {
    match &step.prefix {
        None => Some(Name::local(step.name.as_ref())),
        Some(prefix) => Some(Name::new(namespaces.get(prefix)?.as_ref(), step.name.as_ref())),
    }
}

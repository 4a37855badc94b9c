//! `xs:any`: elements of which a schema says no more than their namespaces.

use std::sync::Arc;

use crate::document::Name;

use super::{ShapeGraph, TypeId};

/// Which elements a wildcard admits, by their namespaces.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Wildcard {
    /// `##any`
    Any,
    /// `##other`: all but those of the schema, and those without a namespace.
    Other(Arc<str>),
    /// Those that are listed.
    Listed(Vec<Arc<str>>),
}

impl Wildcard {
    /// Reads `namespace=` of a wildcard in a schema with this target namespace.
    pub(crate) fn of(namespaces: Option<&str>, target: &Arc<str>) -> Self {
        match namespaces.map(str::trim) {
            None | Some("##any") => Self::Any,
            Some("##other") => Self::Other(Arc::clone(target)),
            Some(listed) => Self::Listed(
                listed
                    .split_ascii_whitespace()
                    .map(|one| match one {
                        "##targetNamespace" => Arc::clone(target),
                        "##local" => "".into(),
                        other => other.into(),
                    })
                    .collect(),
            ),
        }
    }

    fn admits(&self, name: &Name) -> bool {
        match self {
            Self::Any => true,
            Self::Other(target) => !name.namespace.is_empty() && name.namespace != *target,
            Self::Listed(listed) => listed.contains(&name.namespace),
        }
    }
}

/// A wildcard of a type, seen from the whole of its content.
#[derive(Clone, Debug)]
pub(crate) struct WildcardPlace {
    pub(crate) wildcard: Wildcard,
    /// Whether several elements may stand there.
    pub(crate) is_repeated: bool,
    /// How many of the type's elements stand before it.
    pub(crate) behind: usize,
    /// The type of elements that the schema does not declare.
    pub(crate) type_id: TypeId,
}

/// An element that a wildcard admits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AdmittedElement {
    pub(crate) type_id: TypeId,
    pub(crate) is_repeated: bool,
    /// How many of the type's elements stand before it.
    pub(crate) behind: usize,
}

impl ShapeGraph {
    /// Returns what an element is that a type does not list, if one of its wildcards admits it.
    pub(crate) fn admitted(&self, type_id: TypeId, name: &Name) -> Option<AdmittedElement> {
        let place = self.types[type_id].wildcards.iter().find(|place| place.wildcard.admits(name))?;
        let declared = self.entries.iter().find(|entry| entry.root.name.as_ref() == Some(name));
        let type_id = declared.map_or(place.type_id, |entry| entry.root.type_id);
        Some(AdmittedElement { type_id, is_repeated: place.is_repeated, behind: place.behind })
    }
}

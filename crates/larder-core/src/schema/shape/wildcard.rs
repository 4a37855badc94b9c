//! `xs:any` and `xs:anyAttribute`: elements and attributes of which a schema says no more than their namespaces.

use std::sync::Arc;

use crate::document::Name;

/// Which elements or attributes a wildcard admits, by their namespaces.
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

    pub(crate) fn admits(&self, name: &Name) -> bool {
        match self {
            Self::Any => true,
            Self::Other(target) => !name.namespace.is_empty() && name.namespace != *target,
            Self::Listed(listed) => listed.contains(&name.namespace),
        }
    }
}

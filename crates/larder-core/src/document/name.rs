//! Names with namespaces.

use std::fmt;
use std::sync::Arc;

/// The name of an element, an attribute or a component of a schema; in JSON, of a member of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    /// The namespace; empty without one.
    pub namespace: Arc<str>,
    /// The name in it.
    pub local: Arc<str>,
}

impl Name {
    /// Makes one.
    pub fn new(namespace: impl Into<Arc<str>>, local: impl Into<Arc<str>>) -> Self {
        Self { namespace: namespace.into(), local: local.into() }
    }

    /// Makes one without a namespace.
    pub fn local(local: impl Into<Arc<str>>) -> Self {
        Self::new("", local)
    }

    /// Returns whether this is the name.
    pub fn is(&self, namespace: &str, local: &str) -> bool {
        *self.namespace == *namespace && *self.local == *local
    }
}

impl fmt::Display for Name {
    /// Writes `{urn:acme:order}Order`, or `Order`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.namespace.is_empty() {
            f.write_str(&self.local)
        } else {
            write!(f, "{{{}}}{}", self.namespace, self.local)
        }
    }
}

//! Which documents a schema allows, the same for XML and JSON: elements and members with how often they occur, attributes,
//! values with their types, choices. Recursion is a graph of numbered types.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `simple` | types of values and their facets |
//! | `graph` | types, particles, entries |
//! | `find` | paths in a shape |
//! | `wildcard` | elements of which only the namespace is known |
//! | `scope` | shapes as the names of expressions |

mod find;
mod graph;
mod scope;
mod simple;
mod wildcard;

pub(crate) use find::find;
pub use find::{Found, PathProblem};
pub use graph::Format;
pub(crate) use graph::{
    AttributeShape, Budget, ChoiceKind, ElementShape, Entry, EntryRoot, FileOffset, Items, OtherMembers, Particle,
    ShapeGraph, Term, TypeId, TypeShape, Undecided, WildcardPlace,
};
pub use scope::ShapeScope;
pub(crate) use simple::{Bound, Facets, SimpleType, ValueKind};
pub(crate) use wildcard::Wildcard;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::expression::Path;

/// The prefixes that paths use, and the namespaces that they stand for.
pub type Namespaces = BTreeMap<Box<str>, Box<str>>;

/// Which documents an entry of a schema allows.
#[derive(Clone, Debug)]
pub struct Shape {
    pub(crate) graph: Arc<ShapeGraph>,
    pub(crate) root: EntryRoot,
}

impl Shape {
    /// Returns how documents are written.
    pub fn format(&self) -> Format {
        self.graph.format
    }

    /// Returns the name of the root element, `{urn:acme:order}Order`, or of the type.
    pub fn name(&self) -> String {
        self.root.name.as_ref().map_or_else(|| "the document".to_owned(), ToString::to_string)
    }

    /// Follows a path from the root. The root element itself is no step.
    pub fn find(&self, path: &Path, namespaces: &Namespaces) -> Result<Found, PathProblem> {
        find(&self.graph, self.root.type_id, path, namespaces)
    }

    /// Returns the namespaces of its elements and attributes; none is the empty one.
    pub fn namespaces(&self) -> BTreeSet<&str> {
        let root = self.root.name.iter().map(|name| &*name.namespace);
        let below = self.graph.types.iter().flat_map(|shape| {
            let children = shape.children.iter().map(|child| &*child.name.namespace);
            children.chain(shape.attributes.iter().map(|attribute| &*attribute.name.namespace))
        });
        root.chain(below).filter(|namespace| !namespace.is_empty()).collect()
    }

    /// Returns the names that expressions about such a document may use.
    pub fn scope<'a>(&'a self, namespaces: &'a Namespaces) -> ShapeScope<'a> {
        ShapeScope { shape: self, namespaces }
    }
}

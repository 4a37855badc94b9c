//! Shapes as the names of expressions.

use super::{Namespaces, Shape};
use crate::expression::{Lookup, Path, Scope};

/// The names that expressions about a document may use.
#[derive(Clone, Copy)]
pub struct ShapeScope<'a> {
    pub(super) shape: &'a Shape,
    pub(super) namespaces: &'a Namespaces,
}

impl Scope for ShapeScope<'_> {
    fn lookup(&self, path: &Path) -> Lookup {
        match self.shape.find(path, self.namespaces) {
            Err(problem) => Lookup::Unknown { step: problem.step, nearest: problem.nearest },
            Ok(found) if found.lists > 0 => Lookup::List,
            Ok(found) => found.value.map_or(Lookup::Structure, |value| Lookup::Value(value.value_type())),
        }
    }
}

//! Which names there are, and what they stand for.

use std::collections::BTreeMap;

use super::{Path, Value, ValueType};
use crate::diagnostic::nearest;

/// The names that expressions may use.
pub trait Scope {
    /// Returns what is known of a path before there are values.
    fn lookup(&self, path: &Path) -> Lookup;
}

/// What is known of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Lookup {
    /// It leads to a single value.
    Value(ValueType),
    /// It leads to something that has parts. Only `exists` can be asked of it.
    Structure,
    /// It leads to a list, or through one. Only `exists` can be asked of it.
    List,
    /// It leads nowhere.
    Unknown {
        /// The step that is not known.
        step: usize,
        /// The nearest name that is known there.
        nearest: Option<String>,
    },
}

/// The values that an expression is evaluated with.
pub trait Values {
    /// Returns the value at a path. `None` if there is none, or more than one.
    fn value(&self, path: &Path) -> Option<Value>;

    /// Returns whether there is anything at a path.
    fn is_present(&self, path: &Path) -> bool {
        self.value(path).is_some()
    }
}

/// Names with types, such as the metrics that rules are about. A name is a path as it is written: `memory`, `service/state`.
#[derive(Clone, Debug, Default)]
pub struct NameTable {
    names: BTreeMap<String, ValueType>,
}

impl NameTable {
    /// Makes a table of names.
    pub fn new(names: impl IntoIterator<Item = (impl Into<String>, ValueType)>) -> Self {
        Self { names: names.into_iter().map(|(name, value_type)| (name.into(), value_type)).collect() }
    }
}

impl Scope for NameTable {
    fn lookup(&self, path: &Path) -> Lookup {
        let text = path.to_string();
        if let Some(value_type) = self.names.get(&text) {
            return Lookup::Value(*value_type);
        }
        let near = nearest(&text, self.names.keys().map(String::as_str));
        Lookup::Unknown { step: 0, nearest: near.map(ToOwned::to_owned) }
    }
}

impl Values for BTreeMap<String, Value> {
    fn value(&self, path: &Path) -> Option<Value> {
        self.get(&path.to_string()).cloned()
    }
}

//! What a mapping writes, as a tree of the target.

use std::collections::BTreeMap;

use crate::diagnostic::Position;
use crate::document::Name;

/// A place of the target that is written, with what is below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Mapped {
    pub(super) children: BTreeMap<Name, Mapped>,
    pub(super) attributes: BTreeMap<Name, Position>,
    /// The line that writes its value.
    pub(super) value: Option<Position>,
    /// The value, if it is the same in every document.
    pub(super) constant: Option<String>,
    /// The line that writes a list of it.
    pub(super) each: Option<Position>,
    /// The first line that writes it or something below it.
    pub(super) first: Option<Position>,
}

impl Mapped {
    /// Returns the place at the end of some names, made where it is new.
    pub(super) fn below(&mut self, names: &[Name], position: Position) -> &mut Self {
        self.first.get_or_insert(position);
        names.iter().fold(self, |here, name| {
            let next = here.children.entry(name.clone()).or_default();
            next.first.get_or_insert(position);
            next
        })
    }

    /// Returns whether nothing is written.
    pub(super) fn is_empty(&self) -> bool {
        self.children.is_empty() && self.attributes.is_empty() && self.value.is_none() && self.each.is_none()
    }
}

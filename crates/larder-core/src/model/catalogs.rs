//! Ranges that a project writes once, for all who ask for a package by `catalog`.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Ecosystem, Label, PackageName};

/// The catalogs of a project: the default one, and those that have a name.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Catalogs(BTreeMap<(Option<Label>, Ecosystem, PackageName), Arc<str>>);

impl Catalogs {
    /// Adds the range of a package to a catalog. Returns `false` if the catalog has the package already.
    pub fn add(&mut self, catalog: Option<Label>, ecosystem: Ecosystem, name: PackageName, range: &str) -> bool {
        let is_new = !self.0.contains_key(&(catalog.clone(), ecosystem, name.clone()));
        if is_new {
            self.0.insert((catalog, ecosystem, name), range.into());
        }
        is_new
    }

    /// Returns the range that a catalog has for a package, as it is written.
    ///
    /// # Errors
    /// The reason, for people: there is no such catalog, or it has no such package.
    pub fn range(
        &self,
        catalog: Option<&Label>,
        ecosystem: Ecosystem,
        name: &PackageName,
    ) -> Result<&Arc<str>, String> {
        if let Some(range) = self.0.get(&(catalog.cloned(), ecosystem, name.clone())) {
            return Ok(range);
        }
        let called = catalog.map_or_else(|| "the catalog".to_owned(), |label| format!("the catalog `{label}`"));
        if self.0.keys().any(|(known, ..)| known.as_ref() == catalog) {
            return Err(format!("{called} has no {ecosystem} package `{name}`"));
        }
        Err(catalog.map_or_else(|| "there is no catalog".to_owned(), |label| format!("there is no catalog `{label}`")))
    }
}

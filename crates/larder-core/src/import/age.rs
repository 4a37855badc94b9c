//! The age that other tools demand of versions: pnpm's `minimumReleaseAge`, uv's `exclude-newer` and their siblings.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::manifest::edit::quoted;
use crate::model::{Ecosystem, span_text, split_at_version};

use super::Imported;

/// What a tool demands. Nothing is demanded of an ecosystem whose tools say nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportedAge {
    /// The longest age that is demanded.
    minimum: Duration,
    /// The ecosystems whose tools demand one.
    ecosystems: BTreeSet<Ecosystem>,
    /// The names or globs that may be younger, each with the properties of its line.
    exempt: BTreeSet<(Ecosystem, String, String)>,
}

impl Imported {
    /// Notes that a tool demands an age.
    pub(super) fn demand_age(&mut self, ecosystem: Ecosystem, minimum: Duration) {
        if !minimum.is_zero() {
            self.age.minimum = self.age.minimum.max(minimum);
            self.age.ecosystems.insert(ecosystem);
        }
    }

    /// Notes that packages may be younger, given by a name or a glob, or by a name with versions: `ws@8.21.0 || 8.22.0`.
    pub(super) fn exempt_from_age(&mut self, ecosystem: Ecosystem, what: &str) {
        let (name, versions) = split_at_version(what).map_or((what, None), |(name, versions)| (name, Some(versions)));
        let versions = versions.map(|versions| format!(" versions={}", quoted(versions)));
        self.age.exempt.insert((ecosystem, name.to_owned(), versions.unwrap_or_default()));
    }

    /// Notes that a package may be younger, up to what was published before an instant.
    pub(super) fn exempt_from_age_before(&mut self, ecosystem: Ecosystem, name: &str, instant: jiff::Timestamp) {
        self.age.exempt.insert((ecosystem, name.to_owned(), format!(" before={}", quoted(&instant.to_string()))));
    }
}

impl ImportedAge {
    /// Adds what another file demands.
    pub(super) fn merge(&mut self, other: Self) {
        self.minimum = self.minimum.max(other.minimum);
        self.ecosystems.extend(other.ecosystems);
        self.exempt.extend(other.exempt);
    }

    /// Returns the line of the policy, if any tool demands an age. `every` are the ecosystems that tools can have.
    pub(super) fn line(&self, every: [Ecosystem; 2]) -> Option<String> {
        if self.ecosystems.is_empty() {
            return None;
        }
        let others = every.into_iter().filter(|ecosystem| !self.ecosystems.contains(ecosystem));
        let others = others.map(|ecosystem| format!("exempt {ecosystem} \"*\""));
        let concerned = self.exempt.iter().filter(|(ecosystem, ..)| self.ecosystems.contains(ecosystem));
        let named =
            concerned.map(|(ecosystem, name, properties)| format!("exempt {ecosystem} {}{properties}", quoted(name)));
        let exempt: Vec<String> = others.chain(named).collect();
        let block = if exempt.is_empty() { String::new() } else { format!(" {{ {}; }}", exempt.join("; ")) };
        Some(format!("age {}{block}", quoted(&span_text(self.minimum))))
    }
}

//! Peers of the project's own packages: `peerDependencies` of package.json, which some tools install as if they were
//! dependencies.

use serde_json::{Map, Value};

use crate::import::locks::RememberedPeer;
use crate::import::{ImportError, Imported, ImportedLine, catalog_name};
use crate::model::Label;

use super::ECOSYSTEM;
use super::fields::{self, DEPENDENCIES, entries};

/// Why the peers of the project itself are not imported.
const NOT_TAKEN: &str = "a project is nobody's peer: add what it needs itself";

/// Who uses what no manifest declares.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UsedBy {
    /// The project's own files.
    Code,
    /// A tool that looks for it unasked: it is for development.
    Tools,
}

/// A peer of a package.json that is not among its other dependencies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredPeer {
    /// The name.
    pub name: String,
    /// The range.
    pub range: String,
    /// Whether `peerDependenciesMeta` says that it is optional.
    pub is_optional: bool,
}

impl DeclaredPeer {
    /// Returns how it is called where it is not imported.
    pub(super) fn what(&self) -> String {
        format!("peerDependencies {}", self.name)
    }
}

/// Returns the name that a package.json declares, and the peers that are not among its other dependencies.
///
/// # Errors
/// The text is no JSON object.
pub fn package_peers(text: &str) -> Result<(Option<String>, Vec<DeclaredPeer>), ImportError> {
    let document = fields::document(text)?;
    let name = document.get("name").and_then(Value::as_str).map(str::to_owned);
    Ok((name, undeclared(&document)))
}

/// Lists the peers of the project itself as not imported.
pub(super) fn refuse(document: &Map<String, Value>, imported: &mut Imported) {
    for peer in undeclared(document) {
        imported.refuse(peer.what(), NOT_TAKEN);
    }
}

fn undeclared(document: &Map<String, Value>) -> Vec<DeclaredPeer> {
    let is_declared =
        |name: &str| DEPENDENCIES.iter().any(|field| entries(document, field).any(|(one, _)| one == name));
    let meta = document.get("peerDependenciesMeta").and_then(Value::as_object);
    let is_optional = |name: &str| meta.and_then(|meta| meta.get(name)?.get("optional")?.as_bool()) == Some(true);
    let peers = entries(document, "peerDependencies").filter(|(name, _)| !is_declared(name));
    let peer = |(name, range): (&str, &Value)| {
        let range = range.as_str()?.to_owned();
        Some(DeclaredPeer { name: name.to_owned(), range, is_optional: is_optional(name) })
    };
    peers.filter_map(peer).collect()
}

impl Imported {
    /// Adds an `extend` line for what a member uses and does not declare.
    pub fn take_use_of_member(&mut self, member: &str, name: &str, version: &str) {
        self.add_extension(ECOSYSTEM, member, (name, version), None);
    }

    /// Adds an `extend` line for an optional peer of a package, which a tool installed. One line is for all copies of the package: where
    /// they have different versions, it is listed as not imported.
    pub fn take_remembered_peer(&mut self, peer: &RememberedPeer<'_>) {
        let (package, name) = (peer.dependent.as_str(), peer.name.as_str());
        match peer.versions.iter().map(ToString::to_string).collect::<Vec<_>>().as_slice() {
            [version] => self.add_extension(ECOSYSTEM, package, (name, version), None),
            versions => self.refuse(
                format!("the peer {name} of {package}"),
                format!("it was there as {}, and nothing asks for it", versions.join(" and ")),
            ),
        }
    }

    /// Adds a line for what the project's own files use and do not declare; an optional one for what they may have to go without.
    pub fn take_use_of_root(&mut self, name: &str, version: &str, by: UsedBy, optional: bool) {
        self.take(ImportedLine {
            ecosystem: ECOSYSTEM,
            name: name.to_owned(),
            range: Some(version.to_owned()),
            group: self.group_of_tools().filter(|_| by == UsedBy::Tools).cloned(),
            catalog: None,
            source: None,
            when: None,
            optional,
        });
    }

    /// Returns the group for development that tools install: `dev`, or the first one that is not on demand.
    fn group_of_tools(&self) -> Option<&Label> {
        let mut installed = self.dev_groups.difference(&self.optional_groups);
        installed.clone().find(|group| group.as_str() == "dev").or_else(|| installed.next())
    }

    /// Adds an `extend` line for a peer of a member, which its tool installs. A range with a protocol means a package of the project,
    /// which the member finds in any case.
    pub fn take_peer_of_member(&mut self, member: &str, peer: &DeclaredPeer) {
        let range = match peer.range.strip_prefix("catalog:").map(catalog_name) {
            Some(catalog) => {
                let known = self.catalogs.iter().find(|known| {
                    (&known.catalog, known.ecosystem, &*known.name) == (&catalog, ECOSYSTEM, &*peer.name)
                });
                known.map(|known| known.range.clone())
            }
            None => Some(peer.range.clone()).filter(|range| !range.contains(':')),
        };
        if let Some(range) = range {
            self.add_extension(ECOSYSTEM, member, (&peer.name, &range), None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_are_those_that_no_other_field_declares() {
        let text = r#"{"name": "ui", "peerDependencies": {"react": "^18", "vue": "^3", "left": "1"},
            "peerDependenciesMeta": {"vue": {"optional": true}, "left": {"optional": "yes"}}, "devDependencies": {"react": "18"}}"#;
        let (name, peers) = package_peers(text).unwrap();
        let told: Vec<_> = peers.iter().map(|peer| (&*peer.name, &*peer.range, peer.is_optional)).collect();
        assert_eq!((name.as_deref(), told), (Some("ui"), vec![("left", "1", false), ("vue", "^3", true)]));
    }
}

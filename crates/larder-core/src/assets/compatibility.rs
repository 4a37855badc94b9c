//! What a newer version of a package's assets breaks for those who use them.
//!
//! Schemas are judged by the documents that they allow. Of an adapter count what it is bound to, what it can be asked for, and
//! what who deploys it has to provide; the values of its parameters are its author's. Of a mapping count the schemas on both
//! sides. Whether an asset is there at all, the package's surface tells.

use std::collections::{BTreeMap, BTreeSet};

use super::adapter::{Adapter, ParameterValue, SecretPlace};
use super::package::{AssetIndex, PackageIndex};
use super::set::{AssetBody, AssetSet};
use crate::mapping::Mapping;
use crate::model::{AssetKind, AssetReference};
use crate::schema::compatibility::{self, ChangeLevel};

/// A change of an asset that counts.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AssetChange {
    /// How grave it is.
    pub level: ChangeLevel,
    /// The asset, without its package: ``schema `order@1` ``.
    pub asset: String,
    /// The place in documents, or the parameter; empty for the asset as a whole.
    pub path: Box<str>,
    /// The stable code: `compatibility.required`.
    pub code: &'static str,
    /// A sentence in lower case.
    pub message: String,
}

impl AssetChange {
    /// Returns the change as a line.
    pub fn line(&self) -> String {
        match &*self.path {
            "" => format!("{}: {}", self.asset, self.message),
            path => format!("{} at {path}: {}", self.asset, self.message),
        }
    }
}

/// A version of a package among others: the set, and its place there.
type Side<'a> = (&'a AssetSet<'a>, PackageIndex);

/// Returns what counts of the changes to the assets that both versions of a package have, the gravest first.
pub fn compare(old: Side<'_>, new: Side<'_>) -> Vec<AssetChange> {
    let mut changes = Vec::new();
    for before in old.0.of_package(old.1) {
        let id = &old.0.asset(before).id;
        let is_same = |at: &AssetIndex| {
            let other = &new.0.asset(*at).id;
            (other.kind, &other.name, &other.version) == (id.kind, &id.name, &id.version)
        };
        let Some(after) = new.0.of_package(new.1).find(is_same) else { continue };
        changes.extend(compare_asset((old.0, before), (new.0, after)));
    }
    changes.sort();
    changes
}

/// Returns what counts of the changes to an asset, the gravest first.
pub fn compare_asset(old: At<'_>, new: At<'_>) -> Vec<AssetChange> {
    let id = &old.0.asset(old.1).id;
    let mut found = Changes { asset: format!("{} `{}@{}`", id.kind, id.name, id.version), list: Vec::new() };
    found.compare(old, new);
    found.list.sort();
    found.list.dedup();
    found.list
}

/// An asset in a set.
type At<'a> = (&'a AssetSet<'a>, AssetIndex);

/// The changes of one asset.
struct Changes {
    asset: String,
    list: Vec<AssetChange>,
}

impl Changes {
    fn breaking(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.add(ChangeLevel::Breaking, path, code, message.into());
    }

    fn minor(&mut self, path: &str, code: &'static str, message: impl Into<String>) {
        self.add(ChangeLevel::Minor, path, code, message.into());
    }

    fn add(&mut self, level: ChangeLevel, path: &str, code: &'static str, message: String) {
        self.list.push(AssetChange { level, asset: self.asset.clone(), path: path.into(), code, message });
    }

    fn compare(&mut self, old: At<'_>, new: At<'_>) {
        // What has the same content below it has no change, even if nobody can read it.
        if old.0.digest(old.1) == new.0.digest(new.1) {
            return;
        }
        let (before, after) = (&old.0.content(old.1).body, &new.0.content(new.1).body);
        match (before, after) {
            (AssetBody::Schema(Some(before)), AssetBody::Schema(Some(after))) => {
                let found = compatibility::compare(before, after);
                self.list.extend(found.into_iter().map(|change| AssetChange {
                    level: change.level,
                    asset: self.asset.clone(),
                    path: change.path,
                    code: change.code,
                    message: change.message,
                }));
            }
            (AssetBody::Adapter(Some(before)), AssetBody::Adapter(Some(after))) => {
                self.adapters((old, before), (new, after));
            }
            (AssetBody::Mapping(Some(before)), AssetBody::Mapping(Some(after))) => {
                self.mappings((old, before), (new, after));
            }
            (AssetBody::Flow(_), AssetBody::Flow(_)) => {}
            // Of what nobody can read nobody can tell.
            (AssetBody::Schema(None) | AssetBody::Adapter(None) | AssetBody::Mapping(None), _) => {
                let message = format!("the older one cannot be read, and so not be compared: {}", reason(old));
                self.breaking("", "compatibility.unreadable", message);
            }
            _ => {
                let message = format!("it cannot be read, and so not be compared: {}", reason(new));
                self.breaking("", "compatibility.unreadable", message);
            }
        }
    }

    fn mappings(&mut self, (old, before): (At<'_>, &Mapping), (new, after): (At<'_>, &Mapping)) {
        for (side, before, after) in [("from", before.from(), after.from()), ("to", before.to(), after.to())] {
            self.reference(side, Some(meant(old, &before.text)), Some(meant(new, &after.text)));
        }
    }

    fn adapters(&mut self, (old, before): (At<'_>, &Adapter), (new, after): (At<'_>, &Adapter)) {
        if before.kind != after.kind {
            let message = format!("it was an adapter of kind {} and is one of kind {}", before.kind, after.kind);
            self.breaking("", "compatibility.kind", message);
            return;
        }
        if before.direction != after.direction {
            let (was, is) = (before.direction.as_str(), after.direction.as_str());
            self.breaking("direction", "compatibility.direction", format!("it was `{was}` and is `{is}`"));
        }
        let schemas = [("schema", &before.document, &after.document), ("response", &before.response, &after.response)];
        for (part, before, after) in schemas {
            let was = before.as_ref().map(|one| meant(old, &one.text));
            let is = after.as_ref().map(|one| meant(new, &one.text));
            self.reference(part, was, is);
        }
        self.parameters(&stated(before), &stated(after));
        self.secrets(&needed(before), &needed(after));
    }

    /// Compares the schemas that two versions are bound to.
    fn reference(&mut self, part: &str, was: Option<String>, is: Option<String>) {
        match (was, is) {
            (Some(was), Some(is)) if was != is => {
                self.breaking(part, "compatibility.bound", format!("it was bound to {was} and is to {is}"));
            }
            (Some(was), None) => self.breaking(part, "compatibility.removed", format!("{was} is gone")),
            (None, Some(is)) => self.breaking(part, "compatibility.bound", format!("it is bound to {is} now")),
            _ => {}
        }
    }

    /// Compares parameters by their names: what has a name can be set for an environment by who deploys it.
    fn parameters(&mut self, before: &BTreeSet<String>, after: &BTreeSet<String>) {
        for name in before.difference(after) {
            self.breaking(name, "compatibility.removed", "the parameter is gone");
        }
        for name in after.difference(before) {
            self.minor(name, "compatibility.added", "the parameter is new");
        }
    }

    /// Compares what who deploys the adapter has to provide.
    fn secrets(&mut self, before: &Secrets, after: &Secrets) {
        for (secret, place) in after.iter().filter(|(secret, _)| !before.contains_key(*secret)) {
            self.breaking(
                place,
                "compatibility.required",
                format!("it needs {secret} now, which nobody was asked for"),
            );
        }
        for (secret, place) in before.iter().filter(|(secret, _)| !after.contains_key(*secret)) {
            self.minor(place, "compatibility.widened", format!("it does not need {secret} any more"));
        }
    }
}

/// References to secrets as they are written, `env="NAME"`, each with a parameter that has it.
type Secrets = BTreeMap<String, String>;

/// Returns the names of an adapter's parameters, wherever they are set; what has names inside of it, with these.
fn stated(adapter: &Adapter) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for (name, value) in all_parameters(adapter) {
        match value {
            ParameterValue::Map(pairs) => found.extend(pairs.iter().map(|(key, _)| format!("{name}/{key}"))),
            _ => drop(found.insert(name.to_owned())),
        }
    }
    found
}

/// Returns the secrets that an adapter refers to, wherever.
fn needed(adapter: &Adapter) -> Secrets {
    let credentials = adapter.environments.values().filter_map(|own| own.credentials.as_ref());
    let credentials =
        adapter.credentials.iter().chain(credentials).map(|source| ("credentials".to_owned(), source.clone()));
    let parameters = all_parameters(adapter).flat_map(|(name, value)| match value {
        ParameterValue::Secret(source) => vec![(name.to_owned(), source.clone())],
        ParameterValue::Map(pairs) => {
            let inside =
                pairs.iter().filter_map(|(key, text)| Some((format!("{name}/{key}"), SecretPlace::of_text(text)?)));
            inside.collect()
        }
        _ => Vec::new(),
    });
    let mut found = Secrets::new();
    for (place, source) in credentials.chain(parameters) {
        let (property, name) = source.as_property();
        found.entry(format!("{property}=\"{name}\"")).or_insert(place);
    }
    found
}

fn all_parameters(adapter: &Adapter) -> impl Iterator<Item = (&str, &ParameterValue)> {
    let own = adapter.environments.values().map(|own| &own.parameters);
    std::iter::once(&adapter.parameters).chain(own).flatten().map(|(name, value)| (name.as_str(), value))
}

/// Returns what a reference to a schema means, as it is told: its identity with the part of it; what is written if it means nothing.
fn meant((set, at): At<'_>, text: &str) -> String {
    let found = text.parse::<AssetReference>().ok().and_then(|reference| {
        let found = set.resolve(set.asset(at).package, AssetKind::Schema, &reference).ok()?;
        let entry = reference.entry.map(|entry| format!("#{entry}")).unwrap_or_default();
        Some(format!("{}{entry}", set.asset(found).id))
    });
    found.unwrap_or_else(|| format!("`{text}`"))
}

/// Returns the first thing that is wrong with the file of an asset.
fn reason((set, at): At<'_>) -> String {
    let first = set.content(at).findings.iter().find(|finding| finding.is_error());
    first.map_or_else(|| "nobody can tell why".to_owned(), |finding| finding.message.clone())
}

#[cfg(test)]
mod tests;

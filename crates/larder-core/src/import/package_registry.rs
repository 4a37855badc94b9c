//! `package-registry.json`: a list of packages, each with its version and the kind of registry that has it.
//!
//! ```json
//! [ { "name": "UsrOrders", "version": "1.4", "registry": "nuget" }, { "name": "left-pad", "version": "^1.3", "registry": "npm" } ]
//! ```
//!
//! The list may be the `packages` of an object, whose `registry` is then that of packages that name none. A version is that one
//! version, a range is a range, and without either any version will do.

use serde_json::{Map, Value};

use crate::diagnostic::one_of;
use crate::manifest::{Registry, parse_requirement};
use crate::model::{Ecosystem, Label, Marker, PackageId, PackageName, Version};

use super::{ImportError, Imported, ImportedLine, NotTaken};

/// The file's name.
pub const PACKAGE_REGISTRY: &str = "package-registry.json";

/// The most packages of a file.
const MOST: usize = 100_000;

/// A package of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedPackage {
    /// The ecosystem.
    pub ecosystem: Ecosystem,
    /// The name, as written.
    pub name: String,
    /// The range. `None` if any version will do.
    pub range: Option<String>,
    /// The registry. `None` if the list names only its kind.
    pub registry: Option<Label>,
}

/// Reads a list of packages. Those that name no kind of registry that larder knows are listed as left out.
pub fn package_registry(text: &str) -> Result<Imported, ImportError> {
    let listed = package_list(text, &[]).map_err(|reason| ImportError { file: PACKAGE_REGISTRY, reason })?;
    let mut imported = Imported::default();
    for entry in listed {
        match entry {
            Ok(ListedPackage { ecosystem, name, range, registry: _ }) => imported.take(ImportedLine {
                group: None,
                ecosystem,
                name,
                range,
                catalog: None,
                source: None,
                when: None,
                optional: false,
            }),
            Err(NotTaken { what, why, guards: _ }) => imported.refuse(what, why),
        }
    }
    Ok(imported)
}

/// Reads a list of packages, whose entries may name one of these registries in place of a kind. An entry without a registry is of the
/// ecosystem whose registries claim its name, if it is one. What is wrong with an entry does not hide the others.
///
/// # Errors
/// The reason why the text is no list.
pub fn package_list(text: &str, registries: &[Registry]) -> Result<Vec<Result<ListedPackage, NotTaken>>, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let document: Value = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let (list, default) = match &document {
        Value::Array(list) => (list, None),
        Value::Object(object) => match object.get("packages") {
            Some(Value::Array(list)) => (list, object.get("registry").and_then(Value::as_str)),
            _ => return Err("it has no list `packages`".to_owned()),
        },
        _ => return Err("it is neither a list of packages nor an object that has one".to_owned()),
    };
    if list.len() > MOST {
        return Err(format!("it has {} packages, and {MOST} are allowed", list.len()));
    }
    let read = |(place, entry)| read(entry, default, registries).map_err(|why| NotTaken::new(what(entry, place), why));
    Ok(list.iter().enumerate().map(read).collect())
}

/// Returns what an entry is called where it is left out.
fn what(entry: &Value, place: usize) -> String {
    match entry.get("name").and_then(Value::as_str) {
        Some(name) => format!("package {name}"),
        None => format!("package {}", place + 1),
    }
}

fn read(entry: &Value, default: Option<&str>, registries: &[Registry]) -> Result<ListedPackage, String> {
    let Value::Object(entry) = entry else { return Err("it is no object with a `name`".to_owned()) };
    let name = word(entry, "name")?.ok_or("it has no `name`")?;
    let (ecosystem, registry) = match word(entry, "registry")?.or(default) {
        Some(word) => of_word(word, registries)?,
        None => (of_claims(name, registries)?, None),
    };
    let version = word(entry, "version")?.filter(|version| !matches!(*version, "*" | "latest"));
    let range = version.map(|version| exactly(ecosystem, name, version));
    Ok(ListedPackage { ecosystem, name: name.to_owned(), range, registry })
}

/// Returns what an entry's word for a registry stands for: a kind, else a registry of this name.
fn of_word(word: &str, registries: &[Registry]) -> Result<(Ecosystem, Option<Label>), String> {
    if let Some(ecosystem) = ecosystem(word) {
        return Ok((ecosystem, None));
    }
    let named = registries.iter().find(|registry| registry.name.as_str() == word);
    let unknown =
        || format!("`{word}` is no kind of registry: declare it in `registries`, and add the package's line yourself");
    named.map(|registry| (registry.ecosystem, Some(registry.name.clone()))).ok_or_else(unknown)
}

/// Returns the ecosystem whose registries claim a package that names none.
fn of_claims(name: &str, registries: &[Registry]) -> Result<Ecosystem, String> {
    let claims = |registry: &&Registry| {
        let Ok(name) = PackageName::parse(registry.ecosystem, name) else { return false };
        let package = PackageId::new(registry.ecosystem, name);
        registry.packages.iter().any(|claim| claim.covers(&package))
    };
    let mut claiming: Vec<Ecosystem> = registries.iter().filter(claims).map(|registry| registry.ecosystem).collect();
    claiming.sort();
    claiming.dedup();
    if let [ecosystem] = claiming[..] {
        return Ok(ecosystem);
    }
    let kinds = Ecosystem::served().into_iter().map(|kind| format!("`{kind}`"));
    Err(format!("it names no `registry`: write {}", one_of(kinds)))
}

/// Returns a text of an entry. An empty one is none.
fn word<'e>(entry: &'e Map<String, Value>, key: &str) -> Result<Option<&'e str>, String> {
    match entry.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.trim()).filter(|text| !text.is_empty())),
        Some(_) => Err(format!("its `{key}` is no text")),
    }
}

/// Returns the ecosystem whose registries are called so.
fn ecosystem(registry: &str) -> Option<Ecosystem> {
    let word = registry.to_ascii_lowercase();
    let is_called_so = |ecosystem: &Ecosystem| ecosystem.as_str() == word || ecosystem.other_names().contains(&&*word);
    Ecosystem::ALL.into_iter().filter(|ecosystem| ecosystem.has_registries()).find(is_called_so)
}

/// Returns the range that a version alone satisfies; a text that is no version is a range itself.
fn exactly(ecosystem: Ecosystem, name: &str, text: &str) -> String {
    let Ok(version) = Version::parse(ecosystem, text) else { return text.to_owned() };
    let is_exact = |range: &String| {
        let requirement = parse_requirement(ecosystem, name, Some(range), &Marker::default());
        requirement.is_ok_and(|requirement| requirement.matches(&version))
    };
    [format!("={text}"), format!("=={text}")].into_iter().find(is_exact).unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests;

//! package.json, as far as a local folder's dependencies go.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{PathError, PathKind, PathPackage, Place, manifest, required};
use crate::model::{Facts, Marker, NpmRange, PackageName, Requirement};
use crate::registry::npm::spec;
use crate::resolve::{Dependency, DependencyKind, Wants};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PackageJson {
    name: Option<String>,
    version: Option<String>,
    #[serde(default)]
    dependencies: Option<BTreeMap<String, String>>,
    #[serde(default)]
    optional_dependencies: Option<BTreeMap<String, String>>,
    #[serde(default)]
    dev_dependencies: Option<BTreeMap<String, String>>,
    #[serde(default)]
    peer_dependencies: Option<BTreeMap<String, String>>,
    #[serde(default)]
    peer_dependencies_meta: Option<BTreeMap<String, Value>>,
    bin: Option<Value>,
    directories: Option<Value>,
}

pub(super) fn read(place: Place<'_>, text: &str) -> Result<PathPackage, PathError> {
    let json = parse(place, text)?;
    let name = place.name(PathKind::Npm, json.name.as_deref())?;
    let optional = json.optional_dependencies.unwrap_or_default();
    let is_optional_peer = |peer: &str| {
        let meta = json.peer_dependencies_meta.as_ref().and_then(|meta| meta.get(peer));
        meta.and_then(|meta| meta.get("optional")) == Some(&Value::Bool(true))
    };
    let normal = json.dependencies.unwrap_or_default();
    let mut dependencies = Vec::new();
    for (alias, text) in normal.iter().filter(|(alias, _)| !optional.contains_key(*alias)) {
        dependencies.push(dependency(place, &name, DependencyKind::Normal, (alias, text))?);
    }
    for (alias, text) in &optional {
        dependencies.push(dependency(place, &name, DependencyKind::Optional, (alias, text))?);
    }
    let is_own = |alias: &String| normal.contains_key(alias) || optional.contains_key(alias);
    for (alias, text) in json.peer_dependencies.iter().flatten().filter(|(alias, _)| !is_own(alias)) {
        let kind = if is_optional_peer(alias) { DependencyKind::OptionalPeer } else { DependencyKind::Peer };
        dependencies.push(dependency(place, &name, kind, (alias, text))?);
    }
    // A peer that `peerDependenciesMeta` alone names is an optional one, of any version.
    let is_peer = |alias: &String| json.peer_dependencies.as_ref().is_some_and(|peers| peers.contains_key(alias));
    for (alias, _) in json.peer_dependencies_meta.iter().flatten() {
        if is_optional_peer(alias) && !is_peer(alias) && !is_own(alias) {
            dependencies.push(dependency(place, &name, DependencyKind::OptionalPeer, (alias, "*"))?);
        }
    }
    let mut development = Vec::new();
    for (alias, text) in json.dev_dependencies.iter().flatten() {
        development.push(dependency(place, &name, DependencyKind::Normal, (alias, text))?);
    }
    let groups = "dev".parse().ok().filter(|_| !development.is_empty()).map(|label| (label, development));
    let listed = json.directories.as_ref().and_then(|directories| directories.get("bin")?.as_str());
    Ok(PathPackage {
        name,
        version: json.version.and_then(|text| text.parse().ok()).unwrap_or(semver::Version::new(0, 0, 0)),
        kind: PathKind::Npm,
        dependencies,
        extras: Vec::new(),
        groups: groups.into_iter().collect(),
        facts: Facts { bin: json.bin.is_some_and(|bin| !bin.is_null()), ..Facts::default() },
        listed: listed.filter(|folder| !folder.starts_with('/')).map(str::to_owned).into_iter().collect(),
    })
}

pub(super) fn name(place: Place<'_>, text: &str) -> Result<Option<String>, PathError> {
    Ok(parse(place, text)?.name)
}

fn parse(place: Place<'_>, text: &str) -> Result<PackageJson, PathError> {
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| place.bad(PathKind::Npm, &error.to_string()))
}

/// Reads one entry. `workspace:` means a member, `file:` and `link:` mean a folder; else it is as in a registry.
fn dependency(
    place: Place<'_>,
    dependent: &PackageName,
    kind: DependencyKind,
    (alias, text): (&str, &str),
) -> Result<Dependency, PathError> {
    let text = text.trim();
    if let Some(range) = text.strip_prefix("workspace:") {
        if range.starts_with("./") || range.starts_with("../") {
            return place.folder(range).map(|requirement| required(kind, requirement));
        }
        let (member, range) = workspace(alias, range);
        let member = PackageName::npm(member).ok();
        let member = member.and_then(|name| place.members.get(&name).map(|folder| (name, folder)));
        let refused = |reason| {
            let name = PackageName::npm(alias).unwrap_or_else(|_| dependent.clone());
            Ok(Dependency { kind, wants: Wants::Unsupported { name, text: text.to_owned(), reason } })
        };
        let Some((name, folder)) = member else {
            return refused("no member of the project has this name".to_owned());
        };
        if let Some(version) = other_version(place, folder, range)? {
            return refused(format!("the member in `{folder}` has version {version}"));
        }
        let requirement = Requirement::Path { name, folder: folder.clone(), marker: Marker::default() };
        return Ok(required(kind, requirement));
    }
    let folder = text.strip_prefix("file:").or_else(|| text.strip_prefix("link:"));
    let folder = folder.or_else(|| (text.starts_with("./") || text.starts_with("../")).then_some(text));
    match folder.filter(|folder| !folder.starts_with(['/', '~']) && !is_archive(folder)) {
        Some(folder) => place.folder(folder).map(|requirement| required(kind, requirement)),
        None => Ok(Dependency { kind, wants: spec::wants(dependent, alias, text) }),
    }
}

/// Splits what follows `workspace:` into the name and the range: `name@*` is an alias for another member.
fn workspace<'a>(alias: &'a str, text: &'a str) -> (&'a str, &'a str) {
    match text.char_indices().rfind(|(at, c)| *c == '@' && *at > 0) {
        Some((at, _)) => (&text[..at], &text[at + 1..]),
        None => (alias, text),
    }
}

/// Returns the version of the member in a folder, where it is not in the range. One without a version is in all of them.
fn other_version(place: Place<'_>, folder: &str, range: &str) -> Result<Option<deno_semver::Version>, PathError> {
    let Ok(range) = range.parse::<NpmRange>() else { return Ok(None) };
    if range.tag().is_some() || matches!(range.as_str(), "" | "*" | "^" | "~") {
        return Ok(None);
    }
    let (PathKind::Npm, text) = manifest(place.root, folder)? else { return Ok(None) };
    let version = parse(Place { folder, ..place }, &text)?.version;
    let version = version.and_then(|version| deno_semver::Version::parse_from_npm(&version).ok());
    Ok(version.filter(|version| !range.matches(version)))
}

fn is_archive(path: &str) -> bool {
    [".tgz", ".tar.gz", ".tar"].iter().any(|end| path.ends_with(end))
}

//! package.json, as far as a local folder's dependencies go.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::{Local, PathError, PathKind, PathPackage, Place, required};
use crate::model::{Facts, Marker, NpmRange, PackageName, Requirement};
use crate::registry::npm::requirement;
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
    engines: Option<Value>,
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
    let mut warnings = Vec::new();
    let mut read = |kind: DependencyKind, entry: (&str, &str)| {
        let meant = place.meant(Some(&name), dependency(place, &name, kind, entry)?, PathKind::Npm)?;
        warnings.extend(meant.warning);
        Ok::<_, PathError>(meant.needs)
    };
    let mut dependencies = Vec::new();
    for (alias, text) in normal.iter().filter(|(alias, _)| !optional.contains_key(*alias)) {
        dependencies.extend(read(DependencyKind::Normal, (alias, text))?);
    }
    for (alias, text) in &optional {
        dependencies.extend(read(DependencyKind::Optional, (alias, text))?);
    }
    let is_own = |alias: &String| normal.contains_key(alias) || optional.contains_key(alias);
    for (alias, text) in json.peer_dependencies.iter().flatten().filter(|(alias, _)| !is_own(alias)) {
        let kind = if is_optional_peer(alias) { DependencyKind::OptionalPeer } else { DependencyKind::Peer };
        dependencies.extend(read(kind, (alias, text))?);
    }
    // A peer that `peerDependenciesMeta` alone names is an optional one, of any version.
    let is_peer = |alias: &String| json.peer_dependencies.as_ref().is_some_and(|peers| peers.contains_key(alias));
    for (alias, _) in json.peer_dependencies_meta.iter().flatten() {
        if is_optional_peer(alias) && !is_peer(alias) && !is_own(alias) {
            dependencies.extend(read(DependencyKind::OptionalPeer, (alias, "*"))?);
        }
    }
    let mut development = Vec::new();
    for (alias, text) in json.dev_dependencies.iter().flatten() {
        development.extend(read(DependencyKind::Normal, (alias, text))?);
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
        warnings,
        listed: listed.filter(|folder| !folder.starts_with('/')).map(str::to_owned).into_iter().collect(),
        node: json.engines.and_then(|engines| Some(engines.get("node")?.as_str()?.to_owned())),
    })
}

pub(super) fn name(place: Place<'_>, text: &str) -> Result<Option<String>, PathError> {
    Ok(parse(place, text)?.name)
}

fn parse(place: Place<'_>, text: &str) -> Result<PackageJson, PathError> {
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| place.bad(PathKind::Npm, &error.to_string()))
}

/// Reads one entry. `workspace:` means a member, `file:` and `link:` mean a folder; else it is as in a registry. Whatever it
/// is, its key is the name under which it is seen.
fn dependency(
    place: Place<'_>,
    dependent: &PackageName,
    kind: DependencyKind,
    (alias, text): (&str, &str),
) -> Result<Dependency, PathError> {
    let text = text.trim();
    let refused = |name: &PackageName, reason| Dependency {
        kind,
        wants: Wants::Unsupported { name: name.clone(), text: text.to_owned(), reason },
    };
    let linked = |folder: &str| match PackageName::npm(alias) {
        Ok(alias) => place.folder(folder, Some(&alias)).map(|requirement| required(kind, requirement)),
        Err(error) => Ok(refused(dependent, error.to_string())),
    };
    if let Some(range) = text.strip_prefix("workspace:") {
        if is_relative(range) {
            return linked(range);
        }
        let Ok(seen_as) = PackageName::npm(alias) else { return linked(range) };
        if let Some(local) = place.members.in_folder(range.trim_end_matches('/')) {
            return Ok(required(kind, local.required(&seen_as, Marker::default())));
        }
        let (member, range) = workspace(alias, range);
        let member = PackageName::npm(member).ok();
        let Some(local) = member.as_ref().and_then(|name| place.members.get(PathKind::Npm.ecosystem(), name)) else {
            return Ok(refused(&seen_as, "no member of the project has this name".to_owned()));
        };
        if !admits(local, &seen_as, range) {
            return Ok(refused(&seen_as, format!("it is {local}")));
        }
        return Ok(required(kind, local.required(&seen_as, Marker::default())));
    }
    let folder = text.strip_prefix("file:").or_else(|| text.strip_prefix("link:"));
    let folder = folder.or_else(|| is_relative(text).then_some(text));
    match folder.filter(|folder| !folder.starts_with(['/', '~']) && !is_archive(folder)) {
        Some(folder) => linked(folder),
        None => Ok(Dependency { kind, wants: requirement::wants(dependent, alias, text) }),
    }
}

/// Splits what follows `workspace:` into the name and the range: `name@*` is an alias for another member.
fn workspace<'a>(alias: &'a str, text: &'a str) -> (&'a str, &'a str) {
    match text.char_indices().rfind(|(at, c)| *c == '@' && *at > 0) {
        Some((at, _)) => (&text[..at], &text[at + 1..]),
        None => (alias, text),
    }
}

/// Tells whether the version of a member lies in what follows `workspace:`; `^` and `~` stand for whatever it is.
fn admits(local: &Local, alias: &PackageName, range: &str) -> bool {
    match range.parse::<NpmRange>() {
        Ok(range) if range.tag().is_none() && !matches!(range.as_str(), "^" | "~") => {
            local.satisfies(&Requirement::npm(alias.clone(), alias.clone(), range))
        }
        _ => true,
    }
}

fn is_relative(path: &str) -> bool {
    matches!(path, "." | "..") || path.starts_with("./") || path.starts_with("../")
}

fn is_archive(path: &str) -> bool {
    [".tgz", ".tar.gz", ".tar"].iter().any(|end| path.ends_with(end))
}

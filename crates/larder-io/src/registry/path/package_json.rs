//! The package.json of a local package.

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Value, json};

use super::{IndexedPackage, LocalPackageError, ManifestContext, PathKind, PathPackage};
use crate::license;
use crate::manifest::names_own_package;
use crate::model::{Facts, LocalFile, Marker, NpmRange, PackageName, Requirement, Source, Version};
use crate::registry::npm::requirement;
use crate::resolve::{Dependency, DependencyKind, Wants};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PackageJsonManifest {
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
    license: Option<Value>,
    licenses: Option<Value>,
}

pub(super) fn read(context: ManifestContext<'_>, text: &str) -> Result<PathPackage, LocalPackageError> {
    let json = parse(context, text)?;
    let mut warnings = Vec::new();
    let name = match json.name.as_deref().map(PackageName::npm) {
        Some(Err(error)) => {
            let name = match context.local_packages.in_folder(context.folder) {
                Some(known) => known.package.clone(),
                None => context.name(PathKind::PackageJson, None)?,
            };
            let manifest = super::manifest_path(context.folder, PathKind::PackageJson);
            warnings.push(format!(
                "{manifest} has a name by which nothing can ask for it, and is called `{name}` here: {error}"
            ));
            name
        }
        _ => context.name(PathKind::PackageJson, json.name.as_deref())?,
    };
    let optional = json.optional_dependencies.unwrap_or_default();
    let is_optional_peer = |peer: &str| {
        let meta = json.peer_dependencies_meta.as_ref().and_then(|meta| meta.get(peer));
        meta.and_then(|meta| meta.get("optional")) == Some(&Value::Bool(true))
    };
    let normal = json.dependencies.unwrap_or_default();
    let development = json.dev_dependencies.unwrap_or_default();
    let mut read = |kind: DependencyKind, entry: (&str, &str)| {
        if let Some(warning) = unnameable(context, entry) {
            warnings.push(warning);
            return Ok(Vec::new());
        }
        let resolved =
            context.resolve(Some(&name), parse_dependency(context, &name, kind, entry)?, PathKind::PackageJson)?;
        // What a member is developed with takes the place of a peer, and is told of itself.
        warnings.extend(resolved.warning.filter(|_| !(kind.is_peer() && development.contains_key(entry.0))));
        Ok::<_, LocalPackageError>(resolved.dependencies)
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
    // A peer that only `peerDependenciesMeta` names is optional and may have any version.
    let is_peer = |alias: &String| json.peer_dependencies.as_ref().is_some_and(|peers| peers.contains_key(alias));
    for (alias, _) in json.peer_dependencies_meta.iter().flatten() {
        if is_optional_peer(alias) && !is_peer(alias) && !is_own(alias) {
            dependencies.extend(read(DependencyKind::OptionalPeer, (alias, "*"))?);
        }
    }
    let mut developed = Vec::new();
    for (alias, text) in &development {
        developed.extend(read(DependencyKind::Normal, (alias, text))?);
    }
    let groups = "dev".parse().ok().filter(|_| !developed.is_empty()).map(|label| (label, developed));
    let listed = json.directories.as_ref().and_then(|directories| directories.get("bin")?.as_str());
    Ok(PathPackage {
        seen_as: name.clone(),
        name,
        declared_version: json.version.as_deref().and_then(version),
        license: license::package_json(&json!({ "license": json.license, "licenses": json.licenses })),
        kind: PathKind::PackageJson,
        dependencies,
        extras: Vec::new(),
        features: BTreeSet::new(),
        groups: groups.into_iter().collect(),
        facts: Facts { bin: json.bin.is_some_and(|bin| !bin.is_null()), ..Facts::default() },
        sources: Vec::new(),
        warnings,
        computed_version: None,
        listed: listed.filter(|folder| !folder.starts_with('/')).map(str::to_owned).into_iter().collect(),
        files: Vec::new(),
        is_installed: false,
        node: json.engines.and_then(|engines| Some(engines.get("node")?.as_str()?.to_owned())),
    })
}

/// Reads a version as npm does, which also takes `v1.2.3`.
fn version(text: &str) -> Option<Version> {
    let strict = || text.parse::<semver::Version>().ok();
    let loose = || Version::parse(PathKind::PackageJson.ecosystem(), text).ok()?.to_string().parse().ok();
    strict().or_else(loose).map(Version::from)
}

pub(super) fn name(context: ManifestContext<'_>, text: &str) -> Result<Option<String>, LocalPackageError> {
    Ok(parse(context, text)?.name)
}

fn parse(context: ManifestContext<'_>, text: &str) -> Result<PackageJsonManifest, LocalPackageError> {
    serde_json::from_str(text.trim_start_matches('\u{feff}'))
        .map_err(|error| context.bad(PathKind::PackageJson, &error.to_string()))
}

/// Returns the warning about an entry that links a folder under a name that no package may have. Nothing else can be meant by it, for no
/// registry takes such a name.
fn unnameable(context: ManifestContext<'_>, (alias, text): (&str, &str)) -> Option<String> {
    let folder = folder_path(text.trim())?;
    let error = PackageName::npm(alias).err()?;
    let manifest = super::manifest_path(context.folder, PathKind::PackageJson);
    Some(format!("{manifest} links the folder {folder}, which is left out: {error}"))
}

/// Returns the path of an entry that links a folder.
fn folder_path(text: &str) -> Option<&str> {
    let path = ["file:", "link:", "portal:"].into_iter().find_map(|scheme| text.strip_prefix(scheme));
    path.or_else(|| is_relative(text).then_some(text))
}

/// Parses an entry of a table of dependencies. `workspace:` refers to a member, and `file:` and `link:` to a folder or an archive; other
/// values are those of a registry's packages. The key is the name under which the dependent sees the package.
fn parse_dependency(
    context: ManifestContext<'_>,
    dependent: &PackageName,
    kind: DependencyKind,
    (alias, text): (&str, &str),
) -> Result<Dependency, LocalPackageError> {
    let text = text.trim();
    let refused = |name: &PackageName, reason| {
        Dependency::new(kind, Wants::Unsupported { name: name.clone(), text: text.to_owned(), reason })
    };
    let link_to = |folder: &str| match PackageName::npm(alias) {
        Ok(alias) => context.require_linked(folder, &alias).map(|requirement| super::dependency(kind, requirement)),
        Err(error) => Ok(refused(dependent, error.to_string())),
    };
    if let Some(catalog) = text.strip_prefix("catalog:") {
        let alias = match PackageName::npm(alias) {
            Ok(alias) => alias,
            Err(error) => return Ok(refused(dependent, error.to_string())),
        };
        return match context.catalog_range(catalog, &alias) {
            // A catalog is the root's, and so are its folders.
            Ok(range) if names_own_package(PathKind::PackageJson.ecosystem(), &range) => {
                let context = ManifestContext { folder: "", ..context };
                parse_dependency(context, dependent, kind, (alias.as_str(), &range))
            }
            Ok(range) => parse_dependency(context, dependent, kind, (alias.as_str(), &range)),
            Err(reason) => Ok(refused(&alias, reason)),
        };
    }
    if let Some(range) = text.strip_prefix("workspace:") {
        if is_relative(range) {
            return link_to(range);
        }
        let Ok(seen_as) = PackageName::npm(alias) else { return link_to(range) };
        if let Some(local) = context.local_packages.in_folder(range.trim_end_matches('/')) {
            return Ok(super::dependency(kind, local.requirement(&seen_as, Marker::default())));
        }
        let (member, range) = workspace(alias, range);
        let none = || Ok(refused(&seen_as, "no member of the project has this name".to_owned()));
        let Ok(member) = PackageName::npm(member) else { return none() };
        let mut of_name = context.local_packages.of_name(PathKind::PackageJson.ecosystem(), &member).to_vec();
        if of_name.is_empty() {
            of_name.extend(super::root_package(context.root, &member));
        }
        let Some(first) = of_name.first() else { return none() };
        let mut admitted = of_name.iter().filter(|local| admits(local, &seen_as, range));
        let local = match (admitted.next(), admitted.next()) {
            (None, _) => return Ok(refused(&seen_as, format!("it is {first}"))),
            (Some(local), None) => local,
            (Some(one), Some(other)) => {
                let (one, other) = (&one.folder, &other.folder);
                return Ok(refused(&seen_as, format!("two members have this name: `{one}` and `{other}`")));
            }
        };
        return Ok(super::dependency(kind, local.requirement(&seen_as, Marker::default())));
    }
    if let Some(path) = LocalFile::npm_path(text) {
        let alias = match PackageName::npm(alias) {
            Ok(alias) => alias,
            Err(error) => return Ok(refused(dependent, error.to_string())),
        };
        let wants = match LocalFile::within(context.folder, path) {
            Ok(file) => requirement::from_source(alias, Source::File(file), text),
            Err(error) => return Ok(refused(&alias, format!("it {error}"))),
        };
        return Ok(Dependency::new(kind, wants));
    }
    match folder_path(text).filter(|folder| !folder.starts_with(['/', '~'])) {
        Some(folder) => link_to(folder),
        None => Ok(Dependency::new(kind, requirement::wants(dependent, alias, text))),
    }
}

/// Splits the text after `workspace:` into name and range: `name@*` is an alias for another member.
fn workspace<'a>(alias: &'a str, text: &'a str) -> (&'a str, &'a str) {
    match text.char_indices().rfind(|(at, c)| *c == '@' && *at > 0) {
        Some((at, _)) => (&text[..at], &text[at + 1..]),
        None => (alias, text),
    }
}

/// Returns whether a member's version matches the range after `workspace:`. `^` and `~` match any version.
fn admits(local: &IndexedPackage, alias: &PackageName, range: &str) -> bool {
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

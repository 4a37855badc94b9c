//! npm's package.json.

use serde_json::{Map, Value};

use crate::manifest::parse_folder;
use crate::model::{Label, LocalFile, NpmRange, PackageName, Source, Version, parse_npm_version, split_at_version};

use crate::import::{FolderLine, ImportError, Imported, ImportedLine, Runtimes, catalog_name};

use super::fields::{self, DEPENDENCIES, entries};
use super::peers::DeclaredPeer;
use super::{ECOSYSTEM, overrides, patches, peers, workspaces};

/// Fields about dependencies that are not imported, with the reason.
const NOT_TAKEN: [(&str, &str); 2] =
    [("bundleDependencies", "nothing is bundled"), ("packageManager", "larder is the package manager")];

/// Returns what `engines`, npm's `devEngines` and Volta's pin say of Node.
fn runtimes(document: &Map<String, Value>) -> Runtimes {
    let engine = document.get("engines").and_then(|engines| engines.get("node")?.as_str());
    let of_development = document.get("devEngines").and_then(|engines| engines.get("runtime"));
    let of_development = match of_development {
        Some(Value::Array(all)) => all.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let of_development =
        of_development.iter().filter(|runtime| runtime.get("name").and_then(Value::as_str) == Some("node"));
    let node = engine.into_iter().chain(of_development.filter_map(|runtime| runtime.get("version")?.as_str()));
    let node: Vec<&str> = node.collect();
    let pinned = volta_node(document).filter(|version| admits(&node, version));
    Runtimes {
        node: node.into_iter().map(str::to_owned).collect(),
        node_file: pinned.map(str::to_owned),
        ..Runtimes::default()
    }
}

/// Returns the version of Node that Volta is to take.
fn volta_node(document: &Map<String, Value>) -> Option<&str> {
    document.get("volta")?.get("node")?.as_str()
}

/// Returns whether all ranges have a version. What is no version is admitted.
fn admits(ranges: &[&str], version: &str) -> bool {
    let parsed = parse_npm_version(version).map(Version::from);
    let is_in =
        |range: &NpmRange| parsed.as_ref().is_none_or(|version| range.tag().is_some() || version.is_in_range(range));
    ranges.iter().filter_map(|range| range.parse::<NpmRange>().ok()).all(|range| is_in(&range))
}

/// Reads a package.json.
pub fn package_json(text: &str) -> Result<Imported, ImportError> {
    let document = fields::document(text)?;
    let string = |field: &str| document.get(field).and_then(Value::as_str).map(str::to_owned);
    let mut imported = Imported {
        name: string("name"),
        version: string("version"),
        license: string("license"),
        runtimes: runtimes(&document),
        ..Imported::default()
    };
    if let Some(version) =
        volta_node(&document).filter(|version| imported.runtimes.node_file.as_deref() != Some(version))
    {
        imported.refuse(
            format!("volta node {version}"),
            format!("`engines` or `devEngines` ask for {}", imported.runtimes.node.join(" and ")),
        );
    }
    // In npm an optional dependency wins over a plain one of the same name.
    let optional = document.get("optionalDependencies").and_then(Value::as_object);
    let is_optional = |name: &str| optional.is_some_and(|optional| optional.contains_key(name));
    for (name, range) in entries(&document, "dependencies").filter(|(name, _)| !is_optional(name)) {
        take(&mut imported, name, range, None, false);
    }
    for (name, range) in entries(&document, "optionalDependencies") {
        take(&mut imported, name, range, None, true);
    }
    if let Ok(dev) = "dev".parse::<Label>() {
        for (name, range) in entries(&document, "devDependencies") {
            take(&mut imported, name, range, Some(&dev), false);
        }
        if imported.lines.iter().any(|line| line.group.is_some()) {
            imported.dev_groups.insert(dev);
        }
    }
    own_workspaces(&document, &mut imported);
    // Bun has catalogs beside its workspaces, or at the top.
    for holder in document.get("workspaces").and_then(Value::as_object).into_iter().chain([&document]) {
        workspaces::catalogs(holder, &mut imported);
    }
    overrides::read(&document, &mut imported);
    if let Some(settings) = document.get("pnpm").and_then(Value::as_object) {
        workspaces::pnpm_settings(settings, "pnpm.", &mut imported);
    }
    // Bun has them at the top.
    if let Some(patched) = document.get("patchedDependencies").and_then(Value::as_object) {
        patches::read(patched, &mut imported);
    }
    peers::refuse(&document, &mut imported);
    for (field, why) in NOT_TAKEN {
        if document.contains_key(field) {
            imported.refuse(field, why);
        }
    }
    Ok(imported)
}

fn take(imported: &mut Imported, name: &str, range: &Value, group: Option<&Label>, optional: bool) {
    let Some(range) = range.as_str() else {
        return imported.refuse(format!("npm {name}"), "its range is not a string");
    };
    let patched = patches::yarn_range(range);
    if let Some((version, Some(file))) = &patched {
        imported.add_patch(ECOSYSTEM, name, version, file);
    }
    let range = patched.as_ref().map_or(range.trim(), |(range, _)| range);
    if let Some(path) = LocalFile::npm_path(range) {
        return match LocalFile::within("", path) {
            Ok(file) => take_source(imported, name, Source::File(file), group, optional),
            Err(error) => imported.refuse(format!("npm {name} {range}"), format!("it {error}")),
        };
    }
    let own = match range.split_once(':') {
        Some(("workspace", wanted)) => Some(workspace(imported, name, wanted, group)),
        Some(("file" | "link" | "portal", folder)) => Some(folder.to_owned()),
        _ => None,
    };
    if let Some(folder) = own.as_deref().filter(|folder| !folder.is_empty()) {
        if folder.starts_with(['/', '~']) {
            return imported
                .refuse(format!("npm {name} {range}"), "it is no folder of this checkout: publish it to a registry");
        }
        // No registry takes such a name, so nothing else comes in by it.
        if let Err(error) = PackageName::npm(name) {
            return imported.refuse(format!("npm {name} {range}"), error.to_string());
        }
        if let Ok(spec) = parse_folder(folder) {
            let key = (spec.as_written().to_owned(), group.cloned());
            imported.linked.entry(key).or_insert_with(|| name.to_owned());
        }
        return imported.take_folder(FolderLine { folder, seen_as: Some(name), ..FolderLine::default() }, group);
    }
    if own.is_some() {
        return;
    }
    let source = match Source::from_npm(range).transpose() {
        Ok(source) => source,
        Err(error) => return imported.refuse(format!("npm {name} {range}"), format!("it {error}")),
    };
    if let Some(source) = source {
        return take_source(imported, name, source, group, optional);
    }
    let catalog = range.strip_prefix("catalog:").map(catalog_name);
    imported.take(ImportedLine {
        group: group.cloned(),
        ecosystem: ECOSYSTEM,
        name: name.to_owned(),
        range: Some(range).filter(|range| !range.is_empty() && catalog.is_none()).map(str::to_owned),
        catalog,
        source: None,
        when: None,
        optional,
    });
}

/// Takes a line for a package from outside of registries.
fn take_source(imported: &mut Imported, name: &str, source: Source, group: Option<&Label>, optional: bool) {
    imported.take(ImportedLine {
        group: group.cloned(),
        ecosystem: ECOSYSTEM,
        name: name.to_owned(),
        range: None,
        catalog: None,
        source: Some(source),
        when: None,
        optional,
    });
}

impl Imported {
    /// Takes a line as a package.json has it: what a catalog says of a package.
    pub(in crate::import) fn take_as(&mut self, line: &ImportedLine, range: &str) {
        take(self, &line.name, &Value::String(range.to_owned()), line.group.as_ref(), line.optional);
    }

    /// Adds a line for a peer of the project itself, which its tool installs.
    pub fn take_own_peer(&mut self, peer: &DeclaredPeer) {
        let (what, before) = (peer.what(), self.not_taken.len());
        self.not_taken.retain(|left| left.what != what);
        if self.not_taken.len() < before {
            take(self, &peer.name, &Value::String(peer.range.clone()), None, false);
        }
    }
}

/// Takes a line that means a member: `workspace:^1`, `workspace:other@*`. Returns the folder, if it names one.
fn workspace(imported: &mut Imported, name: &str, wanted: &str, group: Option<&Label>) -> String {
    if wanted.starts_with('.') {
        return wanted.to_owned();
    }
    let (member, range) = split_at_version(wanted).unwrap_or((name, wanted));
    // These stand for whatever version the member has.
    let range = if matches!(range, "*" | "^" | "~" | "") { "*" } else { range };
    imported.workspace.insert((ECOSYSTEM, member.to_owned()));
    imported.take(ImportedLine {
        group: group.cloned(),
        ecosystem: ECOSYSTEM,
        name: name.to_owned(),
        range: Some(if member == name { range.to_owned() } else { format!("npm:{member}@{range}") }),
        catalog: None,
        source: None,
        when: None,
        optional: false,
    });
    String::new()
}

/// Reads `workspaces`: a list of globs, or an object with the list in `packages`.
fn own_workspaces(document: &Map<String, Value>, imported: &mut Imported) {
    let Some(field) = document.get("workspaces") else { return };
    let list = field.as_array().or_else(|| field.get("packages")?.as_array());
    list.into_iter().flatten().filter_map(Value::as_str).for_each(|glob| imported.add_member(glob));
}

/// Returns whether a package.json has `exports`: then files of the package find it by its own name.
pub fn has_exports(text: &str) -> bool {
    fields::document(text).is_ok_and(|document| document.contains_key("exports"))
}

/// Returns the names that a package.json depends on, each with its range.
///
/// # Errors
/// The text is no JSON object.
pub fn package_ranges(text: &str) -> Result<Vec<(String, String)>, ImportError> {
    let document = fields::document(text)?;
    let ranges = DEPENDENCIES.iter().flat_map(|field| entries(&document, field));
    Ok(ranges.filter_map(|(name, range)| Some((name.to_owned(), range.as_str()?.to_owned()))).collect())
}

//! The package.json of the project and of its members: as they are on disk, or as the manifest's lines would have them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;
use serde_json::Value;

use super::{DeclaredDependency, DependencyTable, ExportError, ExportInput, Exported, LeftOut, PackageJson};
use crate::model::{Dependent, Edge, NpmRange, Origin, PackageName, PinnedSource, RootEdge, Source};

/// The ecosystem, as messages name it.
pub(super) const ECOSYSTEM: &str = "npm";

/// A folder whose package.json declares dependencies.
#[derive(Debug)]
pub(super) struct Importer<'a> {
    /// The folder, relative to the root; empty for the root.
    pub(super) folder: Arc<str>,
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) workspaces: Option<Value>,
    /// Its dependencies, by the name that it sees them under.
    pub(super) dependencies: BTreeMap<&'a PackageName, ImporterDependency<'a>>,
}

/// A dependency that a package.json declares.
#[derive(Debug)]
pub(super) struct ImporterDependency<'a> {
    pub(super) entry: DeclaredDependency,
    pub(super) edge: &'a Edge,
}

/// Returns whether a line is in a file for npm's tools.
pub(super) fn is_in(input: &ExportInput<'_>, root: &RootEdge) -> bool {
    root.requirement.ecosystem().has_scopes()
        || root.requirement.folder().is_some_and(|folder| input.is_npm_folder(folder))
}

/// Returns the root and the members that have something of npm's, the root first. `form` is for messages.
pub(super) fn importers<'a>(input: &ExportInput<'a>, form: &'static str) -> Result<Vec<Importer<'a>>, ExportError> {
    let mut importers = Vec::new();
    let root = importer(input, &Arc::from(""), form)?;
    let members = input.members.iter().map(|member| importer(input, member, form)).collect::<Result<Vec<_>, _>>()?;
    let has_lines = |importer: &Importer<'_>| !importer.dependencies.is_empty();
    let is_npm = |importer: &Importer<'_>| has_lines(importer) || input.package_json.contains_key(&importer.folder);
    let mut members: Vec<Importer<'a>> = members.into_iter().filter(is_npm).collect();
    if !has_lines(&root) && !members.iter().any(has_lines) {
        return Err(ExportError::Nothing { environment: input.environment.to_owned(), ecosystem: ECOSYSTEM });
    }
    importers.push(root);
    members.sort_by(|a, b| a.folder.cmp(&b.folder));
    importers.extend(members);
    Ok(importers)
}

fn importer<'a>(input: &ExportInput<'a>, folder: &Arc<str>, form: &'static str) -> Result<Importer<'a>, ExportError> {
    let known = input.package_json.get(folder);
    let mut importer = Importer {
        folder: Arc::clone(folder),
        name: known.and_then(|known| known.name.clone()),
        version: known.and_then(|known| known.version.clone()),
        workspaces: known.and_then(|known| known.workspaces.clone()),
        dependencies: BTreeMap::new(),
    };
    if known.is_none() && folder.is_empty() {
        importer.name = Some(npm_name(input.name));
        importer.version = input.version.map(str::to_owned);
        let members = input.members.iter().filter(|member| lines(input, member).next().is_some());
        let members: Vec<Value> = members.map(|member| member.to_string().into()).collect();
        importer.workspaces = (!members.is_empty()).then_some(Value::Array(members));
    }
    for (line, edge) in lines(input, folder) {
        let derived = derived(line, edge, input, folder);
        let entry = match known {
            Some(known) => declared(known, edge, folder)?,
            None => derived,
        };
        match importer.dependencies.get_mut(&edge.name) {
            Some(other) if other.edge.to != edge.to => {
                return Err(ExportError::SeveralVersions {
                    name: edge.name.to_string(),
                    first: other.edge.to.package.version.to_string(),
                    second: edge.to.package.version.to_string(),
                    form,
                });
            }
            Some(other) if other.entry.section > entry.section => other.entry = entry,
            Some(_) => {}
            None => drop(importer.dependencies.insert(&edge.name, ImporterDependency { entry, edge })),
        }
    }
    if let Some(known) = known {
        let has = |name: &str| importer.dependencies.keys().any(|known| known.as_str() == name);
        let mut expected = known.expected(input.pnpm.installs_peers);
        if let Some((table, name)) = expected.find(|(_, name)| !has(name)) {
            let problem = format!("declares `{name}` in `{table}`, and `{}` has no such package", input.environment);
            let help = match table {
                "optionalDependencies" => format!(
                    "lock it for the systems that it is for (`platforms`), or take `{name}` out of the file: a lockfile has \
                     optional packages of every system"
                ),
                "peerDependencies" => format!(
                    "npm and pnpm install what a project has as its peers: make `{name}` a dependency in larder.kdl, or optional \
                     in `peerDependenciesMeta`"
                ),
                _ => format!(
                    "export an environment that has all its dependencies (`{ECOSYSTEM} ci --omit=dev` leaves out those for \
                     development), or take `{name}` out of the file"
                ),
            };
            return Err(ExportError::PackageJson { file: file(folder), problem, help });
        }
    }
    Ok(importer)
}

/// Returns the lines of a folder that are in a file for npm's tools, with the edges that they come to.
fn lines<'a>(input: &ExportInput<'a>, folder: &str) -> impl Iterator<Item = (&'a RootEdge, &'a Edge)> {
    let anywhere = input.anywhere;
    let of_folder = |dependent: &Dependent| match dependent {
        Dependent::Project => folder.is_empty(),
        Dependent::Member(member) => **member == *folder,
    };
    let lines = anywhere.roots.iter().copied().filter(|root| of_folder(&root.dependent) && is_in(input, root));
    let lines: Vec<&'a RootEdge> = lines.collect();
    lines.into_iter().flat_map(|root| anywhere.root_edges(root).map(move |edge| (root, edge)))
}

/// Returns how a package.json on disk declares what an edge leads to.
fn declared(known: &PackageJson, edge: &Edge, folder: &str) -> Result<DeclaredDependency, ExportError> {
    let name = edge.name.as_str();
    let refused = |problem: String| {
        let help = format!(
            "correct it there, or let larder write it, for a folder of its own: it has dependencies and no scripts: larder export \
             package-json{}",
            to(folder)
        );
        ExportError::PackageJson { file: file(folder), problem, help }
    };
    let entry = known.entry(name).ok_or_else(|| refused(format!("does not declare `{name}`, which is locked")))?;
    let range = entry.specifier.strip_prefix("npm:").map_or(&*entry.specifier, |text| {
        text.char_indices().rfind(|(at, c)| *c == '@' && *at > 0).map_or("*", |(at, _)| &text[at + 1..])
    });
    let version = &edge.to.package.version;
    if let Ok(range) = range.parse::<NpmRange>()
        && range.tag().is_none()
        && edge.to.package.id.ecosystem.has_scopes()
        && !is_place(&entry.specifier)
        && !version.is_in_range(&range)
    {
        return Err(refused(format!("declares `{name}` as {}, and {version} is locked", entry.specifier)));
    }
    Ok(entry)
}

/// Returns whether a specifier is no range of a registry's versions.
fn is_place(specifier: &str) -> bool {
    specifier.contains([':', '/']) && !specifier.starts_with("npm:")
}

/// Returns how a package.json would declare a line.
fn derived(line: &RootEdge, edge: &Edge, input: &ExportInput<'_>, folder: &str) -> DeclaredDependency {
    let section = match (line.optional, &line.group) {
        (true, _) => DependencyTable::Optional,
        (false, Some(_)) => DependencyTable::Development,
        (false, None) => DependencyTable::Normal,
    };
    let package = input.lock.graph.packages.get(&edge.to.package);
    let specifier = match package.and_then(|package| package.origin.as_ref()) {
        Some(Origin::Source(pinned)) => match pinned.source.local_file() {
            Some(file) => format!("file:{}", relative(folder, file.path())),
            None => source_specifier(pinned),
        },
        _ => match line.requirement.folder() {
            Some(to) => format!("file:{}", relative(folder, to)),
            None => Some(line.requirement.range_text()).filter(|range| !range.is_empty()).unwrap_or("*".to_owned()),
        },
    };
    DeclaredDependency { section, specifier }
}

/// Returns how the package.json of the root names a place outside of registries.
pub(super) fn source_specifier(pinned: &PinnedSource) -> String {
    match &pinned.source {
        Source::Url(url) => url.as_str().to_owned(),
        Source::File(file) => file.as_str().to_owned(),
        Source::Archive(source) => source.to_string(),
        Source::Git(git) => {
            let commit = pinned.commit.as_ref().map(|commit| format!("#{}", commit.as_str())).unwrap_or_default();
            format!("git+{}{commit}", git.repository.as_str())
        }
    }
}

/// Returns the path from one folder of the project to another.
pub(super) fn relative(from: &str, to: &str) -> String {
    let (from, to): (Vec<&str>, Vec<&str>) = (parts(from), parts(to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let up = std::iter::repeat_n("..", from.len() - shared);
    let path: Vec<&str> = up.chain(to[shared..].iter().copied()).collect();
    if path.is_empty() { ".".to_owned() } else { path.join("/") }
}

fn parts(folder: &str) -> Vec<&str> {
    folder.split('/').filter(|part| !part.is_empty() && *part != ".").collect()
}

fn file(folder: &str) -> String {
    if folder.is_empty() { "package.json".to_owned() } else { format!("{folder}/package.json") }
}

fn to(folder: &str) -> String {
    if folder.is_empty() { String::new() } else { format!(" --member {folder}") }
}

/// Returns a project's name as npm allows it.
fn npm_name(name: &str) -> String {
    name.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.' | '@' | '/'), "-")
}

/// A package.json, in npm's order.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PackageJsonFile {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    private: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    workspaces: Option<Value>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    dependencies: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    dev_dependencies: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    optional_dependencies: BTreeMap<String, String>,
}

/// Writes the package.json that declares the lines of the root, or of a member, whatever is there on disk.
pub fn package_json(input: &ExportInput<'_>, member: Option<&str>) -> Result<Exported, ExportError> {
    let folder: Arc<str> = member.unwrap_or_default().into();
    let others = input.package_json.iter().filter(|(known, _)| **known != folder);
    let without = others.map(|(known, package_json)| (Arc::clone(known), package_json.clone())).collect();
    let input = &ExportInput { package_json: &without, ..input.clone() };
    let importer = importer(input, &folder, "package.json")?;
    let table = |section: DependencyTable| {
        let of_section = importer.dependencies.iter().filter(|(_, dependency)| dependency.entry.section == section);
        of_section.map(|(name, dependency)| (name.to_string(), dependency.entry.specifier.clone())).collect()
    };
    let document = PackageJsonFile {
        name: importer.name.clone().or_else(|| folder.rsplit('/').next().map(npm_name)),
        version: importer.version.clone(),
        private: true,
        workspaces: importer.workspaces.clone(),
        dependencies: table(DependencyTable::Normal),
        dev_dependencies: table(DependencyTable::Development),
        optional_dependencies: table(DependencyTable::Optional),
    };
    let mut left_out = input.left_out(ECOSYSTEM, |root| is_in(input, root));
    left_out.extend(input.lock.settings.overrides.iter().filter(|one| one.package.ecosystem.has_scopes()).map(|one| {
        let reason =
            "the lock has its effect; write it into `overrides` too if others are to choose versions".to_owned();
        LeftOut { line: format!("override {}", one.package), reason }
    }));
    Ok(Exported { text: super::pretty(&document), packages: importer.dependencies.len(), left_out })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_relative_to_each_other() {
        for (from, to, path) in [
            ("", "packages/a", "packages/a"),
            ("packages/a", "packages/b", "../b"),
            ("apps/web", "packages/b", "../../packages/b"),
            ("a", "", ".."),
            ("a", "a", "."),
        ] {
            assert_eq!(relative(from, to), path, "{from} {to}");
        }
    }
}

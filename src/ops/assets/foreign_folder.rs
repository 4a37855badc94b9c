//! A folder of another tool: which assets it has, by the content of its files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::assets::foreign::{
    Configuration, ForeignKind, ImportRules, convert, name_of_file, recognise, with_known_locations,
    with_renamed_schemas,
};
use crate::diagnostic::SourceFinding;
use crate::document::{SourceFile, decode};
use crate::fs::{self, Kind};
use crate::mapping::Mapping;
use crate::model::{AssetKind, Label};
use crate::ops::Result;
use crate::ops::project::staged_files::named;
use crate::ops::session::MANIFEST;
use crate::schema::{SchemaKind, relative};

use super::remembered::MAX_FILE;

/// The most files that are looked at.
const MOST: usize = 20_000;

/// An asset that was found.
#[derive(Clone, Debug)]
pub(super) struct ForeignAsset {
    pub(super) kind: AssetKind,
    pub(super) name: Label,
    /// The path of its file in the folder.
    pub(super) path: String,
    /// `kind=` of a schema whose content does not tell.
    pub(super) form: Option<&'static str>,
    /// What kind of schema it is, if it is one.
    pub(super) schema: Option<SchemaKind>,
    /// The text that is taken over.
    pub(super) text: String,
    /// Whether that is the file's own.
    pub(super) is_unchanged: bool,
    /// Whether another form was converted to it, or its locations were rebuilt: what it says may be incomplete.
    pub(super) is_converted: bool,
    /// The files that belong to it, which are no assets: samples of a mapping.
    pub(super) others: Vec<(String, String)>,
}

/// What a folder has.
#[derive(Debug, Default)]
pub(super) struct ForeignFolder {
    pub(super) assets: Vec<ForeignAsset>,
    pub(super) left_out: Vec<String>,
    pub(super) problems: Vec<String>,
}

/// Looks through a folder. Links are not followed, nor is what begins with a dot, what package managers install, and what belongs to
/// another package.
pub(super) fn read(
    folder: &Path,
    rules: Option<&ImportRules>,
    is_skipped: &dyn Fn(&str) -> bool,
) -> Result<ForeignFolder> {
    let is_hidden = |path: &Path| path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
    let mut found = ForeignFolder::default();
    let mut files: BTreeMap<String, (String, ForeignKind)> = BTreeMap::new();
    let mut texts: BTreeMap<String, String> = BTreeMap::new();
    let is_installed = |path: &Path| path.file_name().is_some_and(|name| name == "node_modules");
    let is_package = |path: &Path| fs::lstat(&folder.join(path).join(MANIFEST)).is_ok_and(|stat| stat.is_some());
    let mut entries = fs::walk(folder, |path| !is_hidden(path) && !is_installed(path) && !is_package(path))?;
    let folders = entries.iter().filter(|entry| entry.kind == Kind::Folder).map(|entry| &entry.path);
    let packages = folders.filter(|path| !is_hidden(path) && is_package(path));
    found.left_out.extend(packages.map(|path| format!("{}: it is a package of its own", path.display())));
    entries.sort_by(|one, other| one.path.cmp(&other.path));
    for entry in entries.into_iter().filter(|entry| entry.kind != Kind::Folder && !is_hidden(&entry.path)) {
        if entry.kind != Kind::File {
            found.left_out.push(format!("{}: it is {}", entry.path.display(), named(entry.kind)));
            continue;
        }
        let Some(path) = entry.path.to_str().map(|path| path.replace(std::path::MAIN_SEPARATOR, "/")) else {
            found.left_out.push(format!("{}: its name is no text", entry.path.display()));
            continue;
        };
        if path.rsplit('/').next() == Some(MANIFEST) || is_skipped(&path) {
            continue;
        }
        if texts.len() >= MOST {
            found.problems.push(format!("the folder has more than {MOST} files"));
            break;
        }
        let Some(bytes) = fs::read_below(folder, &path, &[folder], MAX_FILE) else {
            found.left_out.push(format!("{path}: it has more than 8 MiB"));
            continue;
        };
        let Ok(text) = decode(bytes) else {
            found.left_out.push(format!("{path}: it is no text"));
            continue;
        };
        if let Some(kind) = recognise(&path, &text) {
            files.insert(path.clone(), (text.clone(), kind));
        }
        texts.insert(path, text);
    }
    let schemas: BTreeMap<&str, SchemaKind> = files
        .iter()
        .filter_map(|(path, (_, kind))| match kind {
            ForeignKind::Schema(kind) => Some((path.as_str(), *kind)),
            _ => None,
        })
        .collect();
    let names = schema_names(&schemas, &mut found.problems);
    let known: BTreeSet<&str> = schemas.keys().copied().collect();
    let mut taken: BTreeSet<String> = files.keys().cloned().collect();
    let mut of_mappings: BTreeSet<String> = BTreeSet::new();
    for (path, (text, kind)) in &files {
        match kind {
            ForeignKind::Schema(kind) => {
                let Some(name) = names.get(path.as_str()) else { continue };
                let rebuilt = with_known_locations(*kind, path, text, &known);
                let form = (SchemaKind::of_content(text) != Some(*kind)).then(|| kind.as_str());
                found.assets.push(ForeignAsset {
                    kind: AssetKind::Schema,
                    name: name.clone(),
                    path: path.clone(),
                    form,
                    schema: Some(*kind),
                    is_unchanged: rebuilt.is_none(),
                    is_converted: rebuilt.is_some(),
                    text: rebuilt.unwrap_or_else(|| text.clone()),
                    others: Vec::new(),
                });
            }
            ForeignKind::Native(kind, stated) => {
                let Some(name) = label(stated.as_deref().unwrap_or(stem(path))) else { continue };
                let others = if *kind == AssetKind::Mapping { samples(path, text, &texts) } else { Vec::new() };
                of_mappings.extend(others.iter().map(|(path, _)| path.clone()));
                let renamed = |name: &str| renamed(path, name, &names);
                let rewritten = with_renamed_schemas(*kind, path, text, &renamed);
                found.assets.push(ForeignAsset {
                    kind: *kind,
                    name,
                    path: path.clone(),
                    form: None,
                    schema: None,
                    is_unchanged: rewritten.is_none(),
                    is_converted: false,
                    text: rewritten.unwrap_or_else(|| text.clone()),
                    others,
                });
            }
            ForeignKind::Adapter(_) | ForeignKind::Configuration(_) => {
                if adapter((path, kind), rules, &names, &known, &mut found).is_none() {
                    taken.remove(path);
                }
            }
        }
    }
    // A sample may look like a configuration, and is none.
    let left = texts.keys().filter(|path| !taken.contains(*path) && !of_mappings.contains(*path));
    found.left_out.extend(left.map(|path| format!("{path}: it is no asset")));
    found.repeated();
    Ok(found)
}

impl ForeignFolder {
    /// Notes names that several have.
    fn repeated(&mut self) {
        let mut seen: BTreeMap<(AssetKind, &str), &str> = BTreeMap::new();
        for asset in &self.assets {
            if let Some(other) = seen.insert((asset.kind, asset.name.as_str()), &asset.path) {
                self.problems
                    .push(format!("`{other}` and `{}` would both be {} `{}`", asset.path, asset.kind, asset.name));
            }
        }
    }
}

/// Converts a configuration. Returns `None` if it is none of an adapter's.
fn adapter(
    (path, kind): (&str, &ForeignKind),
    rules: Option<&ImportRules>,
    names: &BTreeMap<&str, Label>,
    known: &BTreeSet<&str>,
    found: &mut ForeignFolder,
) -> Option<()> {
    let rules = rules.and_then(|rules| rules.of(path));
    let configuration: &Configuration = match kind {
        ForeignKind::Adapter(configuration) => configuration,
        ForeignKind::Configuration(configuration) if rules.is_some() => configuration,
        _ => return None,
    };
    // A schema is named by its asset, by its path from the configuration or from the folder, or by the name of its file.
    let schema = |text: &str| {
        let (file, entry) = text.split_once('#').map_or((text, None), |(file, entry)| (file, Some(entry)));
        let below = relative(path, file).filter(|whole| known.contains(whole.as_str()));
        let whole = below.or_else(|| relative("", file).filter(|whole| known.contains(whole.as_str())));
        let whole = whole.or_else(|| name_of_file(file, known).map(str::to_owned));
        match whole.and_then(|whole| names.get(whole.as_str())) {
            Some(name) => format!("{name}{}", entry.map(|entry| format!("#{entry}")).unwrap_or_default()),
            None => text.to_owned(),
        }
    };
    match convert(configuration, stem(path), rules, &schema) {
        Ok(adapter) => {
            let left_out = adapter.left_out.iter().map(|value| format!("{path}: `{value}`"));
            found.left_out.extend(left_out);
            let name = label(adapter.name.as_deref().unwrap_or(stem(path)))?;
            found.assets.push(ForeignAsset {
                kind: AssetKind::Adapter,
                name,
                path: path.to_owned(),
                form: None,
                schema: None,
                text: adapter.text,
                is_unchanged: false,
                is_converted: true,
                others: Vec::new(),
            });
        }
        Err(problems) => found.problems.extend(problems.into_iter().map(|problem| format!("{path}: {problem}"))),
    }
    Some(())
}

/// Returns the names of schemas: those of their files; where several have one, with the folders before it.
fn schema_names<'p>(schemas: &BTreeMap<&'p str, SchemaKind>, problems: &mut Vec<String>) -> BTreeMap<&'p str, Label> {
    let mut by_stem: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for path in schemas.keys() {
        by_stem.entry(stem(path)).or_default().push(path);
    }
    let mut names = BTreeMap::new();
    for (stem, paths) in by_stem {
        for path in &paths {
            let whole = path.rsplit_once('/').map_or(stem.to_owned(), |(folders, _)| format!("{folders}/{stem}"));
            let same_folder = paths
                .iter()
                .filter(|other| other.rsplit_once('/').map(|it| it.0) == path.rsplit_once('/').map(|it| it.0));
            let kind = schemas.get(path).map(|kind| kind.as_str()).unwrap_or_default();
            let name = match (paths.len(), same_folder.count()) {
                (1, _) => stem.to_owned(),
                (_, 1) => whole.replace('/', "-"),
                _ => format!("{}-{kind}", whole.replace('/', "-")),
            };
            match label(&name) {
                Some(name) => drop(names.insert(*path, name)),
                None => problems.push(format!("`{path}` has no name that an asset could have")),
            }
        }
    }
    names
}

/// Returns the new name of a schema that a file calls by that of its file, if that is the name of none: of several files of that name the
/// one in the same folder is meant.
fn renamed(path: &str, name: &str, names: &BTreeMap<&str, Label>) -> Option<String> {
    if names.values().any(|known| known.as_str() == name) {
        return None;
    }
    let folder = |path: &str| path.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    let called = names.iter().filter(|(schema, _)| stem(schema) == name);
    let (beside, elsewhere): (Vec<_>, Vec<_>) = called.partition(|(schema, _)| folder(schema) == folder(path));
    match (&beside[..], &elsewhere[..]) {
        ([(_, only)], _) | ([], [(_, only)]) => Some(only.to_string()),
        _ => None,
    }
}

/// Returns the name of a file without its endings.
fn stem(path: &str) -> &str {
    let file = path.rsplit('/').next().unwrap_or(path);
    let endings = [".schema.json", ".adapter.json", ".json", ".xsd", ".wsdl", ".properties", ".kdl", ".xml"];
    let stem = endings.iter().find_map(|ending| file.strip_suffix(ending)).unwrap_or(file);
    if stem.is_empty() { file } else { stem }
}

/// Returns a name that an asset can have: what it cannot have becomes `-`.
fn label(text: &str) -> Option<Label> {
    let plain: String =
        text.trim().chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '-' }).collect();
    plain.trim_matches(['-', '_', '.']).parse().ok()
}

/// Returns the samples of a mapping that are there.
fn samples(path: &str, text: &str, texts: &BTreeMap<String, String>) -> Vec<(String, String)> {
    let source = SourceFile { file: path.into(), text: text.into() };
    let Ok(mapping) = Mapping::parse(&source).map_err(|_: Vec<SourceFinding>| ()) else { return Vec::new() };
    let paths = mapping.samples().iter().flat_map(|one| [&one.sample, &one.expect]);
    paths.filter_map(|path| Some((path.to_string(), texts.get(&**path)?.clone()))).collect()
}

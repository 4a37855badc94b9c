//! Replaced dependencies of npm packages: npm's `overrides`, Yarn's `resolutions`, pnpm's `overrides`.

use serde_json::{Map, Value};

use crate::import::{Imported, catalog_name};
use crate::manifest::{overridden_name, split_override};
use crate::model::{split_alias, split_at_version};

use super::{ECOSYSTEM, patches};
use crate::import::entries::FolderOverride;

/// The protocol of what is a link even where it leads to nothing: people take a package out so.
const LINK: &str = "link:";

/// Reads a package.json's `overrides` and `resolutions`.
pub(super) fn read(document: &Map<String, Value>, imported: &mut Imported) {
    if let Some(overrides) = document.get("overrides").and_then(Value::as_object) {
        nested(overrides, None, imported);
    }
    for (pattern, range) in document.get("resolutions").and_then(Value::as_object).into_iter().flatten() {
        let Some(range) = range.as_str() else { continue };
        // Yarn's patterns: `name`, `**/name`, `parent/name`, `parent/**/name`; a scope's `/` is none.
        let parts = names(pattern.trim_start_matches("**/"));
        match parts[..] {
            [name] => take(name, range, imported),
            [parent, name] => {
                let selector = format!("{parent}>{name}");
                if pattern.contains("/**/") {
                    imported.deep_overrides.insert(selector.clone());
                }
                take(&selector, range, imported);
            }
            _ => imported.refuse(format!("resolutions {pattern}"), "an `override` line has one parent at most"),
        }
    }
}

/// Reads pnpm's flat selectors: `name`, `parent>name`, `name@<3`.
pub(super) fn flat<'a>(overrides: impl Iterator<Item = (&'a str, &'a str)>, imported: &mut Imported) {
    for (selector, range) in overrides {
        match range {
            "-" if !has_parent_version(selector, range, imported) => imported.add_override(ECOSYSTEM, selector, None),
            "-" => {}
            range => take(selector, range, imported),
        }
    }
}

/// Reads npm's nested form: a name's value is its range, or what is replaced below it; `.` is the name itself.
fn nested(overrides: &Map<String, Value>, parent: Option<&str>, imported: &mut Imported) {
    for (name, value) in overrides {
        let selector = match (parent, &**name) {
            (Some(parent), ".") => parent.to_owned(),
            (Some(parent), name) => format!("{parent}>{name}"),
            (None, name) => name.to_owned(),
        };
        match value {
            Value::String(range) => {
                if parent.is_some() && name != "." {
                    imported.deep_overrides.insert(selector.clone());
                }
                // npm links folders, whatever they are called.
                match linked_folder(range) {
                    Some(folder) => take(&selector, &format!("{LINK}{folder}"), imported),
                    None => take(&selector, range, imported),
                }
            }
            Value::Object(inner) if parent.is_none() => nested(inner, Some(name), imported),
            _ => imported.refuse(format!("overrides {selector}"), "an `override` line has one parent at most"),
        }
    }
}

/// Takes an override over, or notes what it refers to: `$name` is the range that the root itself asks for.
pub(in crate::import) fn take(selector: &str, range: &str, imported: &mut Imported) {
    // Yarn has ranges behind their protocol: `ms@npm:2.0.0` and `npm:2.1.1`.
    let plain = match selector.rsplit_once("@npm:") {
        Some((name, asked)) if split_alias(asked).0.is_none() => format!("{name}@{asked}"),
        _ => selector.to_owned(),
    };
    let selector = plain.as_str();
    let range = match range.strip_prefix("npm:").map(split_alias) {
        Some((None, range)) => range,
        _ => range,
    };
    if has_parent_version(selector, range, imported) {
        return;
    }
    if let Some(dependency) = range.strip_prefix('$') {
        return imported.reference_overrides.push((selector.to_owned(), dependency.to_owned()));
    }
    if let Some(catalog) = range.strip_prefix("catalog:") {
        return imported.catalog_overrides.push((selector.to_owned(), catalog_name(catalog)));
    }
    if let Some(folder) = linked_folder(range) {
        let (selector, folder, is_link) = (selector.to_owned(), folder.to_owned(), range.starts_with(LINK));
        return imported.folder_overrides.push(FolderOverride { selector, folder, is_link });
    }
    if let Some((range, file)) = patches::yarn_range(range) {
        let name = overridden_name(selector);
        if let Some(file) = file {
            imported.add_patch(ECOSYSTEM, name, &range, &file);
        }
        return imported.add_override(ECOSYSTEM, selector, Some(&range));
    }
    if range.contains("://") {
        return imported.refuse(format!("override {selector} {range}"), "its range is of no registry");
    }
    imported.add_override(ECOSYSTEM, selector, Some(range));
}

/// Returns the folder that a range links, relative to that of its file: `link:packages/a`, `file:.`, `portal:../b`.
fn linked_folder(range: &str) -> Option<&str> {
    let folder = [LINK, "file:", "portal:"].iter().find_map(|scheme| range.strip_prefix(scheme))?;
    Some(folder).filter(|folder| ![".tgz", ".tar.gz", ".tar"].iter().any(|end| folder.ends_with(end)))
}

/// Returns whether a selector is for one version of a parent, and lists it then: no line says that.
fn has_parent_version(selector: &str, range: &str, imported: &mut Imported) -> bool {
    let (parent, _) = split_override(selector);
    let has_version = parent.is_some_and(|parent| split_at_version(parent).is_some());
    if has_version {
        let why = "an `override` line is for every version of a parent: write one where that is meant";
        imported.refuse(format!("override {selector} {range}"), why);
    }
    has_version
}

/// Splits a path of names: `@scope/a/b` is `@scope/a` and `b`.
fn names(path: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = path;
    while !rest.is_empty() {
        let end = if rest.starts_with('@') { rest.match_indices('/').nth(1).map(|(at, _)| at) } else { rest.find('/') };
        let (name, after) = end.map_or((rest, ""), |end| (&rest[..end], &rest[end + 1..]));
        if name != "**" {
            found.push(name);
        }
        rest = after;
    }
    found
}

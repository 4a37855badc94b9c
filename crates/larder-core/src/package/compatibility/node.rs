//! What Node resolves under a package's name: <https://nodejs.org/api/packages.html#package-entry-points>.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::Half;

/// The condition that every importer meets.
pub(super) const ALWAYS: &str = "default";

/// Returns whether what exists under a condition is read by compilers only.
pub(super) fn is_for_types(condition: &str) -> bool {
    condition.split(", ").any(|word| word == "types")
}

/// Deeper nesting of conditions is not read.
const DEEPEST: usize = 16;

/// Returns the subpaths that lead to files, each with the conditions under which it does.
pub(super) fn exports(half: &Half<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let package: Map<String, Value> =
        half.text("package.json").and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let mut found = Exports { half, found: BTreeMap::new() };
    match package.get("exports") {
        None => found.add_main(&package),
        Some(Value::Object(subpaths)) if subpaths.keys().any(|key| key.starts_with('.')) => {
            for (subpath, target) in subpaths {
                found.add(subpath, ALWAYS, target, 0);
            }
        }
        Some(target) => found.add(".", ALWAYS, target, 0),
    }
    if let Some(types) = ["types", "typings"].iter().find_map(|key| package.get(*key)?.as_str()) {
        found.add_file(".", "types", types);
    }
    found.found
}

struct Exports<'h, 'f> {
    half: &'h Half<'f>,
    found: BTreeMap<String, BTreeSet<String>>,
}

impl Exports<'_, '_> {
    /// Adds what `main` leads to, as where there are no `exports`.
    fn add_main(&mut self, package: &Map<String, Value>) {
        let main = package.get("main").and_then(Value::as_str).unwrap_or("index.js");
        let bare = main.trim_start_matches("./").trim_end_matches('/');
        let candidates = [bare.to_owned(), format!("{bare}.js"), format!("{bare}.json"), format!("{bare}/index.js")];
        let is_there =
            candidates.iter().chain(&["index.js".to_owned()]).any(|path| self.half.files.contains_key(&**path));
        if is_there {
            self.note(".", ALWAYS);
        }
        if let Some(module) = package.get("module").and_then(Value::as_str) {
            self.add_file(".", "module", module);
        }
    }

    /// Adds what a subpath leads to under a condition.
    fn add(&mut self, subpath: &str, condition: &str, target: &Value, depth: usize) {
        if depth > DEEPEST {
            return;
        }
        match target {
            Value::String(file) => self.add_file(subpath, condition, file),
            // The first one that is valid counts.
            Value::Array(targets) => {
                if let Some(first) = targets.iter().find(|target| !target.is_null()) {
                    self.add(subpath, condition, first, depth + 1);
                }
            }
            Value::Object(conditions) => {
                for (name, target) in conditions {
                    let both = match (condition, &**name) {
                        (ALWAYS, name) => name.to_owned(),
                        (condition, ALWAYS) => condition.to_owned(),
                        (condition, name) => format!("{condition}, {name}"),
                    };
                    self.add(subpath, &both, target, depth + 1);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// Adds the files that a target stands for, if they are there: several for one with a `*`.
    fn add_file(&mut self, subpath: &str, condition: &str, target: &str) {
        let file = target.trim_start_matches("./");
        match (subpath.split_once('*'), file.split_once('*')) {
            (Some((before, after)), Some((start, end))) => {
                let matched: Vec<String> = self
                    .half
                    .files
                    .keys()
                    .filter_map(|path| path.strip_prefix(start)?.strip_suffix(end))
                    .map(|star| format!("{before}{star}{after}"))
                    .collect();
                for subpath in matched {
                    self.note(&subpath, condition);
                }
            }
            _ if self.half.files.contains_key(file) => self.note(subpath, condition),
            _ => {}
        }
    }

    fn note(&mut self, subpath: &str, condition: &str) {
        self.found.entry(subpath.to_owned()).or_default().insert(condition.to_owned());
    }
}

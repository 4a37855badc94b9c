//! `packageExtensions` of pnpm and Yarn: dependencies that packages use and do not declare.

use serde_json::{Map, Value};

use crate::import::Imported;
use crate::model::split_at_version;

use super::ECOSYSTEM;

/// Reads `{"react-redux": {"dependencies": {"react-dom": "*"}}}`. The selectors may have a range, of which only any is taken.
pub(super) fn read(extensions: &Map<String, Value>, imported: &mut Imported) {
    for (selector, added) in extensions {
        let (name, range) = split_at_version(selector).map_or((&**selector, None), |(name, range)| (name, Some(range)));
        let what = |field: &str| format!("packageExtensions {selector} {field}");
        if range.is_some_and(|range| !matches!(range.trim(), "" | "*" | "x")) {
            imported
                .refuse(what("").trim_end(), "an `extend` line is for every version: write one where that is meant");
            continue;
        }
        for (field, entries) in added.as_object().into_iter().flatten() {
            if !matches!(&**field, "dependencies" | "optionalDependencies") {
                imported.refuse(what(field), "an `extend` line adds dependencies, and no peers");
                continue;
            }
            for (dependency, range) in entries.as_object().into_iter().flatten() {
                match range.as_str() {
                    Some(range) => imported.add_extension(ECOSYSTEM, name, dependency, range),
                    None => imported.refuse(what(dependency), "its range is not a string"),
                }
            }
        }
    }
}

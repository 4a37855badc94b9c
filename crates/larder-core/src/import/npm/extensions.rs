//! `packageExtensions` of pnpm and Yarn: dependencies that packages use and do not declare.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use crate::import::Imported;
use crate::model::{NpmRange, PackageKey, PackageName, split_at_version};

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
                    Some(range) => imported.add_extension(ECOSYSTEM, name, (dependency, range), None),
                    None => imported.refuse(what(dependency), "its range is not a string"),
                }
            }
        }
    }
}

impl Imported {
    /// Adds an `extend` line for a dependency that a tool added to a package, with a range for the versions that copies of it had.
    pub fn take_added_dependency(&mut self, package: &PackageName, name: &PackageName, had: &BTreeSet<PackageKey>) {
        let Some(first) = had.first().map(|key| &key.id.name) else { return };
        let mut ranges: Vec<NpmRange> = Vec::new();
        for version in had.iter().filter(|key| key.id.name == *first).filter_map(|key| key.version.as_npm()) {
            if !ranges.iter().any(|range| range.matches(version)) {
                ranges.extend(format!("^{version}").parse());
            }
        }
        let range = ranges.iter().map(ToString::to_string).collect::<Vec<_>>().join(" || ");
        let range = if first == name { range } else { format!("npm:{first}@{range}") };
        self.add_extension(ECOSYSTEM, package.as_str(), (name.as_str(), &range), None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{PackageId, Version};

    #[test]
    fn what_a_tool_added_has_the_versions_that_it_had() {
        let name = |text: &str| PackageName::npm(text).unwrap();
        let key = |package: &str, version: &str| PackageKey {
            id: PackageId::new(ECOSYSTEM, name(package)),
            version: Version::parse(ECOSYSTEM, version).unwrap(),
        };
        let mut imported = Imported::default();
        let had = [key("keyv", "3.1.1"), key("keyv", "3.1.4"), key("keyv", "4.0.0")];
        imported.take_added_dependency(&name("got"), &name("keyv"), &had.into());
        imported.take_added_dependency(&name("got"), &name("other"), &[key("keyv", "3.1.1")].into());
        let ranges: Vec<_> = imported.extensions.iter().map(|one| (&*one.package, &*one.name, &*one.range)).collect();
        assert_eq!(ranges, [("got", "keyv", "^3.1.1 || ^4.0.0"), ("got", "other", "npm:keyv@^3.1.1")]);
    }
}

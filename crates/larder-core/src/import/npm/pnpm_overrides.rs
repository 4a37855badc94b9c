//! The overrides that pnpm finds in the files of a project: its lockfile repeats them, and they change what package.json files ask for.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::fields::{DEPENDENCIES, entries};
use super::pnpm_files::PnpmFiles;
use crate::import::catalog_name;
use crate::manifest::split_override;
use crate::model::{NpmRange, parse_npm_version, split_at_version};

/// The overrides of pnpm's configuration, by their selectors as written: `ms@2`, `parent>ms`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PnpmOverrides(BTreeMap<String, String>);

/// A package.json whose dependencies are overridden.
#[derive(Clone, Copy, Debug)]
pub struct OverriddenManifest<'a> {
    /// Its folder, relative to the root.
    pub folder: &'a str,
    /// Its name.
    pub name: Option<&'a str>,
    /// Its version.
    pub version: Option<&'a str>,
}

impl PnpmOverrides {
    /// Reads those of a pnpm-workspace.yaml or, where that has none, those of a package.json, if pnpm reads them there; before version
    /// 11 those of package.json come first. A file that cannot be read has none.
    pub fn read(files: &PnpmFiles<'_>) -> Self {
        let workspace = files.settings_of_workspace();
        let package_json: Map<String, Value> = files
            .package_json
            .and_then(|text| serde_json::from_str(text.trim_start_matches('\u{feff}')).ok())
            .unwrap_or_default();
        let of_package_json = || {
            let is_read = files.settings_of_package_json("overrides").is_some();
            let mut found = texts(package_json.get("resolutions").filter(|_| is_read));
            let of_pnpm = package_json.get("pnpm").filter(|_| is_read);
            found.extend(texts(of_pnpm.and_then(|pnpm| pnpm.get("overrides"))));
            found
        };
        let mut found = if files.is_of_older_pnpm() { of_package_json() } else { BTreeMap::new() };
        if found.is_empty() {
            found = texts(workspace.get("overrides"));
        }
        if found.is_empty() {
            found = of_package_json();
        }
        for (selector, range) in &mut found {
            let (target, _) = target(selector);
            let own = |name: &str| {
                let mut declared = DEPENDENCIES.iter().flat_map(|field| entries(&package_json, field));
                declared.find(|(known, _)| *known == name)?.1.as_str()
            };
            let of_catalog = |catalog: &str| match catalog_name(catalog) {
                None => workspace.get("catalog").or_else(|| workspace.get("catalogs")?.get("default"))?.get(target),
                Some(name) => workspace.get("catalogs")?.get(name)?.get(target),
            };
            let meant = match (range.strip_prefix('$'), range.strip_prefix("catalog:")) {
                (Some(name), _) => own(name),
                (None, Some(catalog)) => of_catalog(catalog).and_then(Value::as_str),
                (None, None) => None,
            };
            if let Some(meant) = meant {
                *range = meant.to_owned();
            }
        }
        Self(found)
    }

    /// Returns the selectors, each with what takes the place of what is asked for.
    pub fn table(&self) -> &BTreeMap<String, String> {
        &self.0
    }

    /// Replaces what a package.json asks for, as pnpm does before it looks at it.
    pub fn apply(&self, manifest: OverriddenManifest<'_>, dependencies: &mut BTreeMap<String, String>) {
        for name in dependencies.keys().cloned().collect::<Vec<_>>() {
            match dependencies.get(&name).and_then(|range| self.replacement(manifest, &name, range)) {
                None => {}
                Some("-") => drop(dependencies.remove(&name)),
                Some(range) => {
                    let range = placed(range, manifest.folder);
                    dependencies.insert(name, range);
                }
            }
        }
    }

    /// Returns what takes the place of a range. What is for one parent comes before what is for all, and what is for some ranges before
    /// what is for any.
    fn replacement(&self, manifest: OverriddenManifest<'_>, name: &str, range: &str) -> Option<&str> {
        let fitting = self.0.iter().filter_map(|(selector, replacement)| {
            let (parent, _) = split_override(selector);
            let (target, asked) = target(selector);
            let is_parent = parent.is_none_or(|parent| {
                let (parent, admitted) =
                    split_at_version(parent).map_or((parent, None), |(name, all)| (name, Some(all)));
                Some(parent) == manifest.name && admitted.is_none_or(|all| admits(all, manifest.version))
            });
            let fits = target == name && is_parent && asked.is_none_or(|asked| intersect(asked, range));
            fits.then_some(((parent.is_none(), asked.is_none()), replacement.as_str()))
        });
        fitting.min_by_key(|(order, _)| *order).map(|(_, replacement)| replacement)
    }
}

/// Returns the name that a selector is for, and the ranges.
fn target(selector: &str) -> (&str, Option<&str>) {
    let (_, child) = split_override(selector);
    split_at_version(child).map_or((child, None), |(name, asked)| (name, Some(asked)))
}

fn admits(range: &str, version: Option<&str>) -> bool {
    let version = version.and_then(parse_npm_version);
    version.is_some_and(|version| range.parse::<NpmRange>().is_ok_and(|range| range.matches(&version)))
}

fn intersect(asked: &str, range: &str) -> bool {
    let parse = |text: &str| text.parse::<NpmRange>().ok();
    asked == range || parse(asked).zip(parse(range)).is_some_and(|(asked, range)| asked.intersects(&range))
}

/// Returns a folder of the root as a package.json in a folder names it; any other range as it is.
fn placed(range: &str, folder: &str) -> String {
    let scheme = ["link:", "file:"].into_iter().find(|scheme| range.starts_with(scheme));
    match scheme.map(|scheme| (scheme, &range[scheme.len()..])).filter(|(_, path)| !path.starts_with('/')) {
        Some((scheme, path)) if !folder.is_empty() => {
            let up = "../".repeat(folder.split('/').count());
            format!("{scheme}{up}{}", path.trim_start_matches("./"))
        }
        _ => range.to_owned(),
    }
}

fn texts(table: Option<&Value>) -> BTreeMap<String, String> {
    let entries = table.and_then(Value::as_object).into_iter().flatten();
    entries.filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

#[cfg(test)]
mod tests {
    use super::super::pnpm_checksum::pnpm_extensions_checksum;
    use super::*;

    #[test]
    fn overrides_are_those_of_the_workspace_s_file_or_else_of_package_json() {
        let package_json =
            r#"{"resolutions": {"a": "1", "b": "2"}, "pnpm": {"overrides": {"b": "$c"}}, "dependencies": {"c": "^3"}}"#;
        let read = |workspace| {
            let found = PnpmOverrides::read(&PnpmFiles { workspace, package_json: Some(package_json), lockfile: None });
            found.0.into_iter().map(|(selector, range)| format!("{selector} {range}")).collect::<Vec<_>>()
        };
        assert_eq!(read(None), ["a 1", "b ^3"]);
        assert_eq!(read(Some("packages: ['x']\n")), ["a 1", "b ^3"]);
        let workspace = "overrides:\n  ms@2: 2.1.3\n  d>e: 'catalog:'\n  f: catalog:next\n  g: workspace:*\ncatalog:\n  e: ^5\ncatalogs:\n  next:\n    f: ^6\n";
        assert_eq!(read(Some(workspace)), ["d>e ^5", "f ^6", "g workspace:*", "ms@2 2.1.3"]);
    }

    #[test]
    fn what_a_manifest_asks_for_is_overridden() {
        let workspace = "overrides:\n  ms: '3'\n  ms@2: 2.1.3\n  web>left: '1'\n  other>left: '2'\n  web@2>right: '9'\n  gone: '-'\n  \
                         lib: link:packages/lib\n";
        let overrides = PnpmOverrides::read(&PnpmFiles { workspace: Some(workspace), ..PnpmFiles::default() });
        let mut table: BTreeMap<String, String> =
            [("ms", "^2.0.0"), ("left", "^3"), ("right", "^1"), ("gone", "*"), ("lib", "*"), ("same", "1")]
                .map(|(name, range)| (name.to_owned(), range.to_owned()))
                .into();
        overrides
            .apply(OverriddenManifest { folder: "apps/web", name: Some("web"), version: Some("1.0.0") }, &mut table);
        let table: Vec<String> = table.iter().map(|(name, range)| format!("{name} {range}")).collect();
        assert_eq!(table, ["left 1", "lib link:../../packages/lib", "ms 2.1.3", "right ^1", "same 1"]);
    }

    #[test]
    fn later_pnpm_reads_no_settings_in_package_json() {
        let settings = r#""resolutions": {"a": "1"}, "pnpm": {"overrides": {"b": "2"}, "packageExtensions": {"c": {"dependencies": {"d": "1"}}}}"#;
        let check = |manager: &str, lockfile: Option<&str>, expected: (usize, bool)| {
            let package_json = format!("{{{manager}{settings}}}");
            let files = PnpmFiles { package_json: Some(&package_json), lockfile, ..PnpmFiles::default() };
            let found = (PnpmOverrides::read(&files).table().len(), pnpm_extensions_checksum(&files).is_some());
            assert_eq!(found, expected, "{manager} {lockfile:?}");
        };
        let with_both = Some("lockfileVersion: '9.0'\noverrides:\n  a: '1'\npackageExtensionsChecksum: sha256-x\n");
        check("", None, (2, true));
        check("", with_both, (2, true));
        check("", Some("lockfileVersion: '9.0'\n"), (0, false));
        check("", Some("overrides:\n  a: '1'\n"), (2, false));
        check(r#""packageManager": "pnpm@10.9.0","#, Some("lockfileVersion: '9.0'\n"), (2, true));
        check(r#""packageManager": "pnpm@11.28.11","#, with_both, (0, false));
        check(r#""packageManager": "pnpm@12.21.0+sha512.ab","#, None, (0, false));
        check(r#""packageManager": "npm@11.0.0","#, None, (2, true));
    }

    #[test]
    fn for_older_pnpm_package_json_comes_before_the_workspace_s_file() {
        let settings = r#""pnpm": {"overrides": {"b": "2"}, "packageExtensions": {"c": {"dependencies": {"d": "1"}}}}"#;
        let workspace = Some("overrides: {a: '1'}\npackageExtensions: {e: {dependencies: {d: '1'}}}\n");
        let read = |manager: &str, workspace| {
            let package_json = format!(r#"{{"packageManager": "{manager}", {settings}}}"#);
            let files = PnpmFiles { workspace, package_json: Some(&package_json), lockfile: None };
            (PnpmOverrides::read(&files), pnpm_extensions_checksum(&files))
        };
        let (alone, newer) = (read("pnpm@10.34.9", None), read("pnpm@11.0.0", workspace));
        assert_eq!(read("pnpm@10.34.9", workspace), alone);
        assert_eq!(newer.0.table().keys().collect::<Vec<_>>(), ["a"]);
        assert!(newer.1.is_some() && newer.1 != alone.1);
    }

    #[test]
    fn ranges_of_package_json_are_found_for_settings_of_the_workspace() {
        let package_json = r#"{"packageManager": "pnpm@11.0.0", "dependencies": {"a": "^3"}}"#;
        let workspace = Some("overrides:\n  a: $a\n");
        let read = PnpmOverrides::read(&PnpmFiles { workspace, package_json: Some(package_json), lockfile: None });
        assert_eq!(read.table().get("a").map(String::as_str), Some("^3"));
    }
}

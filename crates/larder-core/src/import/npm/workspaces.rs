//! Workspaces that have a file of their own: pnpm's pnpm-workspace.yaml, and lerna.json.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::import::{ImportError, Imported};

use super::hoisting::hoisting;
use super::{ECOSYSTEM, extensions, npmrc, overrides, patches};

/// Reads a pnpm-workspace.yaml: <https://pnpm.io/settings>.
pub fn pnpm_workspace(text: &str) -> Result<Imported, ImportError> {
    let error = |reason: String| ImportError { file: "pnpm-workspace.yaml", reason };
    let mut imported = Imported::default();
    let Some(mut document) = crate::import::locks::parse_yaml::<Option<Map<String, Value>>>(text).map_err(error)?
    else {
        return Ok(imported);
    };
    let packages = document.remove("packages");
    packages.iter().flat_map(strings).for_each(|glob| imported.add_member(glob));
    pnpm_settings(&document, "", &mut imported);
    catalogs(&document, &mut imported);
    Ok(imported)
}

/// Reads `catalog` and `catalogs`: ranges that package.json files refer to by `catalog:`.
pub(super) fn catalogs(document: &Map<String, Value>, imported: &mut Imported) {
    let default = document.get("catalog").and_then(Value::as_object).map(|ranges| (None, ranges));
    let named = document.get("catalogs").and_then(Value::as_object).into_iter().flatten();
    let named = named.filter_map(|(name, ranges)| Some((Some(&**name), ranges.as_object()?)));
    for (catalog, ranges) in default.into_iter().chain(named) {
        for (name, range) in ranges.iter().filter_map(|(name, range)| Some((name, range.as_str()?))) {
            imported.add_to_catalog(catalog, ECOSYSTEM, name, range);
        }
    }
}

/// Reads pnpm's settings, as pnpm-workspace.yaml and the `pnpm` of a package.json have them.
pub(super) fn pnpm_settings(settings: &Map<String, Value>, prefix: &str, imported: &mut Imported) {
    for (key, value) in settings {
        let why = match &**key {
            "overrides" => {
                let overrides = value.as_object().into_iter().flatten();
                overrides::flat(overrides.filter_map(|(name, range)| Some((&**name, range.as_str()?))), imported);
                continue;
            }
            "registries" => {
                for (scope, url) in value.as_object().into_iter().flatten() {
                    registry(scope, url, &format!("{prefix}{key}"), imported);
                }
                continue;
            }
            "registry" => {
                registry("default", value, &format!("{prefix}{key}"), imported);
                continue;
            }
            key if key.starts_with('@') && key.ends_with(":registry") => {
                registry(key.trim_end_matches(":registry"), value, &format!("{prefix}{key}"), imported);
                continue;
            }
            "packageExtensions" => {
                value.as_object().into_iter().for_each(|all| extensions::read(all, imported));
                continue;
            }
            "patchedDependencies" => {
                value.as_object().into_iter().for_each(|all| patches::read(all, imported));
                continue;
            }
            "onlyBuiltDependencies" | "allowBuilds" | "neverBuiltDependencies" | "ignoredBuiltDependencies" => {
                let listed = strings(value).map(str::to_owned);
                let keys = value.as_object().into_iter().flat_map(|table| table.keys().cloned());
                let names: Vec<String> = listed.chain(keys).collect();
                imported.refuse(
                    format!("{prefix}{key} {}", names.join(", ")).trim_end(),
                    "no script has run: `larder builds allow npm:NAME` lets one, in a sandbox",
                );
                continue;
            }
            "peerDependencyRules" => "an unmet peer is told and fails nothing, unless `npm-peers` is \"strict\"",
            // In minutes.
            "minimumReleaseAge" => {
                match value.as_u64().and_then(|minutes| minutes.checked_mul(60)) {
                    Some(seconds) => imported.demand_age(ECOSYSTEM, Duration::from_secs(seconds)),
                    None => imported.refuse_guard(format!("{prefix}{key}"), "it is no number of minutes"),
                }
                continue;
            }
            "minimumReleaseAgeExclude" => {
                strings(value).for_each(|name| imported.exempt_from_age(ECOSYSTEM, name));
                continue;
            }
            "publicHoistPattern" | "shamefullyHoist" | "hoist" | "hoistPattern" | "nodeLinker" => {
                hoisting(key, value, prefix, imported);
                continue;
            }
            "autoInstallPeers" => {
                imported.add_no_peers(value.as_bool() == Some(false));
                continue;
            }
            "catalog" | "catalogs" => continue,
            _ if npmrc::is_without_meaning(key) => continue,
            _ => "a setting of pnpm's that larder has not",
        };
        imported.refuse(format!("{prefix}{key}"), why);
    }
}

/// Takes over the registry of a scope, or the default one.
fn registry(scope: &str, url: &Value, what: &str, imported: &mut Imported) {
    match (scope, url.as_str()) {
        ("default", Some(url)) => npmrc::add(imported, "npmjs", url, Vec::new()),
        (scope, Some(url)) if scope.len() > 1 && scope.starts_with('@') => {
            npmrc::add(imported, &scope[1..], url, vec![format!("{scope}/*")]);
        }
        _ => imported.refuse_guard(format!("{what} {scope}"), "declare the registry in `registries`"),
    }
}

/// Reads a lerna.json, whose `packages` count where there is no workspace of a package manager.
pub fn lerna(text: &str) -> Result<Imported, ImportError> {
    let document: Map<String, Value> =
        serde_json::from_str(text).map_err(|error| ImportError { file: "lerna.json", reason: error.to_string() })?;
    let mut imported = Imported::default();
    document.get("packages").iter().flat_map(|packages| strings(packages)).for_each(|glob| imported.add_member(glob));
    Ok(imported)
}

fn strings(list: &Value) -> impl Iterator<Item = &str> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registries_are_those_of_npmrc() {
        let text =
            "registries: {default: https://own.example/, '@acme': https://acme.example/, odd: https://odd.example/}\n";
        let imported = pnpm_workspace(text).unwrap();
        let taken = imported.registries.iter().map(|one| (&*one.name, &*one.url, one.packages.join(" ")));
        assert_eq!(
            taken.collect::<Vec<_>>(),
            [("acme", "https://acme.example/", "@acme/*".to_owned()), ("npmjs", "https://own.example/", String::new()),]
        );
        assert!(imported.not_taken.iter().any(|left| left.guards && left.what == "registries odd"));
    }
}

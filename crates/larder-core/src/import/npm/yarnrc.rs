//! Yarn's .yarnrc.yml: <https://yarnpkg.com/configuration/yarnrc>.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::import::{ImportError, Imported};
use crate::model::parse_span;

use super::{ECOSYSTEM, extensions, npmrc, workspaces};

/// Settings that change nothing for larder.
const WITHOUT_MEANING: [&str; 16] = [
    "yarnPath",
    "plugins",
    "enableTelemetry",
    "telemetryUserId",
    "compressionLevel",
    "enableGlobalCache",
    "cacheFolder",
    "defaultSemverRangePrefix",
    "logFilters",
    "enableProgressBars",
    "enableMessageNames",
    "enableTimers",
    "enableScripts",
    "checksumBehavior",
    "nmMode",
    "initScope",
];

/// Reads a .yarnrc.yml. Tokens stay where they are.
pub fn yarnrc(text: &str) -> Result<Imported, ImportError> {
    let error = |reason: String| ImportError { file: ".yarnrc.yml", reason };
    let mut imported = Imported::default();
    let document = crate::import::locks::parse_yaml::<Option<Map<String, Value>>>(text).map_err(error)?;
    let document = document.unwrap_or_default();
    workspaces::catalogs(&document, &mut imported);
    for (key, value) in document {
        match &*key {
            "npmRegistryServer" => {
                if let Some(url) = value.as_str() {
                    npmrc::add(&mut imported, "npmjs", url, Vec::new());
                }
            }
            "npmScopes" => {
                for (scope, settings) in value.as_object().into_iter().flatten() {
                    let scope = scope.trim_start_matches('@');
                    if let Some(url) = settings.get("npmRegistryServer").and_then(Value::as_str) {
                        npmrc::add(&mut imported, scope, url, vec![format!("@{scope}/*")]);
                    }
                    if settings.get("npmAuthToken").or(settings.get("npmAuthIdent")).is_some() {
                        npmrc::refuse_token(&format!("@{scope}"), ".yarnrc.yml", &mut imported);
                    }
                }
            }
            "npmAuthToken" | "npmAuthIdent" => npmrc::refuse_token("npm's registry", ".yarnrc.yml", &mut imported),
            "npmRegistries" => {
                for (url, _) in value.as_object().into_iter().flatten() {
                    npmrc::refuse_token(
                        url.trim_start_matches("https:").trim_matches('/'),
                        ".yarnrc.yml",
                        &mut imported,
                    );
                }
            }
            "packageExtensions" => value.as_object().into_iter().for_each(|all| extensions::read(all, &mut imported)),
            "npmMinimalAgeGate" => match age_gate(&value) {
                Some(age) => imported.demand_age(ECOSYSTEM, age),
                None => imported.refuse_guard(format!(".yarnrc.yml {key}"), "it is no span of time"),
            },
            "npmPreapprovedPackages" => {
                let names = value.as_array().into_iter().flatten().filter_map(Value::as_str);
                names.for_each(|name| imported.exempt_from_age(ECOSYSTEM, name));
            }
            "nodeLinker" if value.as_str() != Some("node-modules") => imported.refuse(
                ".yarnrc.yml nodeLinker".to_owned(),
                "packages are laid out in node_modules, each with its own dependencies",
            ),
            "catalog" | "catalogs" | "nodeLinker" => {}
            _ if WITHOUT_MEANING.contains(&&*key) => {}
            _ => imported.refuse(format!(".yarnrc.yml {key}"), "a setting of Yarn's that larder has not"),
        }
    }
    Ok(imported)
}

/// Reads a `npmMinimalAgeGate`: minutes, or a number with a unit.
fn age_gate(value: &Value) -> Option<Duration> {
    match value.as_str() {
        Some(text) => parse_span(text).or_else(|| minutes(text.parse().ok()?)),
        None => minutes(value.as_u64()?),
    }
}

fn minutes(number: u64) -> Option<Duration> {
    number.checked_mul(60).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn its_catalogs_are_those_of_the_manifest() {
        let imported = yarnrc("catalog:\n  left: ^1.0.0\ncatalogs:\n  old:\n    left: 0.9.0\n").unwrap();
        let ranges: Vec<_> =
            imported.catalogs.iter().map(|one| (one.catalog.as_deref(), &*one.name, &*one.range)).collect();
        assert_eq!(ranges, [(None, "left", "^1.0.0"), (Some("old"), "left", "0.9.0")]);
        assert!(imported.not_taken.is_empty(), "{:?}", imported.not_taken);
    }
}

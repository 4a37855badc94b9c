//! pnpm's settings about which packages are found by those that do not declare them: <https://pnpm.io/settings>.

use std::ops::RangeInclusive;

use serde_json::{Map, Value};

use super::fields;
use crate::import::Imported;
use crate::manifest::FallbackMode;

/// What versions of pnpm put into the project's own `node_modules` where `public-hoist-pattern` says nothing, by their major versions.
/// Later ones put nothing there.
const DEFAULTS: [(RangeInclusive<u32>, &[&str]); 2] = [
    (6..=6, &["*types*", "*eslint*", "@prettier/plugin-*", "*prettier-plugin-*"]),
    (7..=9, &["*eslint*", "*prettier*"]),
];

/// Returns the globs of names that the package manager of a package.json hoists unasked: `packageManager` tells its version.
pub fn hoisted_by_default(package_json: &str) -> &'static [&'static str] {
    let document = fields::document(package_json).unwrap_or_default();
    let of = |major| DEFAULTS.iter().find(|(majors, _)| majors.contains(&major)).map(|(_, globs)| *globs);
    pnpm_major(&document).and_then(of).unwrap_or_default()
}

/// Returns the major version of pnpm that a package.json names as its package manager.
pub(super) fn pnpm_major(package_json: &Map<String, Value>) -> Option<u32> {
    package_json.get("packageManager")?.as_str()?.strip_prefix("pnpm@")?.split('.').next()?.parse().ok()
}

/// Reads one of these settings, under its name in .npmrc or in pnpm-workspace.yaml. `file` stands before the name in what is
/// not taken over.
pub(super) fn hoisting(key: &str, value: &Value, file: &str, imported: &mut Imported) {
    let is = |expected: bool| {
        value.as_bool() == Some(expected) || value.as_str() == Some(if expected { "true" } else { "false" })
    };
    match key {
        "hoist" if is(false) => imported.hoisting.fallback = FallbackMode::Off,
        "shamefully-hoist" | "shamefullyHoist" if is(true) => imported.hoist("*"),
        "public-hoist-pattern" | "publicHoistPattern" => {
            let one = value.as_str().into_iter().filter(|glob| !glob.is_empty());
            let several = value.as_array().into_iter().flatten().filter_map(Value::as_str);
            one.chain(several).for_each(|glob| imported.hoist(glob));
        }
        "node-linker" | "nodeLinker" if value.as_str() != Some("isolated") => imported.refuse(
            format!("{file}{key}={}", value.as_str().unwrap_or_default()),
            "the layout is always isolated: `hoist npm \"*\"` in `resolution` lets the project find every package",
        ),
        "hoist-pattern" | "hoistPattern" if value.as_str() != Some("*") => imported.refuse(
            format!("{file}{key}"),
            "packages that do not declare what they use find any name, or none with `fallback \"off\"` in `resolution`",
        ),
        _ => {}
    }
}

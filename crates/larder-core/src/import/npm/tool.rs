//! Which package manager a package.json names.

use serde_json::Value;

use super::fields;

/// Returns the name of the package manager that a package.json names: by `packageManager`, as Corepack has it, or by `devEngines`.
pub fn package_manager(text: &str) -> Option<String> {
    let document = fields::document(text).ok()?;
    let named =
        document.get("packageManager").and_then(Value::as_str).map(|text| text.split('@').next().unwrap_or(text));
    let of_development = || match document.get("devEngines")?.get("packageManager")? {
        Value::Array(all) => all.first()?.get("name")?.as_str(),
        one => one.get("name")?.as_str(),
    };
    named.or_else(of_development).map(str::to_owned)
}

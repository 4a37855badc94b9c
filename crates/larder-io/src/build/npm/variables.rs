//! The variables that npm sets for scripts: npm's docs, "scripts", and `@npmcli/run-script`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{NodeRuntime, Script};
use crate::build::BuildError;

/// So many variables come from one package.json, at most.
const MOST: usize = 1000;

/// Fields of a package.json that scripts see.
const FIELDS: [&str; 5] = ["name", "version", "config", "engines", "bin"];

/// Returns the variables that a package.json is told by: `npm_package_version`, `npm_package_config_port`.
pub(super) fn of_package(document: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for field in FIELDS {
        if let Some(value) = document.get(field) {
            add(&format!("npm_package_{field}"), value, &mut found);
        }
    }
    found
}

fn add(name: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    let text = match value {
        Value::Object(fields) => {
            return fields.iter().for_each(|(key, value)| add(&format!("{name}_{key}"), value, found));
        }
        Value::Array(items) => {
            return items.iter().enumerate().for_each(|(at, value)| add(&format!("{name}_{at}"), value, found));
        }
        Value::Null | Value::Bool(false) => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let is_possible = !name.contains(['=', '\0']) && !text.contains('\0');
    if is_possible && found.len() < MOST {
        found.insert(name.to_owned(), text);
    }
}

/// Returns the variables of one script. Paths are as the build sees them.
pub(super) fn of_script(
    script: &Script,
    folder: &Path,
    node: &NodeRuntime,
) -> Result<BTreeMap<String, String>, BuildError> {
    let text = |path: &Path| {
        path.to_str().map(str::to_owned).ok_or_else(|| BuildError::Path(format!("`{}` is not UTF-8", path.display())))
    };
    let executable = text(&node.executable)?;
    let mut found = BTreeMap::from(
        [
            ("npm_command", "install"),
            ("npm_lifecycle_event", &*script.event),
            ("npm_lifecycle_script", &script.text),
            ("npm_config_offline", "true"),
            ("npm_config_audit", ""),
            ("npm_config_fund", ""),
            ("npm_config_update_notifier", ""),
            ("npm_config_user_agent", "larder"),
            ("npm_node_execpath", &executable),
            ("NODE", &executable),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned())),
    );
    found.insert("INIT_CWD".to_owned(), text(folder)?);
    found.insert("npm_package_json".to_owned(), text(&folder.join("package.json"))?);
    if let Some(headers) = &node.headers {
        // Headers of the runtime itself: node-gyp downloads none.
        found.insert("npm_config_nodedir".to_owned(), text(headers)?);
    }
    if let Some(node_gyp) = &node.node_gyp {
        found.insert("npm_config_node_gyp".to_owned(), text(node_gyp)?);
    }
    Ok(found)
}

/// Returns where scripts find their dependencies' programs: in each `node_modules` from the package's folder up to `layout`.
pub(super) fn binaries(folder: &Path, layout: &Path) -> Vec<PathBuf> {
    let above = folder.ancestors().take_while(|above| above.starts_with(layout));
    above.filter(|above| !above.ends_with("node_modules")).map(|above| above.join("node_modules/.bin")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_json_is_told_as_npm_tells_it() {
        let text = br#"{"name": "@s/x", "version": "1.0.0", "bin": {"x": "cli.js"}, "config": {"a": {"b": [1, true]}, "no": false},
                        "scripts": {"install": "x"}, "engines": {"odd=name": "1", "nul": "a\u0000b"}}"#;
        let found = of_package(&serde_json::from_slice(text).unwrap());
        let lines: Vec<_> = found.iter().map(|(name, value)| format!("{name}={value}")).collect();
        assert_eq!(
            lines,
            [
                "npm_package_bin_x=cli.js",
                "npm_package_config_a_b_0=1",
                "npm_package_config_a_b_1=true",
                "npm_package_config_no=",
                "npm_package_name=@s/x",
                "npm_package_version=1.0.0",
            ]
        );
    }

    #[test]
    fn programs_of_dependencies_are_found_from_the_package_up_to_the_layout() {
        let found = binaries(Path::new("/build/node_modules/@s/x"), Path::new("/build"));
        assert_eq!(
            found,
            ["/build/node_modules/@s/x", "/build/node_modules/@s", "/build"]
                .map(|folder| Path::new(folder).join("node_modules/.bin"))
        );
    }
}

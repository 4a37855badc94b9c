//! The parts of a checkout's files in which the name of a package means that it is used: code and configuration, but not manifests,
//! which only ask for packages, locks, and what is written for people.

use serde_json::Value;

use crate::manifest::edit;
use crate::ops::session::MANIFEST;

/// Files that only list packages.
const LOCKS: [&str; 11] = [
    "larder.lock",
    "package-lock.json",
    "npm-shrinkwrap.json",
    "yarn.lock",
    "pnpm-lock.yaml",
    "bun.lock",
    "uv.lock",
    "poetry.lock",
    "pylock.toml",
    "Pipfile",
    "Pipfile.lock",
];

/// Tables of a package.json that ask for packages.
const NPM_TABLES: [&str; 8] = [
    "dependencies",
    "devDependencies",
    "optionalDependencies",
    "peerDependencies",
    "peerDependenciesMeta",
    "overrides",
    "resolutions",
    "pnpm",
];

/// Returns whether a file is read at all, by its name.
pub(super) fn is_read(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    let is_for_people =
        [".md", ".rst", ".svg", ".png", ".jpg", ".map", ".min.js", ".ipynb"].iter().any(|end| lower.ends_with(end));
    let is_list = [".txt", ".in"].iter().any(|end| lower.ends_with(end))
        && (lower.starts_with("requirements") || lower.contains("constraints"));
    !LOCKS.contains(&name)
        && !is_for_people
        && !is_list
        && !lower.starts_with("license")
        && !lower.starts_with("changelog")
}

/// Returns the part of a file in which a name means a use.
pub(super) fn using_part(name: &str, text: String) -> String {
    match name {
        "package.json" => match serde_json::from_str::<Value>(&text) {
            Ok(Value::Object(mut manifest)) => {
                for table in NPM_TABLES {
                    manifest.remove(table);
                }
                Value::Object(manifest).to_string()
            }
            _ => String::new(),
        },
        "pyproject.toml" => match text.parse::<toml::Table>() {
            Ok(mut manifest) => {
                manifest.remove("dependency-groups");
                if let Some(toml::Value::Table(project)) = manifest.get_mut("project") {
                    project.remove("dependencies");
                    project.remove("optional-dependencies");
                }
                if let Some(toml::Value::Table(tools)) = manifest.get_mut("tool") {
                    for tool in ["poetry", "uv", "pdm"] {
                        if let Some(toml::Value::Table(tool)) = tools.get_mut(tool) {
                            tool.retain(|key, _| !key.contains("dependencies") && key != "group" && key != "sources");
                        }
                    }
                }
                manifest.to_string()
            }
            Err(_) => String::new(),
        },
        MANIFEST => edit::without_package_nodes(&text).unwrap_or_default(),
        _ => text,
    }
}

/// Returns whether what is found at a place of a text is a word of its own there: `react` is none in `react-dom`.
pub(super) fn is_word(text: &[u8], start: usize, end: usize) -> bool {
    let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    !before.is_some_and(is_part) && !text.get(end).is_some_and(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_use_what_they_do_not_only_ask_for() {
        let part = |name: &str, text: &str| using_part(name, text.to_owned());
        let package = part("package.json", r#"{ "dependencies": { "left": "1" }, "scripts": { "x": "right --y" } }"#);
        assert!(package.contains("right") && !package.contains("left"), "{package}");
        let python = part("pyproject.toml", "[project]\ndependencies = [\"left\"]\n[tool.right]\nx = 1\n");
        assert!(python.contains("right") && !python.contains("left"), "{python}");
        let own = part("larder.kdl", "dependencies {\n    npm \"left\" \"1\"\n}\ntasks { x \"right\"; }\n");
        assert!(own.contains("right") && !own.contains("left"), "{own}");
        let own = part("larder.kdl", "dependencies { npm \"left\" \"1\"; npm \"b\" \"1\"; } // right\n");
        assert!(own.contains("right") && !own.contains("left"), "{own}");
        assert_eq!(part("a.js", "left"), "left");
        assert!(is_read("a.py") && is_read("Dockerfile") && !is_read("README.md") && !is_read("yarn.lock"));
        assert!(!is_read("requirements-dev.txt") && !is_read("LICENSE"));
    }

    #[test]
    fn a_word_is_no_part_of_another() {
        let check = |text: &str, word: &str| {
            let at = text.find(word).unwrap();
            is_word(text.as_bytes(), at, at + word.len())
        };
        assert!(check("from 'react'", "react") && check("react/jsx", "react") && check("react", "react"));
        assert!(!check("react-dom", "react") && !check("preact", "react") && !check("react_x", "react"));
    }
}

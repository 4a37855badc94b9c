//! The packages that a file of a checkout uses by their names: those that its code loads, those that its configuration names, and
//! the programs that its scripts call.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use super::configuration::{names_of_text, names_of_value};
use super::imports::{imports, package_of};
use crate::import;

/// Files whose code loads packages: JavaScript and what becomes JavaScript or a style sheet.
const CODE: [&str; 17] = [
    "astro", "cjs", "css", "cts", "js", "jsx", "less", "mdx", "mjs", "mts", "pcss", "sass", "scss", "svelte", "ts",
    "tsx", "vue",
];

/// The sections of a package.json that configure a tool, each named like it.
const SECTIONS: [&str; 7] = ["babel", "commitlint", "eslintConfig", "jest", "postcss", "prettier", STYLELINT];

/// The tool of whose configuration most words are rules and values; as a section of a package.json it is called like it.
const STYLELINT: &str = "stylelint";

/// Tools whose configuration leaves out how the names of their packages begin.
const SHORTENING: [(&str, [&str; 2]); 3] = [
    ("babel", ["babel-plugin", "babel-preset"]),
    ("eslintrc", ["eslint-config", "eslint-plugin"]),
    ("eslintConfig", ["eslint-config", "eslint-plugin"]),
];

/// The tools whose `.…rc` files name packages.
const TOOLS: [&str; 20] = [
    "babel",
    "c8",
    "commitlint",
    "cz",
    "eslint",
    "htmlhint",
    "jest",
    "lintstaged",
    "mocha",
    "nyc",
    "parcel",
    "postcss",
    "prettier",
    "release",
    "remark",
    STYLELINT,
    "svgr",
    "swc",
    "textlint",
    "version",
];

/// What a file uses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ops) enum Use {
    /// A package that its code loads.
    Package(String),
    /// A package, or a word that only looks like the name of one.
    Named(String),
    /// An executable.
    Program(String),
}

/// Returns whether a file may use packages, by its name.
pub(in crate::ops) fn may_use(name: &str) -> bool {
    let is_code = extension(name).is_some_and(|extension| CODE.contains(&extension)) && !name.ends_with(".min.js");
    is_code || name == "package.json" || is_configuration(name)
}

/// Returns whether a file configures the `ESLint` of old, which looks for the plugins of shared configurations in the project.
pub(in crate::ops) fn is_eslintrc(name: &str) -> bool {
    name.starts_with(".eslintrc")
}

/// Returns whether a file was made by a tool out of others, or copied from elsewhere: it has what it needs in itself.
pub(in crate::ops) fn is_generated(path: &str, text: &str) -> bool {
    /// The longest line that somebody writes, in bytes.
    const LONGEST: usize = 5_000;

    let is_aside = |folder: &str| matches!(folder, "dist" | "third_party" | "vendor");
    path.split('/').any(is_aside) || text.lines().any(|line| line.len() > LONGEST)
}

/// Returns what a file uses, by its name and text. What is no package at all may be among it: a word is taken for a name.
pub(in crate::ops) fn uses(name: &str, text: &str) -> BTreeSet<Use> {
    let mut found = BTreeSet::new();
    if name == "package.json" {
        let document: Value = serde_json::from_str(text.trim_start_matches('\u{feff}')).unwrap_or_default();
        for script in document["scripts"].as_object().into_iter().flat_map(serde_json::Map::values) {
            found.extend(programs(script.as_str().unwrap_or_default()).map(|word| Use::Program(word.to_owned())));
        }
        for section in SECTIONS {
            let words = match section {
                STYLELINT => import::stylelint_packages(&document[section]),
                _ => names_of_value(&document[section]),
            };
            for word in words {
                name_packages(section, word, &mut found);
            }
        }
        return found;
    }
    let loaded = imports(text).into_iter().filter_map(|module| package_of(module.trim_start_matches('~')));
    found.extend(loaded.map(|name| Use::Package(name.to_owned())));
    let of_stylelint = name.strip_prefix('.').is_some_and(|rest| rest.starts_with(STYLELINT));
    if let Some(file) = of_stylelint.then(|| import::json_or_yaml(text)).flatten() {
        let names = import::stylelint_packages(&file).into_iter().filter_map(package_of);
        found.extend(names.map(named));
    } else if name.starts_with(".lintstagedrc") {
        found.extend(programs(text).map(|word| Use::Program(word.to_owned())));
    } else if is_configuration(name) {
        let value = value_of(name, text);
        let names = value.as_ref().map_or_else(|| names_of_text(text), names_of_value);
        for word in names {
            name_packages(name, word, &mut found);
        }
    }
    found
}

/// Returns whether a file configures a tool: `.babelrc`, `vite.config.ts`, `tsconfig.json`.
pub(in crate::ops) fn is_configuration(name: &str) -> bool {
    let tool = name.strip_prefix('.').and_then(|rest| rest.split('.').next()).unwrap_or_default();
    let is_rc = tool.strip_suffix("rc").is_some_and(|tool| TOOLS.contains(&tool));
    let is_typescript =
        ["tsconfig", "jsconfig"].iter().any(|start| name.starts_with(start)) && extension(name) == Some("json");
    is_rc || is_typescript || name.contains(".config.")
}

/// Adds the packages that a word of a tool's configuration may mean.
fn name_packages(configuration: &str, word: &str, found: &mut BTreeSet<Use>) {
    // Most words of linters are rules and their options. What they name in full says so, or has a scope.
    let parts: &[&str] = match configuration.trim_start_matches('.') {
        eslint if eslint.starts_with("eslintrc") || eslint == "eslintConfig" => {
            &["eslint", "parser", "esprima", "espree"]
        }
        stylelint if stylelint.starts_with(STYLELINT) && stylelint != STYLELINT => &["style", "postcss", "config"],
        _ => &[],
    };
    let is_in_full = |word: &&str| word.starts_with('@') || parts.iter().any(|part| word.contains(part));
    let may_be_short = parts.is_empty();
    found.extend(package_of(word).filter(|name| may_be_short || is_in_full(name)).map(named));
    for (_, starts) in SHORTENING.into_iter().filter(|(tool, _)| configuration.contains(tool)) {
        let word = word.strip_prefix("plugin:").unwrap_or(word);
        let Some(short) = package_of(word) else { continue };
        for start in starts {
            match short.strip_prefix('@').map(|scoped| scoped.split_once('/').unwrap_or((scoped, ""))) {
                None => drop(found.insert(Use::Named(format!("{start}-{short}")))),
                Some((scope, rest)) => {
                    // `@babel/env` is `@babel/preset-env`, and `@a/b` of ESLint `@a/eslint-plugin-b`.
                    let brief = start.trim_start_matches("babel-");
                    for start in [start, brief] {
                        found.insert(Use::Named(format!("@{scope}/{start}")));
                        found.insert(Use::Named(format!("@{scope}/{start}-{rest}")));
                    }
                }
            }
        }
    }
}

fn named(name: &str) -> Use {
    Use::Named(name.to_owned())
}

/// Returns the words of a script that may call a program: not `build` in `npm run build`.
fn programs(script: &str) -> impl Iterator<Item = &str> {
    let words = script.split(|c: char| c.is_whitespace() || "&|;()'\"".contains(c));
    let behind = std::iter::once("").chain(words.clone());
    words.zip(behind).filter(|(_, before)| *before != "run").map(|(word, _)| word).filter(|word| {
        let is_name = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        word.starts_with(|first: char| first.is_ascii_alphanumeric()) && word.chars().all(is_name)
    })
}

/// Returns what a configuration in JSON or YAML says; `None` if it is a program, or JSON with comments.
fn value_of(name: &str, text: &str) -> Option<Value> {
    let is_data = matches!(extension(name), None | Some("json" | "yaml" | "yml"));
    let is_json = text.trim_start_matches('\u{feff}').trim_start().starts_with(['{', '[']);
    match is_data {
        true if is_json => serde_json::from_str(text.trim_start_matches('\u{feff}')).ok(),
        true => import::json_or_yaml(text),
        false => None,
    }
}

/// Returns what stands behind the last point of a name that does not begin with it.
fn extension(name: &str) -> Option<&str> {
    Path::new(name).extension().and_then(|extension| extension.to_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packages(name: &str, text: &str) -> Vec<String> {
        let packages = uses(name, text).into_iter().filter_map(|one| match one {
            Use::Package(name) | Use::Named(name) => Some(name),
            Use::Program(_) => None,
        });
        packages.collect()
    }

    #[test]
    fn code_uses_what_it_loads() {
        let text = "import a from 'a/deep'\nimport './own'\nconst b = require(\"@s/b\")\n";
        assert_eq!(packages("x.ts", text), ["@s/b", "a"]);
        assert_eq!(packages("x.scss", "@import '~bootstrap/scss/x';\n@use './own';\n"), ["bootstrap"]);
        assert!(may_use("x.vue") && may_use("package.json") && may_use(".babelrc") && may_use(".eslintrc.yml"));
        assert!(!may_use("x.py") && !may_use("x.min.js") && !may_use(".npmrc") && !may_use("data.json"));
    }

    #[test]
    fn configurations_use_what_they_name() {
        let has = |name: &str, text: &str, package: &str| packages(name, text).iter().any(|one| one == package);
        assert!(has(
            "tsconfig.json",
            "{ // base\n \"extends\": \"@tsconfig/node20/tsconfig.json\" }",
            "@tsconfig/node20"
        ));
        assert!(has(".eslintrc.yml", "extends: [airbnb, 'plugin:react/all']\n", "eslint-config-airbnb"));
        assert!(has(".eslintrc.yml", "extends: [airbnb, 'plugin:react/all']\n", "eslint-plugin-react"));
        assert!(has(".eslintrc.js", "plugins: ['@acme', \"@acme/b\"]", "@acme/eslint-plugin"));
        assert!(has(".eslintrc.js", "plugins: ['@acme', \"@acme/b\"]", "@acme/eslint-plugin-b"));
        assert!(has("babel.config.js", "presets: ['@babel/env']", "@babel/preset-env"));
        assert!(has(".babelrc", "{ \"plugins\": [\"lodash\"] }", "babel-plugin-lodash"));
        assert!(has("package.json", "{ \"babel\": { \"presets\": [\"react-app\"] } }", "babel-preset-react-app"));
        assert!(has("package.json", "{ \"jest\": { \"transform\": { \"x\": \"ts-jest\" } } }", "ts-jest"));
        assert!(!has("package.json", "{ \"dependencies\": { \"a\": \"1\" } }", "a"));
        assert!(has(".stylelintrc", "extends: acme\nrules:\n  unit-allowed-list: [ms]\n", "acme"));
        assert!(!has(".stylelintrc", "extends: acme\nrules:\n  unit-allowed-list: [ms]\n", "ms"));
        assert!(!has("stylelint.config.js", "rules: { 'unit-allowed-list': ['ms'] }", "ms"));
        assert!(has("stylelint.config.js", "extends: 'stylelint-config-standard'", "stylelint-config-standard"));
        assert!(has("package.json", "{ \"stylelint\": { \"extends\": [\"acme\"] } }", "acme"));
        assert!(!has("eslint.config.js", "rules: { 'react/x': 'off' }", "eslint-plugin-react"));
        // Words that only look like names.
        assert!(!has("webpack.config.js", "module.exports = { devtool: 'source-map' }", "source-map"));
        assert!(!has(
            "playwright.config.ts",
            "x({ use: { storageState: 'playwright/.auth/user.json' } })",
            "playwright"
        ));
        assert!(!may_use(".bazelrc") && !may_use(".all-contributorsrc") && may_use(".lintstagedrc.yml"));
        assert_eq!(
            uses(".lintstagedrc", "'*.js': eslint --fix\n"),
            BTreeSet::from([Use::Program("eslint".to_owned())])
        );
        assert!(is_eslintrc(".eslintrc.cjs") && !is_eslintrc("eslint.config.js"));
        assert!(
            is_generated("web/dist/a.js", "")
                && is_generated("a.js", &"x".repeat(6_000))
                && !is_generated("a.js", "x\n")
        );
    }

    #[test]
    fn scripts_use_the_programs_that_they_call() {
        let text = r#"{ "scripts": { "build": "NODE_ENV=x tsc -p . && (vite build; ./own.sh; npm run watch)" } }"#;
        let found: Vec<_> = uses("package.json", text).into_iter().collect();
        let programs = ["build", "npm", "run", "tsc", "vite"].map(|name| Use::Program(name.to_owned()));
        assert_eq!(found, programs);
    }
}

//! The packages that configurations of stylelint name: <https://stylelint.io/user-guide/configure>. All else in them are rules and their values.

use serde_json::Value;

/// The fields whose texts are names of packages, or paths.
const FIELDS: [&str; 4] = ["extends", "plugins", "processors", "customSyntax"];

/// Reads a configuration that is JSON or YAML. Returns `None` if it is neither.
pub fn json_or_yaml(text: &str) -> Option<Value> {
    let text = text.trim_start_matches('\u{feff}');
    serde_json::from_str(text).ok().or_else(|| crate::import::locks::parse_yaml(text).ok())
}

/// Returns what a configuration extends, its plugins, processors and syntaxes; those of its overrides too.
pub fn stylelint_packages(configuration: &Value) -> Vec<&str> {
    let overrides = configuration.get("overrides").and_then(Value::as_array).into_iter().flatten();
    let parts = std::iter::once(configuration).chain(overrides);
    let values = parts.flat_map(|part| FIELDS.iter().filter_map(move |field| part.get(field)));
    let texts = values.flat_map(|value| value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice));
    texts.filter_map(Value::as_str).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_and_their_values_are_no_packages() {
        let json = r#"{"extends": "stylelint-config-standard", "plugins": ["stylelint-scss", "./own.js"],
            "rules": {"unit-allowed-list": ["ms", {"ignore": ["x"]}]}, "overrides": [{"files": "*.html", "customSyntax": "postcss-html"}]}"#;
        let yaml = "extends: stylelint-config-standard\nplugins: [stylelint-scss, ./own.js]\nrules:\n  unit-allowed-list: [ms]\n\
                    overrides:\n  - files: '*.html'\n    customSyntax: postcss-html\n";
        for text in [json, yaml] {
            let file = json_or_yaml(text).unwrap();
            let found = ["stylelint-config-standard", "stylelint-scss", "./own.js", "postcss-html"];
            assert_eq!(stylelint_packages(&file), found, "{text}");
        }
        assert_eq!(json_or_yaml("{ a: [ "), None);
    }
}

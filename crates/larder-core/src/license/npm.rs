//! The license of an npm package, by its package.json.

use serde_json::Value;

use super::declaration::{Declaration, Meaning};
use super::names;
use crate::model::LicenseExpression;

/// Returns what a package.json declares: `license` as an expression, a name, or `SEE LICENSE IN file`; as npm had it before, an object
/// with a `type`, or `licenses`, a list of which any may be chosen.
pub fn package_json(manifest: &Value) -> Declaration {
    let field = |name: &str| manifest.get(name).filter(|value| !value.is_null());
    match field("license").or_else(|| field("licenses")) {
        None => Declaration::default(),
        Some(value) => declared(value),
    }
}

fn declared(value: &Value) -> Declaration {
    match value {
        Value::String(text) => named(text),
        Value::Object(object) => {
            let text = ["type", "name", "license"].iter().find_map(|key| object.get(*key)?.as_str());
            text.map(named).unwrap_or_default()
        }
        Value::Array(list) => {
            let all: Vec<Declaration> = list.iter().map(declared).collect();
            let stated: Vec<&str> = all.iter().filter_map(|one| one.stated.as_deref()).collect();
            let expressions = all.iter().map(|one| match &one.meaning {
                Meaning::Expression(expression) => Some(expression.clone()),
                _ => None,
            });
            let meaning = match (&*all, expressions.collect::<Option<Vec<_>>>()) {
                ([one], _) => one.meaning.clone(),
                (_, Some(expressions)) => {
                    LicenseExpression::any(expressions).map_or(Meaning::Unknown, Meaning::Expression)
                }
                _ => Meaning::Unknown,
            };
            Declaration::stated(&stated.join(", "), meaning)
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Declaration::default(),
    }
}

fn named(text: &str) -> Declaration {
    let words = text.trim();
    let upper = words.to_ascii_uppercase();
    let file = ["SEE LICENSE IN ", "SEE LICENCE IN "].iter().find_map(|start| {
        upper.starts_with(start).then(|| words[start.len()..].trim().trim_start_matches("./").to_owned())
    });
    let meaning = match file {
        Some(file) => Meaning::File(file),
        None if upper == "UNLICENSED" => Meaning::Proprietary,
        None => names::meaning(words),
    };
    Declaration::stated(words, meaning)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn new_and_old_forms_are_read() {
        let expression = |text: &str| Meaning::Expression(text.parse().unwrap());
        for (manifest, meaning) in [
            (json!({ "license": "MIT" }), expression("MIT")),
            (json!({ "license": "(MIT OR GPL-3.0)" }), expression("(MIT OR GPL-3.0-only)")),
            (json!({ "license": { "type": "MIT", "url": "https://x" } }), expression("MIT")),
            (json!({ "licenses": [{ "type": "MIT" }, { "type": "Apache-2.0" }] }), expression("MIT OR Apache-2.0")),
            (json!({ "licenses": [{ "type": "BSD" }] }), Meaning::OneOf(names::BSD)),
            (json!({ "license": ["MIT", "ISC"] }), expression("MIT OR ISC")),
            (json!({ "license": null, "licenses": ["MIT"] }), expression("MIT")),
            (json!({ "license": "SEE LICENSE IN ./LICENSE.md" }), Meaning::File("LICENSE.md".to_owned())),
            (json!({ "license": "UNLICENSED" }), Meaning::Proprietary),
            (json!({ "licenses": [{ "type": "MIT" }, { "type": "whatever" }] }), Meaning::Unknown),
            (json!({ "license": 7 }), Meaning::Unknown),
            (json!({}), Meaning::Unknown),
            (json!([]), Meaning::Unknown),
        ] {
            assert_eq!(package_json(&manifest).meaning, meaning, "{manifest}");
        }
        assert_eq!(
            package_json(&json!({ "license": "é".repeat(300) })).stated.map(|text| text.chars().count()),
            Some(200)
        );
    }
}

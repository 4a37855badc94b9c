//! The part of JSON Schema that `schema/` uses, checked.

use serde_json::Value;

/// Fails the test unless `document` has the shape that `schema/<name>.json` describes.
#[track_caller]
pub(crate) fn conforms(document: &Value, name: &str) {
    let path = format!("{}/schema/{name}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let schema: Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut problems = Vec::new();
    check(document, &schema, &schema, "$", &mut problems);
    assert!(problems.is_empty(), "not a {name} document:\n{}\n{document:#}", problems.join("\n"));
}

/// Returns where `document` differs from `schema`.
pub(crate) fn differences(document: &Value, schema: &Value) -> Vec<String> {
    let mut problems = Vec::new();
    check(document, schema, schema, "$", &mut problems);
    problems
}

fn check(value: &Value, schema: &Value, root: &Value, at: &str, problems: &mut Vec<String>) {
    for keyword in schema.as_object().into_iter().flat_map(serde_json::Map::keys) {
        assert!(KEYWORDS.contains(&keyword.as_str()), "the checker does not know `{keyword}`");
    }
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        check(value, root.pointer(pointer).unwrap_or_else(|| panic!("no {reference}")), root, at, problems);
    }
    if !schema["type"].is_null() && !types(&schema["type"]).iter().any(|kind| is(value, kind)) {
        problems.push(format!("{at}: {value} is not of type {}", schema["type"]));
        return;
    }
    if schema["enum"].as_array().is_some_and(|allowed| !allowed.contains(value)) {
        problems.push(format!("{at}: {value} is not one of {}", schema["enum"]));
    }
    if let (Some(least), Some(number)) = (schema["minimum"].as_i64(), value.as_i64())
        && number < least
    {
        problems.push(format!("{at}: {number} is below {least}"));
    }
    if let Some(elements) = value.as_array() {
        if !schema["items"].is_null() {
            for (place, element) in elements.iter().enumerate() {
                check(element, &schema["items"], root, &format!("{at}[{place}]"), problems);
            }
        }
        if schema["minItems"].as_u64().is_some_and(|least| (elements.len() as u64) < least) {
            problems.push(format!("{at}: too few elements"));
        }
    }
    if let Some(fields) = value.as_object() {
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                problems.push(format!("{at}: `{name}` is missing"));
            }
        }
        for (name, field) in fields {
            match schema["properties"].get(name) {
                Some(known) => check(field, known, root, &format!("{at}.{name}"), problems),
                None if schema["additionalProperties"] == Value::Bool(false) => {
                    problems.push(format!("{at}: `{name}` is not in the schema"));
                }
                None => {}
            }
        }
    }
}

const KEYWORDS: &[&str] = &[
    "$schema",
    "$id",
    "$ref",
    "$defs",
    "title",
    "description",
    "type",
    "enum",
    "minimum",
    "items",
    "minItems",
    "required",
    "properties",
    "additionalProperties",
    "examples",
];

fn types(schema: &Value) -> Vec<&str> {
    match schema {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        one => one.as_str().into_iter().collect(),
    }
}

fn is(value: &Value, kind: &str) -> bool {
    match kind {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        other => panic!("the checker does not know type `{other}`"),
    }
}

//! Trees → text.

use std::fmt::Write;

use super::{JsonNode, JsonValue, Name, XmlElement};

/// Writes an element as a document, two spaces deeper at each level. Namespaces are declared at the root.
pub fn xml_text(root: &XmlElement) -> String {
    let mut prefixes = Vec::new();
    collect(root, &mut prefixes);
    let mut text = String::new();
    xml(root, &prefixes, true, 0, &mut text);
    text
}

/// Writes a value as a document, two spaces deeper at each level.
pub fn json_text(node: &JsonNode) -> String {
    let mut text = String::new();
    json(node, 0, &mut text);
    text.push('\n');
    text
}

/// Adds the namespaces that need a prefix.
fn collect(element: &XmlElement, namespaces: &mut Vec<String>) {
    let names = std::iter::once(&element.name).chain(element.attributes.iter().map(|attribute| &attribute.name));
    for name in names {
        if !name.namespace.is_empty() && !namespaces.iter().any(|known| **known == *name.namespace) {
            namespaces.push(name.namespace.to_string());
        }
    }
    element.children.iter().for_each(|child| collect(child, namespaces));
}

fn xml(element: &XmlElement, namespaces: &[String], is_root: bool, depth: usize, text: &mut String) {
    let space = "  ".repeat(depth);
    let name = written(&element.name, namespaces);
    // Writing to a string does not fail.
    let _ = write!(text, "{space}<{name}");
    if is_root {
        for (place, namespace) in namespaces.iter().enumerate() {
            let _ = write!(text, " xmlns:n{place}=\"{}\"", escaped_xml(namespace));
        }
    }
    for attribute in &element.attributes {
        let _ = write!(text, " {}=\"{}\"", written(&attribute.name, namespaces), escaped_xml(&attribute.value));
    }
    if element.children.is_empty() && element.text.is_empty() {
        text.push_str("/>\n");
        return;
    }
    text.push('>');
    if element.children.is_empty() {
        text.push_str(&escaped_xml(&element.text));
    } else {
        text.push('\n');
        element.children.iter().for_each(|child| xml(child, namespaces, false, depth + 1, text));
        text.push_str(&space);
    }
    let _ = writeln!(text, "</{name}>");
}

fn written(name: &Name, namespaces: &[String]) -> String {
    match namespaces.iter().position(|known| **known == *name.namespace) {
        Some(place) => format!("n{place}:{}", name.local),
        None => name.local.to_string(),
    }
}

/// Returns a text as XML writes it, in an element or in an attribute.
pub(crate) fn escaped_xml(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\r' => escaped.push_str("&#13;"),
            '\n' => escaped.push_str("&#10;"),
            '\t' => escaped.push_str("&#9;"),
            _ => escaped.push(c),
        }
    }
    escaped
}

fn json(node: &JsonNode, depth: usize, text: &mut String) {
    let space = "  ".repeat(depth + 1);
    match &node.value {
        JsonValue::Null => text.push_str("null"),
        JsonValue::Boolean(value) => text.push_str(if *value { "true" } else { "false" }),
        JsonValue::Number(number) => text.push_str(&number.to_string()),
        JsonValue::String(value) => text.push_str(&quoted(value)),
        JsonValue::Array(items) if items.is_empty() => text.push_str("[]"),
        JsonValue::Object(members) if members.is_empty() => text.push_str("{}"),
        JsonValue::Array(items) => {
            text.push('[');
            for (place, item) in items.iter().enumerate() {
                text.push_str(if place > 0 { ",\n" } else { "\n" });
                text.push_str(&space);
                json(item, depth + 1, text);
            }
            let _ = write!(text, "\n{}]", "  ".repeat(depth));
        }
        JsonValue::Object(members) => {
            text.push('{');
            for (place, member) in members.iter().enumerate() {
                text.push_str(if place > 0 { ",\n" } else { "\n" });
                let _ = write!(text, "{space}{}: ", quoted(&member.name));
                json(&member.node, depth + 1, text);
            }
            let _ = write!(text, "\n{}}}", "  ".repeat(depth));
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

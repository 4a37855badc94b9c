//! What a file is, by its content.

use crate::document::{JsonNode, parse_json};
use crate::manifest::{nodes, parse_kdl};
use crate::model::AssetKind;
use crate::schema::SchemaKind;

use super::super::adapter::AdapterKind;
use super::configuration::Configuration;

/// What a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ForeignKind {
    /// A schema.
    Schema(SchemaKind),
    /// An adapter, a mapping or a flow as larder writes them; of a flow with the name that it states.
    Native(AssetKind, Option<String>),
    /// A configuration that says of itself that it is an adapter's.
    Adapter(Configuration),
    /// A configuration, of whatever.
    Configuration(Configuration),
}

/// Returns what a file is. Returns `None` if it is nothing that can be an asset.
pub fn recognise(path: &str, text: &str) -> Option<ForeignKind> {
    let file = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    let ends = |end: &str| file.ends_with(end);
    if ends(".properties") {
        return Configuration::of_properties(text).map(of_configuration);
    }
    if ends(".kdl") {
        return native(text);
    }
    match SchemaKind::of_content(text)? {
        SchemaKind::JsonSchema => {
            let document = parse_json(text.trim_start_matches('\u{feff}')).ok();
            let is_schema = match &document {
                Some(document) => states_schema(document) || ends(".schema.json"),
                // What is wrong with it is told by the check.
                None => ends(".schema.json"),
            };
            if is_schema {
                return Some(ForeignKind::Schema(SchemaKind::JsonSchema));
            }
            Some(of_configuration(Configuration::of_json(&document?)))
        }
        kind => Some(ForeignKind::Schema(kind)),
    }
}

fn of_configuration(configuration: Configuration) -> ForeignKind {
    let is_kind = configuration.text("kind").is_some_and(|kind| kind.parse::<AdapterKind>().is_ok());
    if is_kind && configuration.text("direction").is_some() {
        ForeignKind::Adapter(configuration)
    } else {
        ForeignKind::Configuration(configuration)
    }
}

/// Returns whether a document says of itself that it is a schema, or has what only schemas have.
fn states_schema(document: &JsonNode) -> bool {
    if let Some(dialect) = document.get("$schema").and_then(JsonNode::as_str) {
        return dialect.contains("json-schema.org/");
    }
    let is_block = |name: &str| document.get(name).is_some_and(|node| !node.members().is_empty());
    let is_typed = document.get("type").and_then(JsonNode::as_str).is_some_and(|of| of == "object" || of == "array");
    is_block("$defs") || is_block("definitions") || is_typed && (is_block("properties") || is_block("items"))
}

fn native(text: &str) -> Option<ForeignKind> {
    let parsed = parse_kdl(text).ok()?;
    let first = nodes(&parsed.document, &parsed.blanked).next()?;
    match first.name() {
        "adapter" => Some(ForeignKind::Native(AssetKind::Adapter, None)),
        "mapping" => Some(ForeignKind::Native(AssetKind::Mapping, None)),
        "flow" => {
            let name = first.entries().iter().find(|entry| entry.name().is_none());
            let name = name.and_then(|entry| entry.value().as_string()).map(str::to_owned);
            Some(ForeignKind::Native(AssetKind::Flow, name))
        }
        _ => None,
    }
}

//! The editions of JSON Schema, by `$schema`.

use super::super::source::error_at;
use crate::diagnostic::{SourceFinding, nearest};
use crate::document::{JsonNode, SourceFile};

/// An edition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Draft {
    Draft4,
    Draft6,
    Draft7,
    Draft201909,
    Draft202012,
}

/// The editions with the addresses of their meta-schemas, without the scheme.
const EDITIONS: [(&str, Draft); 5] = [
    ("json-schema.org/draft/2020-12/schema", Draft::Draft202012),
    ("json-schema.org/draft/2019-09/schema", Draft::Draft201909),
    ("json-schema.org/draft-07/schema", Draft::Draft7),
    ("json-schema.org/draft-06/schema", Draft::Draft6),
    ("json-schema.org/draft-04/schema", Draft::Draft4),
];

impl Draft {
    pub(super) fn edition(self) -> &'static str {
        match self {
            Self::Draft4 => "JSON Schema 4",
            Self::Draft6 => "JSON Schema 6",
            Self::Draft7 => "JSON Schema 7",
            Self::Draft201909 => "JSON Schema 2019-09",
            Self::Draft202012 => "JSON Schema 2020-12",
        }
    }

    pub(super) fn of_crate(self) -> jsonschema::Draft {
        match self {
            Self::Draft4 => jsonschema::Draft::Draft4,
            Self::Draft6 => jsonschema::Draft::Draft6,
            Self::Draft7 => jsonschema::Draft::Draft7,
            Self::Draft201909 => jsonschema::Draft::Draft201909,
            Self::Draft202012 => jsonschema::Draft::Draft202012,
        }
    }

    /// Returns whether what stands beside a `$ref` does not count.
    pub(super) fn ref_stands_alone(self) -> bool {
        matches!(self, Self::Draft4 | Self::Draft6 | Self::Draft7)
    }

    /// Returns the name of the keyword that gives a schema its address.
    pub(super) fn id_keyword(self) -> &'static str {
        if self == Self::Draft4 { "id" } else { "$id" }
    }
}

/// Returns whether an address is that of a meta-schema.
pub(super) fn is_meta_schema(address: &str) -> bool {
    let address = address.strip_prefix("http://").or_else(|| address.strip_prefix("https://")).unwrap_or(address);
    let address = address.trim_end_matches('#');
    EDITIONS.iter().any(|(known, _)| *known == address)
        || address.starts_with("json-schema.org/draft/2020-12/meta/")
        || address.starts_with("json-schema.org/draft/2019-09/meta/")
}

/// Returns the edition of a schema: without `$schema`, the newest.
pub(super) fn of(source: &SourceFile, root: &JsonNode) -> Result<Draft, Box<SourceFinding>> {
    let Some(named) = root.get("$schema") else { return Ok(Draft::Draft202012) };
    let text = named.as_str().unwrap_or_default();
    let address = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://")).unwrap_or(text);
    let address = address.trim_end_matches('#');
    if let Some((_, draft)) = EDITIONS.iter().find(|(known, _)| *known == address) {
        return Ok(*draft);
    }
    let finding =
        error_at("schema.kind", source, named.offset, format!("`{text}` is no edition of JSON Schema known here"));
    Err(Box::new(match nearest(address, EDITIONS.iter().map(|(known, _)| *known)) {
        Some(near) => finding.with_help(format!("did you mean \"https://{near}\"?")),
        None => finding.with_help("editions 2020-12, 2019-09, 7, 6 and 4 are known"),
    }))
}

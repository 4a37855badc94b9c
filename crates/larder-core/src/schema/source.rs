//! Where the text of what a schema imports comes from.

use std::sync::Arc;

use crate::diagnostic::SourceFinding;
use crate::document::{Area, SourceFile, XmlElement, parse_xml};

/// What a schema asks for.
#[derive(Clone, Copy, Debug)]
pub struct ImportRequest<'a> {
    /// The file that imports.
    pub from: &'a str,
    /// The location, as it is written there: `schemaLocation`, `location`, the part of a `$ref` before `#`.
    pub location: Option<&'a str>,
    /// The namespace, if one is named.
    pub namespace: Option<&'a str>,
}

/// Gives the text of what a schema imports, out of its package and the dependencies of that. `None` if there is none.
pub type Resolver<'a> = dyn Fn(&ImportRequest<'_>) -> Option<SourceFile> + 'a;

/// The most files of a schema.
const MAX_FILES: usize = 1000;
/// The most bytes of all files of a schema.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Joins a relative location to the file that names it. `None` if it leaves the root, is absolute or has a scheme.
pub fn relative(from: &str, location: &str) -> Option<String> {
    let location = location.split(['#', '?']).next().unwrap_or_default();
    if location.starts_with('/') || location.contains([':', '\\']) {
        return None;
    }
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in location.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    (!parts.is_empty()).then(|| parts.join("/"))
}

/// The files of a schema: itself first, then what it imports, each once.
#[derive(Debug, Default)]
pub(crate) struct SchemaFiles {
    pub(crate) all: Vec<SourceFile>,
    bytes: usize,
}

impl SchemaFiles {
    /// Adds a file. Returns its number, or what is wrong if there are too many. The finding is about `source` itself.
    pub(crate) fn add(&mut self, source: &SourceFile) -> Result<usize, Box<SourceFinding>> {
        if let Some(known) = self.all.iter().position(|file| file.file == source.file) {
            return Ok(known);
        }
        self.bytes += source.text.len();
        if self.all.len() >= MAX_FILES || self.bytes > MAX_BYTES {
            let message = format!("the schema has more than {MAX_FILES} files or {} MiB", MAX_BYTES / 1024 / 1024);
            let start = source.position(0);
            return Err(Box::new(SourceFinding::error("schema.limit", &source.file, start, message)));
        }
        self.all.push(source.clone());
        Ok(self.all.len() - 1)
    }
}

/// Reads an XML file of a schema.
pub(crate) fn xml_root(source: &SourceFile) -> Result<XmlElement, Box<SourceFinding>> {
    parse_xml(&source.text).map_err(|error| Box::new(source.finding(Area::Schema, &error)))
}

/// Returns a finding about a byte of a file.
pub(crate) fn error_at(
    code: &'static str,
    source: &SourceFile,
    offset: usize,
    message: impl Into<String>,
) -> SourceFinding {
    SourceFinding::error(code, &Arc::clone(&source.file), source.position(offset), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_locations_stay_below_the_root() {
        for (from, location, expect) in [
            ("schemas/order.xsd", "common.xsd", Some("schemas/common.xsd")),
            ("schemas/order.xsd", "./a/../common.xsd#x", Some("schemas/common.xsd")),
            ("schemas/order.xsd", "../types/t.xsd", Some("types/t.xsd")),
            ("order.xsd", "../t.xsd", None),
            ("order.xsd", "/etc/passwd", None),
            ("order.xsd", "http://h/t.xsd", None),
            ("order.xsd", "file:///t.xsd", None),
            ("order.xsd", "a\\b.xsd", None),
            ("order.xsd", "", None),
        ] {
            assert_eq!(relative(from, location).as_deref(), expect, "{from} {location}");
        }
    }
}

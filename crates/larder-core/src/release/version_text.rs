//! The version in the manifests of other tools. Every other byte stays.

use jsonc_parser::ast::Value;
use jsonc_parser::common::Ranged;
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::Deserialize;
use toml::Spanned;

use crate::diagnostic::{Exit, Failure};

/// A file whose version cannot be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("the version in `{file}` cannot be written: {reason}")]
#[diagnostic(code(larder::release::version_text), help("nothing was changed"))]
pub struct VersionTextError {
    /// The file.
    pub file: String,
    /// Why.
    pub reason: String,
}

impl Failure for VersionTextError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Returns a package.json with another version; `None` if it has none.
pub fn set_package_json_version(file: &str, text: &str, version: &str) -> Result<Option<String>, VersionTextError> {
    let failed = |reason: String| VersionTextError { file: file.to_owned(), reason };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &ParseOptions::default())
        .map_err(|error| failed(error.to_string()))?;
    let Some(Value::Object(object)) = &parsed.value else { return Err(failed("it is not an object".to_owned())) };
    match object.properties.iter().rfind(|property| property.name.as_str() == "version") {
        None => Ok(None),
        Some(property) => {
            let Value::StringLit(value) = &property.value else {
                return Err(failed("its `version` is not a string".to_owned()));
            };
            let range = value.range();
            let (before, after) = (&text[..range.start], &text[range.end..]);
            Ok(Some(format!("{before}\"{version}\"{after}")))
        }
    }
}

#[derive(Deserialize)]
struct VersionTables {
    project: Option<Versioned>,
    tool: Option<ToolTable>,
}

#[derive(Deserialize)]
struct ToolTable {
    poetry: Option<Versioned>,
}

#[derive(Deserialize)]
struct Versioned {
    version: Option<Spanned<String>>,
}

/// Returns a pyproject.toml with another version; `None` if it states none.
pub fn set_pyproject_version(file: &str, text: &str, version: &str) -> Result<Option<String>, VersionTextError> {
    let failed = |reason: String| VersionTextError { file: file.to_owned(), reason };
    let parsed: VersionTables = toml::from_str(text).map_err(|error| failed(error.message().to_owned()))?;
    let stated = [parsed.project, parsed.tool.and_then(|tool| tool.poetry)];
    let mut spans: Vec<_> =
        stated.into_iter().flatten().filter_map(|one| one.version).map(|version| version.span()).collect();
    if spans.is_empty() {
        return Ok(None);
    }
    spans.sort_by_key(|span| std::cmp::Reverse(span.start));
    let mut edited = text.to_owned();
    for span in spans {
        let quote = if text[span.clone()].starts_with('\'') { '\'' } else { '"' };
        edited.replace_range(span, &format!("{quote}{version}{quote}"));
    }
    Ok(Some(edited))
}

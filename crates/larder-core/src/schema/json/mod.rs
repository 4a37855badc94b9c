//! JSON Schema 2020-12, 2019-09, 7, 6 and 4.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `draft` | the editions, by `$schema` |
//! | `resources` | the files of a schema; where `$ref`s lead |
//! | `shapes` | schemas → shapes |
//! | `compiled` | the rules of the specification, by the `jsonschema` crate; validation of instances |

mod compiled;
mod draft;
mod resources;
mod shapes;

pub(super) use compiled::CompiledJsonSchema;

use super::shape::ShapeGraph;
use super::source::{Resolver, SchemaFiles};
use crate::diagnostic::SourceFinding;
use crate::document::{Area, SourceFile, parse_json};

/// A schema that has been read and checked.
#[derive(Debug)]
pub(super) struct Json {
    pub(super) graph: ShapeGraph,
    pub(super) compiled: CompiledJsonSchema,
    pub(super) edition: &'static str,
}

/// Reads the schema of a file.
pub(super) fn load(
    source: &SourceFile,
    files: &mut SchemaFiles,
    resolver: &Resolver<'_>,
) -> (Option<Json>, Vec<SourceFinding>) {
    let root = match parse_json(&source.text) {
        Ok(root) => root,
        Err(error) => return (None, vec![source.finding(Area::Schema, &error)]),
    };
    let draft = match draft::of(source, &root) {
        Ok(draft) => draft,
        Err(finding) => return (None, vec![*finding]),
    };
    let (resources, mut findings) = resources::collect(source, root, draft, files, resolver);
    findings.extend(compiled::check(&resources, draft));
    if findings.is_empty() {
        resources.check_references(&mut findings);
        resources.check_circles(&mut findings);
    }
    if findings.iter().any(SourceFinding::is_error) {
        return (None, findings);
    }
    let compiled = match CompiledJsonSchema::new(&resources, draft) {
        Ok(compiled) => compiled,
        Err(finding) => {
            findings.push(*finding);
            return (None, findings);
        }
    };
    match shapes::build(&resources, draft) {
        Ok(graph) => (Some(Json { graph, compiled, edition: draft.edition() }), findings),
        Err(finding) => {
            findings.push(*finding);
            (None, findings)
        }
    }
}

//! Mappings as they are written, and what they make.

mod brute_force;
mod checks;
mod samples;

use std::collections::BTreeMap;

use super::{Mapping, SchemaSide};
use crate::diagnostic::SourceFinding;
use crate::document::SourceFile;
use crate::schema::Schema;

/// Returns a schema without faults.
fn schema(text: &str) -> Schema {
    let loaded = Schema::load(&SourceFile::new("schema", text), None, &|_| None);
    loaded.schema.unwrap_or_else(|| panic!("{text}\n{:#?}", loaded.findings))
}

/// Returns a mapping without faults in its text.
fn mapping(body: &str) -> Mapping {
    let text = format!("mapping from=\"s\" to=\"t\" {{\n{body}\n}}\n");
    Mapping::parse(&SourceFile::new("m.kdl", text.as_str())).unwrap_or_else(|findings| panic!("{text}\n{findings:#?}"))
}

/// Returns a line for each finding: the line of the text, the code, the path, the message.
fn shown(findings: &[SourceFinding]) -> Vec<String> {
    let line = |finding: &SourceFinding| {
        let path = finding.path.as_deref().map(|path| format!(" {path}")).unwrap_or_default();
        format!("{}:{}{path}: {}", finding.position.line, finding.code, finding.message)
    };
    findings.iter().map(line).collect()
}

/// Checks a mapping against two schemas.
fn checked(source: &str, target: &str, body: &str) -> Vec<String> {
    let (source, target) = (schema(source), schema(target));
    let findings = mapping(body).check(&source.shape(None).expect("a root"), &target.shape(None).expect("a root"));
    shown(&findings)
}

/// Runs a mapping on a sample. There must be no error before.
fn sampled(source: &str, target: &str, body: &str, input: &str, expect: &str) -> Vec<String> {
    let (source, target) = (schema(source), schema(target));
    let mapping = mapping(&format!("{body}\nsample \"in\" expect=\"out\""));
    let findings = mapping.check(&source.shape(None).expect("a root"), &target.shape(None).expect("a root"));
    let errors: Vec<SourceFinding> = findings.into_iter().filter(SourceFinding::is_error).collect();
    assert!(errors.is_empty(), "{body}\n{:#?}", shown(&errors));
    let files = BTreeMap::from([("in", input), ("out", expect)]);
    let read = |name: &str| files.get(name).map(|text| SourceFile::new(name, *text));
    let side = |schema| SchemaSide { schema, entry: None };
    shown(&mapping.check_samples(side(&source), side(&target), &read))
}

const XS: &str = "xmlns:xs=\"http://www.w3.org/2001/XMLSchema\"";

/// Returns a schema of an element `Order` with this content, all in one namespace.
fn order(content: &str) -> String {
    format!(
        "<xs:schema {XS} targetNamespace=\"urn:o\" xmlns=\"urn:o\" elementFormDefault=\"qualified\">\
         <xs:element name=\"Order\"><xs:complexType>{content}</xs:complexType></xs:element></xs:schema>"
    )
}

/// Returns a schema of a JSON object with these properties.
fn object(properties: &str, required: &str) -> String {
    format!(
        "{{\"type\": \"object\", \"properties\": {{{properties}}}, \"required\": [{required}], \"additionalProperties\": false}}"
    )
}

//! CycloneDX 1.6 as JSON.
//!
//! Source: cyclonedx.org/docs/1.6/json.

use std::fmt::Write;

use serde::Serialize;

use super::bill::{Bill, Component, ComponentKind};
use super::{TOOL, pretty};
use crate::license::LicenseSource;
use crate::model::LicenseExpression;

/// Who says which license it is: the package itself.
const DECLARED: &str = "declared";

/// The name by which the project is meant in the bill.
const PROJECT: &str = "project";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CycloneDx<'a> {
    #[serde(rename = "$schema")]
    schema: &'static str,
    bom_format: &'static str,
    spec_version: &'static str,
    serial_number: String,
    version: u32,
    metadata: Metadata<'a>,
    components: Vec<ComponentObject<'a>>,
    dependencies: Vec<Dependency<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<String>,
    tools: Tools,
    component: ComponentObject<'a>,
    properties: Vec<Property<'a>>,
}

#[derive(Serialize)]
struct Tools {
    components: [Tool; 1],
}

#[derive(Serialize)]
struct Tool {
    r#type: &'static str,
    name: &'static str,
    version: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct ComponentObject<'a> {
    r#type: &'static str,
    bom_ref: &'a str,
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<Name<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    hashes: Vec<Hash>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    licenses: Vec<License<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    purl: Option<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    properties: Vec<Property<'a>>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Hash {
    alg: &'static str,
    content: String,
}

#[derive(Serialize)]
#[serde(untagged)]
enum License<'a> {
    Expression { expression: String, acknowledgement: &'static str },
    Named { license: Name<'a> },
}

#[derive(Serialize)]
struct Name<'a> {
    name: &'a str,
}

#[derive(Serialize)]
struct Property<'a> {
    name: &'static str,
    value: std::borrow::Cow<'a, str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Dependency<'a> {
    r#ref: &'a str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    depends_on: &'a [String],
}

/// Writes a bill as CycloneDX 1.6.
pub fn cyclonedx(bill: &Bill<'_>) -> String {
    let input = &bill.input;
    let project = ComponentObject {
        r#type: "application",
        bom_ref: PROJECT,
        name: input.name,
        version: input.version,
        supplier: None,
        hashes: Vec::new(),
        licenses: input.license.map(stated_license).into_iter().collect(),
        purl: None,
        properties: Vec::new(),
    };
    let itself = Dependency { r#ref: PROJECT, depends_on: &bill.direct };
    let others = bill.components.iter().map(|one| Dependency { r#ref: &one.purl, depends_on: &one.dependencies });
    pretty(&CycloneDx {
        schema: "http://cyclonedx.org/schema/bom-1.6.schema.json",
        bom_format: "CycloneDX",
        spec_version: "1.6",
        serial_number: format!("urn:uuid:{}", uuid(&bill.digest())),
        version: 1,
        metadata: Metadata {
            timestamp: input.timestamp.map(|timestamp| timestamp.to_string()),
            tools: Tools { components: [Tool { r#type: "application", name: TOOL.0, version: TOOL.1 }] },
            component: project,
            properties: vec![Property { name: "larder:environment", value: input.environment.into() }],
        },
        components: bill.components.iter().map(component).collect(),
        dependencies: [itself].into_iter().chain(others).collect(),
    })
}

fn component(component: &Component) -> ComponentObject<'_> {
    let mut hashes: Vec<Hash> = component
        .files
        .iter()
        .map(|(_, digest)| Hash { alg: digest.algorithm().iana_name(), content: digest.to_hex() })
        .collect();
    hashes.sort();
    hashes.dedup();
    let file = |(file, digest): &(String, crate::model::Digest)| Property {
        name: "larder:file",
        value: format!("{file} {}:{}", digest.algorithm().as_str(), digest.to_hex()).into(),
    };
    let folder = component.folder.as_deref().map(|folder| Property { name: "larder:folder", value: folder.into() });
    ComponentObject {
        r#type: match component.kind {
            ComponentKind::Package => "library",
            ComponentKind::Runtime => "platform",
        },
        bom_ref: &component.purl,
        name: &component.name,
        version: Some(&component.version),
        supplier: component.supplier.as_deref().map(|name| Name { name }),
        hashes,
        licenses: licenses(component),
        purl: Some(&component.purl),
        properties: component.files.iter().map(file).chain(folder).collect(),
    }
}

/// Returns a license as a manifest states it: an expression of SPDX, else a name.
fn stated_license(stated: &str) -> License<'_> {
    match stated.parse::<LicenseExpression>() {
        Ok(expression) => License::Expression { expression: expression.to_string(), acknowledgement: DECLARED },
        Err(_) => License::Named { license: Name { name: stated } },
    }
}

fn licenses(component: &Component) -> Vec<License<'_>> {
    let Some(fact) = &component.license else { return Vec::new() };
    let acknowledgement = if fact.source == LicenseSource::Declared { DECLARED } else { "concluded" };
    match (component.expression(), &fact.stated) {
        (Some(expression), _) => vec![License::Expression { expression, acknowledgement }],
        (None, Some(name)) => vec![License::Named { license: Name { name } }],
        (None, None) => Vec::new(),
    }
}

/// Returns a UUID of version 8 (RFC 9562), whose content is a digest's.
fn uuid(digest: &[u8; 32]) -> String {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    bytes[6] = bytes[6] & 0x0f | 0x80;
    bytes[8] = bytes[8] & 0x3f | 0x80;
    let mut text = String::new();
    for (place, byte) in bytes.iter().enumerate() {
        let dash = if matches!(place, 4 | 6 | 8 | 10) { "-" } else { "" };
        let _ = write!(text, "{dash}{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_makes_a_uuid() {
        assert_eq!(uuid(&[0xff; 32]), "ffffffff-ffff-8fff-bfff-ffffffffffff");
        assert_eq!(uuid(&[0; 32]), "00000000-0000-8000-8000-000000000000");
    }
}

//! SPDX 2.3 as JSON.
//!
//! Source: spdx.github.io/spdx-spec/v2.3.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Serialize;

use super::bill::{Bill, Component, ComponentKind};
use super::{TOOL, pretty};
use crate::model::LicenseExpression;

const DOCUMENT: &str = "SPDXRef-DOCUMENT";
const PROJECT: &str = "SPDXRef-Project";
/// What is said where nothing is known.
const NO_ASSERTION: &str = "NOASSERTION";

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "SPDX names them")]
struct SpdxDocument {
    spdx_version: &'static str,
    data_license: &'static str,
    #[serde(rename = "SPDXID")]
    id: &'static str,
    name: String,
    document_namespace: String,
    creation_info: CreationInfo,
    packages: Vec<SpdxPackage>,
    relationships: Vec<Relationship>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    has_extracted_licensing_infos: Vec<ExtractedLicense>,
}

#[derive(Serialize)]
struct CreationInfo {
    created: String,
    creators: [String; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SpdxPackage {
    #[serde(rename = "SPDXID")]
    id: String,
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version_info: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    supplier: Option<String>,
    download_location: &'static str,
    files_analyzed: bool,
    primary_package_purpose: &'static str,
    license_concluded: String,
    license_declared: String,
    copyright_text: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    checksums: Vec<Checksum>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    external_refs: Vec<ExternalRef>,
    #[serde(skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
struct Checksum {
    algorithm: String,
    checksum_value: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "SPDX names them")]
struct ExternalRef {
    reference_category: &'static str,
    reference_type: &'static str,
    reference_locator: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[allow(clippy::struct_field_names, reason = "SPDX names them")]
struct Relationship {
    spdx_element_id: String,
    relationship_type: &'static str,
    related_spdx_element: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ExtractedLicense {
    license_id: String,
    extracted_text: &'static str,
}

/// Writes a bill as SPDX 2.3. One that does not say when it was made says the beginning of 1970, as the form wants a time.
pub fn spdx(bill: &Bill<'_>) -> String {
    let input = &bill.input;
    let numbered = bill.components.iter().enumerate();
    let ids: BTreeMap<&str, String> =
        numbered.map(|(place, one)| (one.purl.as_str(), format!("SPDXRef-Package-{}", place + 1))).collect();
    let id = |purl: &str| ids.get(purl).cloned().unwrap_or_else(|| NO_ASSERTION.to_owned());
    let relation = |from: String, kind: &'static str, to: String| Relationship {
        spdx_element_id: from,
        relationship_type: kind,
        related_spdx_element: to,
    };
    let mut relationships = vec![relation(DOCUMENT.to_owned(), "DESCRIBES", PROJECT.to_owned())];
    relationships.extend(bill.direct.iter().map(|to| relation(PROJECT.to_owned(), "DEPENDS_ON", id(to))));
    for component in &bill.components {
        let edges = component.dependencies.iter().filter(|to| ids.contains_key(to.as_str()));
        relationships.extend(edges.map(|to| relation(id(&component.purl), "DEPENDS_ON", id(to))));
    }
    let license = input.license.and_then(|text| text.parse::<LicenseExpression>().ok()).map(|it| it.to_string());
    let project = SpdxPackage {
        id: PROJECT.to_owned(),
        name: input.name.to_owned(),
        version_info: input.version.map(str::to_owned),
        supplier: None,
        download_location: NO_ASSERTION,
        files_analyzed: false,
        primary_package_purpose: "APPLICATION",
        license_concluded: NO_ASSERTION.to_owned(),
        license_declared: license.unwrap_or_else(|| NO_ASSERTION.to_owned()),
        copyright_text: NO_ASSERTION,
        checksums: Vec::new(),
        external_refs: Vec::new(),
        comment: None,
    };
    let name = format!("{}-{}", input.name, input.environment);
    let digest = blake3::Hash::from_bytes(bill.digest());
    let packages = bill.components.iter().map(|component| package(component, id(&component.purl)));
    pretty(&SpdxDocument {
        spdx_version: "SPDX-2.3",
        data_license: "CC0-1.0",
        id: DOCUMENT,
        document_namespace: format!("https://spdx.org/spdxdocs/larder-{}", digest.to_hex()),
        name,
        creation_info: CreationInfo {
            created: input.timestamp.unwrap_or(Timestamp::UNIX_EPOCH).strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
            creators: [format!("Tool: {}-{}", TOOL.0, TOOL.1)],
        },
        packages: [project].into_iter().chain(packages).collect(),
        relationships,
        has_extracted_licensing_infos: extracted(bill),
    })
}

fn package(component: &Component, id: String) -> SpdxPackage {
    let mut checksums: Vec<Checksum> = component
        .files
        .iter()
        .map(|(_, digest)| Checksum {
            algorithm: digest.algorithm().as_str().to_ascii_uppercase(),
            checksum_value: digest.to_hex(),
        })
        .collect();
    checksums.sort();
    checksums.dedup();
    let unknown = || NO_ASSERTION.to_owned();
    let files: Vec<&str> = component.files.iter().map(|(file, _)| file.as_str()).collect();
    SpdxPackage {
        id,
        name: component.name.clone(),
        version_info: Some(component.version.clone()),
        supplier: component.supplier.as_deref().map(|name| format!("Organization: {name}")),
        download_location: NO_ASSERTION,
        files_analyzed: false,
        primary_package_purpose: match component.kind {
            ComponentKind::Package => "LIBRARY",
            ComponentKind::Runtime => "OTHER",
        },
        license_concluded: component.expression().unwrap_or_else(unknown),
        license_declared: component.declared().unwrap_or_else(unknown),
        copyright_text: NO_ASSERTION,
        checksums,
        external_refs: vec![ExternalRef {
            reference_category: "PACKAGE-MANAGER",
            reference_type: "purl",
            reference_locator: component.purl.clone(),
        }],
        comment: (!files.is_empty()).then(|| format!("files: {}", files.join(", "))),
    }
}

/// Returns the licenses that SPDX does not list, which a document has to declare.
fn extracted(bill: &Bill<'_>) -> Vec<ExtractedLicense> {
    let expressions = bill.components.iter().filter_map(|component| component.license.as_ref()?.expression.as_ref());
    let terms = expressions.flat_map(LicenseExpression::terms).filter(|term| term.id().is_none());
    let names: BTreeSet<String> =
        terms.filter_map(|term| term.to_string().split(' ').next().map(str::to_owned)).collect();
    names.into_iter().map(|license_id| ExtractedLicense { license_id, extracted_text: NO_ASSERTION }).collect()
}

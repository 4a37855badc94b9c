//! The lines of tools by URL: `archive "ripgrep" "14.1.1" url="https://…/{version}/…-{platform}.tar.gz" { … }`.

use crate::manifest::requirement::RequirementError;
use crate::model::{Ecosystem, Marker, PackageName, Requirement, Version};

use super::contract::{DependencyLineShape, Notation};

pub(super) struct ArchiveNotation;

impl Notation for ArchiveNotation {
    fn line_shape(&self) -> DependencyLineShape {
        DependencyLineShape {
            arguments: 2,
            properties: &["optional", "when", "url"],
            has_block: true,
            example: "archive \"NAME\" \"VERSION\" url=\"https://HOST/{version}/FILE-{platform}.tar.gz\" { … }",
        }
    }

    fn parse_requirement(&self, name: &str, text: &str, _: &Marker) -> Result<Requirement, RequirementError> {
        let name = PackageName::parse(Ecosystem::TOOLS, name).map_err(|e| RequirementError::Name(e.to_string()))?;
        Version::tool(text).map(|version| Requirement::tool(name, version)).map_err(|reason| RequirementError::Range {
            reason,
            help: "a tool has one version, which stands for `{version}` in its URL",
        })
    }

    fn check_name(&self, written: &str) -> Result<(), String> {
        PackageName::parse(Ecosystem::TOOLS, written).map(drop).map_err(|error| error.to_string())
    }

    fn compatible_range(&self, version: &Version) -> Option<String> {
        Some(version.to_string())
    }

    fn range_from(&self, _: &Version, _: Option<&Version>) -> Option<String> {
        None
    }
}

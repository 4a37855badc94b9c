//! The lines of Creatio packages: `creatio "UsrOrders" ">=1.4"`, and `creatio "MrktApolloApp" marketplace=21874`.

mod block;

use crate::manifest::requirement::RequirementError;
use crate::model::{CreatioRange, CreatioVersion, Ecosystem, Marker, PackageName, Requirement, Version};

use super::contract::{BlockReader, DependencyLineShape, Notation};

pub use block::{ProvidedListError, add_provided};

pub(super) struct CreatioNotation;

impl Notation for CreatioNotation {
    fn line_shape(&self) -> DependencyLineShape {
        DependencyLineShape {
            arguments: 2,
            properties: &["optional", "registry", "catalog", "when", "marketplace"],
            has_block: false,
            example: "creatio \"NAME\" \"RANGE\"",
        }
    }

    fn parse_requirement(&self, name: &str, text: &str, _: &Marker) -> Result<Requirement, RequirementError> {
        let name = PackageName::parse(Ecosystem::CREATIO, name).map_err(|e| RequirementError::Name(e.to_string()))?;
        let range = text.parse().map_err(|e: crate::model::RangeError| RequirementError::Range {
            reason: e.to_string(),
            help: "ranges are bounds, like \">=1.4\" or \">=1.4, <2\", or NuGet's intervals, like \"[1.4,2.0)\"",
        })?;
        Ok(Requirement::creatio(name, range))
    }

    fn normal_name(&self, written: &str) -> String {
        written.to_ascii_lowercase()
    }

    /// Splits where what no name has begins: `UsrA>=1.4`, `UsrA[1.4,2.0)`, `UsrA@>=1.4`.
    fn split_argument<'t>(&self, text: &'t str) -> (&'t str, Option<&'t str>) {
        let is_of_range = |c: char| matches!(c, '@' | '<' | '>' | '=' | '[' | '(');
        match text.find(is_of_range) {
            Some(at) => (&text[..at], Some(text[at..].trim_start_matches('@'))),
            None => (text, None),
        }
    }

    fn application_range(&self, id: u32) -> Option<String> {
        Some(CreatioRange::of_application(id).to_string())
    }

    fn block_reader(&self) -> Option<BlockReader> {
        Some(block::read)
    }

    fn check_name(&self, written: &str) -> Result<(), String> {
        if let Some((name, version)) = written.split_once(':') {
            return Err(format!("a version stands behind an `=`: `{name}={version}`"));
        }
        PackageName::parse(Ecosystem::CREATIO, written).map(drop).map_err(|error| error.to_string())
    }

    fn compatible_range(&self, version: &Version) -> Option<String> {
        let is_numeric = version.as_creatio().is_some_and(CreatioVersion::is_numeric);
        Some(if is_numeric { format!(">={version}") } else { version.to_string() })
    }
}

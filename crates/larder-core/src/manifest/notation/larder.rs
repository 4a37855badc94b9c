//! The lines of private packages: `larder "orders-client" "^2.1" features="soap" default-features=#false beta=#true`.

use crate::manifest::requirement::RequirementError;
use crate::model::{Marker, PackageName, Requirement, SemverRange};

use super::contract::{DependencyLineShape, Notation};
use super::separators::with_one_separator;

pub(super) struct LarderNotation;

impl Notation for LarderNotation {
    fn line_shape(&self) -> DependencyLineShape {
        DependencyLineShape {
            arguments: 2,
            properties: &["optional", "registry", "catalog", "when", "features", "default-features", "beta"],
            has_block: false,
            example: "larder \"NAME\" \"RANGE\"",
        }
    }

    fn parse_requirement(&self, name: &str, text: &str, _: &Marker) -> Result<Requirement, RequirementError> {
        let name = PackageName::larder(name).map_err(|e| RequirementError::Name(e.to_string()))?;
        let range = match text {
            "" => SemverRange::any(),
            text => text.parse().map_err(|e: crate::model::RangeError| RequirementError::Range {
                reason: e.to_string(),
                help: "ranges are Cargo's, like \"^2.1\", \"~1.4\" or \">=1, <3\"",
            })?,
        };
        Ok(Requirement::larder(name, range))
    }

    fn normal_name(&self, written: &str) -> String {
        PackageName::larder(written).map_or(written.to_owned(), |name| name.folded().into_owned())
    }

    fn normal_glob(&self, glob: &str) -> String {
        with_one_separator(glob)
    }

    fn check_name(&self, written: &str) -> Result<(), String> {
        PackageName::larder(written).map(drop).map_err(|error| error.to_string())
    }
}

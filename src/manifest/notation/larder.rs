//! The lines of private packages: `larder "orders-schema" "^2.1"`.

use crate::manifest::Flaw;
use crate::model::{Marker, PackageName, Requirement, SemverRange};

use super::{LineShape, Notation};

pub(super) struct Larder;

impl Notation for Larder {
    fn line(&self) -> LineShape {
        LineShape { arguments: 2, properties: &["optional", "registry", "when"], example: "larder \"NAME\" \"RANGE\"" }
    }

    fn requirement(&self, name: &str, text: &str, _: &Marker) -> Result<Requirement, Flaw> {
        let name = PackageName::npm(name).map_err(|e| Flaw::Name(e.to_string()))?;
        let range = match text {
            "" => SemverRange::any(),
            text => text.parse().map_err(|e: crate::model::RangeError| Flaw::Range {
                reason: e.to_string(),
                help: "ranges are Cargo's, like \"^2.1\", \"~1.4\" or \">=1, <3\"",
            })?,
        };
        Ok(Requirement::larder(name, range))
    }
}

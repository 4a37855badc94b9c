//! npm's lines: `npm "react" "^18.3"`, and `npm "react-16" "npm:react@^16.14"` for an alias.

use crate::manifest::requirement::{RequirementError, foreign_source};
use crate::model::{Marker, NpmRange, PackageName, Requirement, split_alias};

use super::contract::{DependencyLineShape, Notation};

pub(super) struct NpmNotation;

impl Notation for NpmNotation {
    fn line_shape(&self) -> DependencyLineShape {
        DependencyLineShape {
            arguments: 2,
            properties: &[
                "optional",
                "registry",
                "catalog",
                "when",
                "git",
                "branch",
                "tag",
                "rev",
                "range",
                "subdirectory",
                "url",
            ],
            has_block: false,
            example: "npm \"NAME\" \"RANGE\"",
        }
    }

    fn parse_requirement(&self, name: &str, text: &str, _: &Marker) -> Result<Requirement, RequirementError> {
        let alias = PackageName::npm(name).map_err(|e| RequirementError::Name(e.to_string()))?;
        let (name, range) = match text.strip_prefix("npm:").map(split_alias) {
            Some((None, range)) => (alias.clone(), range),
            Some((Some(name), range)) => {
                let name = PackageName::npm(name).map_err(|e| RequirementError::Range {
                    reason: e.to_string(),
                    help: "an alias is written `npm:NAME@RANGE`, like \"npm:react@^16.14\"",
                })?;
                (name, range)
            }
            None => (alias.clone(), text),
        };
        if let Some((form, help)) = foreign_source(range) {
            return Err(RequirementError::Source { text: range.to_owned(), form, help });
        }
        let range: NpmRange =
            (if range.is_empty() { "*" } else { range }).parse().map_err(|_| RequirementError::Range {
                reason: format!("`{range}` is neither a range nor a dist-tag of npm"),
                help: "npm ranges look like \"^18.3\", \">=1 <3\" or \"1.x || 2.x\"",
            })?;
        Ok(Requirement::npm(alias, name, range))
    }
}

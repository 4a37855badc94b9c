//! The lines of local folders: `path "packages/theme"`.

use crate::manifest::folder::parse_folder;
use crate::manifest::requirement::RequirementError;
use crate::model::{Marker, Requirement, Version};

use super::contract::{DependencyLineShape, Notation};

pub(super) struct PathNotation;

impl Notation for PathNotation {
    fn line_shape(&self) -> DependencyLineShape {
        DependencyLineShape {
            arguments: 1,
            properties: &["optional", "when", "name"],
            has_block: false,
            example: "path \"FOLDER\"",
        }
    }

    fn parse_requirement(&self, name: &str, _: &str, _: &Marker) -> Result<Requirement, RequirementError> {
        Err(RequirementError::Source {
            text: name.to_owned(),
            form: "path",
            help: "a path package's name is in its own manifest; write its folder",
        })
    }

    fn normal_name(&self, written: &str) -> String {
        parse_folder(written).map_or(written.to_owned(), |spec| spec.as_written().to_owned())
    }

    fn split_argument<'t>(&self, text: &'t str) -> (&'t str, Option<&'t str>) {
        (text, None)
    }

    fn check_name(&self, written: &str) -> Result<(), String> {
        parse_folder(written).map(drop)
    }

    fn compatible_range(&self, _: &Version) -> Option<String> {
        None
    }

    fn range_from(&self, _: &Version, _: Option<&Version>) -> Option<String> {
        None
    }
}

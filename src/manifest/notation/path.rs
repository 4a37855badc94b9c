//! The lines of local folders: `path "packages/theme"`.

use crate::manifest::{Flaw, folder};
use crate::model::{Marker, Requirement, Version};

use super::{LineShape, Notation};

pub(super) struct Path;

impl Notation for Path {
    fn line(&self) -> LineShape {
        LineShape { arguments: 1, properties: &["optional", "when"], example: "path \"FOLDER\"" }
    }

    fn requirement(&self, name: &str, _: &str, _: &Marker) -> Result<Requirement, Flaw> {
        Err(Flaw::Source {
            text: name.to_owned(),
            form: "path",
            help: "a path package's name is in its own manifest; write its folder",
        })
    }

    fn normal_name(&self, written: &str) -> String {
        folder(written).map_or(written.to_owned(), |folder| folder.to_string())
    }

    fn split<'t>(&self, text: &'t str) -> (&'t str, Option<&'t str>) {
        (text, None)
    }

    fn check_name(&self, written: &str) -> Result<(), String> {
        if written.is_empty() { Err("the folder is missing".to_owned()) } else { Ok(()) }
    }

    fn range_from(&self, _: &Version) -> Option<String> {
        None
    }
}

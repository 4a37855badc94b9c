//! Folders of a repository, by their paths relative to its root, which is empty itself.

use std::sync::Arc;

use crate::import::Imported;
use crate::model::Dependent;

/// Returns the root and the members.
pub(super) fn with_root(members: &[Arc<str>]) -> impl Iterator<Item = &str> {
    std::iter::once("").chain(members.iter().map(|folder| &**folder))
}

/// Returns whose manifest lies in a folder.
pub(super) fn dependent_in(folder: &str) -> Dependent {
    if folder.is_empty() { Dependent::Project } else { Dependent::Member(folder.into()) }
}

/// Returns whether a folder is another one or lies in it.
pub(super) fn is_below(folder: &str, above: &str) -> bool {
    above.is_empty() || folder.strip_prefix(above).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Returns the name of a file.
pub(super) fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Returns the folder that a file or folder lies in.
pub(super) fn folder_of(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Takes the folders out that belong to a template, and lists them: `{{cookiecutter.slug}}/frontend`.
pub(super) fn leave_out_placeholders(found: &mut Vec<String>, imported: &mut Imported) {
    found.retain(|folder| {
        let is_placeholder = has_placeholder(folder);
        if is_placeholder {
            imported.refuse(format!("the folder {folder}"), OF_TEMPLATE);
        }
        !is_placeholder
    });
}

/// Returns whether a name in a path stands for what a template is filled with.
pub(super) fn has_placeholder(path: &str) -> bool {
    path.contains("{{")
}

/// Why what lies in a template is left out.
pub(super) const OF_TEMPLATE: &str = "it belongs to a template, of which other projects are made";

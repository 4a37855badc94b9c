//! Python packages of plain source: which file of theirs goes where in `site-packages`, as in a wheel.

use std::collections::BTreeMap;

use super::editable::EditableMetadata;
use crate::import::PythonProject;

/// Where the content of a file comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaidOutContent {
    /// A file of the source, by its path.
    File(String),
    /// This text.
    Written(String),
}

/// Returns the files that a build back end would make a wheel of, by their paths in it.
///
/// # Errors
/// The reason why only a build knows, as a sentence.
pub fn lay_out(
    project: &PythonProject,
    version: &str,
    paths: &[&str],
) -> Result<BTreeMap<String, LaidOutContent>, String> {
    let modules = project.pure_modules(paths).ok_or("a build has to run to know what belongs to it")?;
    let name = project.name.as_deref().ok_or("it has no `name`")?;
    let EditableMetadata { name, version, metadata, entry_points } = EditableMetadata::of(project, name, version)?;
    let info = format!("{}-{}.dist-info", name.replace('-', "_"), version.replace('-', "_"));
    let written = |text: String| LaidOutContent::Written(text);
    let mut files: BTreeMap<String, LaidOutContent> = [
        (format!("{info}/METADATA"), written(metadata)),
        (
            format!("{info}/WHEEL"),
            written("Wheel-Version: 1.0\nGenerator: larder\nRoot-Is-Purelib: true\nTag: py3-none-any\n".to_owned()),
        ),
        // It is completed where the package is installed.
        (format!("{info}/RECORD"), written(String::new())),
    ]
    .into();
    if !entry_points.is_empty() {
        files.insert(format!("{info}/entry_points.txt"), written(entry_points));
    }
    let is_cached =
        |path: &str| path.contains("__pycache__/") || path.split('/').any(|part| part.ends_with(".egg-info"));
    for module in modules {
        let folder = format!("{}/", module.source);
        for path in paths.iter().filter(|path| !is_cached(path)) {
            let below = if *path == module.source { Some("") } else { path.strip_prefix(&folder) };
            let Some(below) = below else { continue };
            let place = if below.is_empty() { module.place.clone() } else { format!("{}/{below}", module.place) };
            files.insert(place, LaidOutContent::File((*path).to_owned()));
        }
    }
    Ok(files)
}

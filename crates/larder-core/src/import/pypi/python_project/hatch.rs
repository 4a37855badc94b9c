//! What hatch-requirements-txt takes from requirements files: <https://github.com/repo-helper/hatch-requirements-txt>.

use toml::{Table, Value};

use super::FileReader;
use super::setuptools::{Told, of_files};

/// Reads what `[project]` calls dynamic, if the hook is there.
pub(super) fn dynamic(document: &Table, files: &FileReader<'_>) -> Option<Told> {
    let hooks = document.get("tool")?.get("hatch")?.get("metadata")?.get("hooks")?;
    let hook = hooks.get("requirements_txt")?;
    let extras = hook.get("optional-dependencies").and_then(Value::as_table);
    let extra = |(name, value): (&String, &Value)| Some((name.clone(), of_files(value, files)?));
    Some(Told {
        dependencies: hook.get("files").or_else(|| hook.get("filename")).and_then(|value| of_files(value, files)),
        optional_dependencies: extras.map(|extras| extras.iter().map(extra).collect()).unwrap_or_default(),
        ..Told::default()
    })
}

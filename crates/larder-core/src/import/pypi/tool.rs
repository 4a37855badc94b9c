//! Which tool a pyproject.toml is written for.

use toml::Table;

/// What of a pyproject.toml names a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct NamedTool {
    /// A table of the tool.
    pub by_table: bool,
    /// Its own build backend.
    pub by_backend: bool,
}

/// Returns what of a pyproject.toml names a tool: `uv`, `poetry`, `pdm`.
pub fn python_tool(text: &str, tool: &str) -> NamedTool {
    let Ok(document) = text.parse::<Table>() else { return NamedTool::default() };
    let backend = document.get("build-system").and_then(|build| build.get("build-backend")?.as_str());
    let by_backend =
        backend.is_some_and(|backend| !tool.is_empty() && backend.split(['.', '_', '-']).next() == Some(tool));
    let by_table = document.get("tool").and_then(|tools| tools.get(tool)).is_some();
    NamedTool { by_table: by_table || by_backend, by_backend }
}

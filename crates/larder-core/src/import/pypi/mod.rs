//! What pip, uv, Poetry and others declare for Python.
//!
//! | file | what it reads |
//! | --- | --- |
//! | `python_project` | a project as a whole, as the files in its folder describe it |
//! | `pyproject` | pyproject.toml: `[project]` and `[dependency-groups]` |
//! | `installed_groups` | which of its groups are installed unasked, and which exclude each other |
//! | `uv`, `poetry`, `pdm`, `rye`, `pixi` | their tables in it |
//! | `requirements` | requirements.txt |
//! | `requirement_files` | which requirements files there are, and what each is for |
//! | `index_order` | indexes that are asked for everything, in their order |
//! | `pip_conf` | pip.conf: indexes |
//! | `pipfile` | Pipenv's Pipfile |
//! | `python_text` | Python text as tokens |
//! | `pep508` | one requirement |

mod index_order;
mod installed_groups;
mod pdm;
mod pep508;
mod pip_conf;
mod pipfile;
mod pixi;
mod poetry;
mod pyproject;
mod python_project;
mod python_text;
mod requirement_files;
mod requirements;
mod rye;
mod tool;
mod uv;

use crate::model::Ecosystem;

pub use pip_conf::{INDEX_VARIABLES, pip_conf, pip_options};
pub use pipfile::pipfile;
pub use pyproject::{pyproject, python};
pub use python_project::{
    Describe, DescribedCommit, FileReader, GroupItem, LockedRequirement, PYTHON_MANIFESTS, PythonProject, UV_LOCK,
    UvSource, UvSources, behind_extra, is_virtual, python_project, uv_sources, version_from_history,
};
pub use python_text::{PythonToken, python_tokens};
pub use requirement_files::{
    Purpose, RequirementsFile, compiled_for, has_pins_only, is_compiled_from_project, requirement_files,
};
pub(super) use requirements::requirement_lines;
pub use requirements::{LocalPlace, PlaceFinder, requirements};
pub use tool::{NamedTool, python_tool};

/// The ecosystem of all that is declared here.
pub(super) const ECOSYSTEM: Ecosystem = Ecosystem::Pypi;

/// Returns the texts of a list.
fn strings(value: Option<&toml::Value>) -> impl Iterator<Item = &str> {
    value.and_then(toml::Value::as_array).into_iter().flatten().filter_map(toml::Value::as_str)
}

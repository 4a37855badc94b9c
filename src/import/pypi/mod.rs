//! What pip, uv, Poetry and others declare for Python.
//!
//! | file | what it reads |
//! | --- | --- |
//! | `pyproject` | pyproject.toml: `[project]` and `[dependency-groups]` |
//! | `uv`, `poetry` | their tables in it |
//! | `requirements` | requirements.txt |
//! | `pep508` | one requirement |

mod pep508;
mod poetry;
mod pyproject;
mod requirements;
mod uv;

use crate::model::Ecosystem;

pub(super) use poetry::{PoetryDependency, poetry_dependencies, poetry_specifier};
pub use pyproject::pyproject;
pub use requirements::requirements;

/// The ecosystem of all that is declared here.
const ECOSYSTEM: Ecosystem = Ecosystem::Pypi;

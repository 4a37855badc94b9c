//! The Python that an environment is built on.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::lock::Closure;
use crate::model::{Platform, RuntimeName, parse_npm_version};
use crate::profile;
use crate::profile::python::{self, Interpreter, InterpreterSearch};

use crate::ops::{Context, Project, Result};

/// Finds the declared interpreter, where the environment has something for it, and larder does not bring it.
pub(in crate::ops) fn find(
    context: &Context<'_>,
    project: &Project,
    closure: &Closure<'_>,
    platform: Platform,
) -> Result<Option<Interpreter>> {
    let settings = &project.manifest.settings;
    let Some(wanted) = settings.python.as_ref().filter(|_| settings.managed.get(RuntimeName::Python).is_none()) else {
        return Ok(None);
    };
    if !profile::needs_python(&project.root, closure) {
        return Ok(None);
    }
    Ok(Some(python::find(wanted, &search(context, Some(platform)))?))
}

/// Returns where to look for an interpreter.
pub(in crate::ops) fn search(context: &Context<'_>, platform: Option<Platform>) -> InterpreterSearch {
    let pyenv = context.variables.path("PYENV_ROOT").or_else(|| Some(context.variables.path("HOME")?.join(".pyenv")));
    InterpreterSearch {
        explicit: context.variables.path("LARDER_PYTHON"),
        platform,
        path_dirs: context.variables.search_path(),
        pyenv_root: pyenv,
        answers: Some(context.cache.join("interpreters.json")),
    }
}

/// Returns the Python that is on PATH, as a manifest declares one: `3.12`.
pub(in crate::ops) fn python(context: &Context<'_>) -> Option<String> {
    let explicit = context.variables.path("LARDER_PYTHON");
    let program = explicit.or_else(|| python::on_path(&context.variables.search_path(), "python3"))?;
    let text = answer(&program, &["-I", "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])?;
    text.parse::<crate::model::PythonVersion>().ok().map(|_| text)
}

/// Returns the version of the Node that is on PATH: `22.11.0`.
pub(in crate::ops) fn node(context: &Context<'_>) -> Option<String> {
    let version = node_says(context, "process.versions.node")?;
    parse_npm_version(&version).is_some().then_some(version)
}

/// Returns the value of a JavaScript expression in the Node that is on PATH.
pub(in crate::ops) fn node_says(context: &Context<'_>, expression: &str) -> Option<String> {
    says(&python::on_path(&context.variables.search_path(), "node")?, expression)
}

/// Returns the value of a JavaScript expression in this Node.
pub(in crate::ops) fn says(node: &Path, expression: &str) -> Option<String> {
    answer(node, &["-p", expression])
}

/// Returns the folder of the Rust toolchain that is on PATH: what is there may only lead to it. Nothing of the folder that larder was
/// started in counts, as a file there could ask for another one.
pub(in crate::ops) fn rust_root(context: &Context<'_>) -> Option<PathBuf> {
    let rustc = python::on_path(&context.variables.search_path(), "rustc")?;
    let root = PathBuf::from(answer(&rustc, &["--print", "sysroot"])?);
    root.is_absolute().then_some(root)
}

fn answer(program: &Path, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir("/").stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

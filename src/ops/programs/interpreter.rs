//! The Python that an environment is built on, and the Node and Rust that are on PATH.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::fs;
use crate::lock::Closure;
use crate::model::{Platform, RuntimeName, Settings, parse_npm_version};
use crate::profile::python::{self, Interpreter, InterpreterSearch};
use crate::profile::{self, ProfileError};

use crate::ops::project::inputs;
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
pub(in crate::ops) fn python(context: &Context<'_>) -> Result<Option<String>> {
    let explicit = context.variables.path("LARDER_PYTHON");
    let Some(program) = explicit.or_else(|| python::on_path(&context.variables.search_path(), "python3")) else {
        return Ok(None);
    };
    let text = answer(&program, &["-I", "-S", "-c", "import sys; print('%d.%d' % sys.version_info[:2])"])?;
    Ok(text.filter(|text| text.parse::<crate::model::PythonVersion>().is_ok()))
}

/// Returns the version of the Node that is on PATH: `22.11.0`.
pub(in crate::ops) fn node(context: &Context<'_>) -> Result<Option<String>> {
    let version = node_says(context, "process.versions.node")?;
    Ok(version.filter(|version| parse_npm_version(version).is_some()))
}

/// Returns the value of a JavaScript expression in the Node that is on PATH.
pub(in crate::ops) fn node_says(context: &Context<'_>, expression: &str) -> Result<Option<String>> {
    let node = python::on_path(&context.variables.search_path(), "node");
    node.map_or(Ok(None), |node| says(&node, expression))
}

/// Returns the value of a JavaScript expression in this Node.
pub(in crate::ops) fn says(node: &Path, expression: &str) -> Result<Option<String>> {
    answer(node, &["-p", expression])
}

/// How the version of a program is found out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum Ask {
    /// It is asked, which takes its time.
    Program,
    /// A file that came with it says it; nothing where there is none.
    Files,
}

/// Returns what is wrong with the Node on PATH: it is older than the one that the manifest declares, and larder does not bring that.
pub(in crate::ops) fn older_node(context: &Context<'_>, settings: &Settings, ask: Ask) -> Result<Option<String>> {
    let Some(declared) = settings.node.as_deref() else { return Ok(None) };
    let found = match ask {
        Ask::Program => node(context)?,
        Ask::Files => python::on_path(&context.variables.search_path(), "node").and_then(|node| node_header(&node)),
    };
    Ok(found.filter(|found| is_older(found, settings)).map(|found| {
        format!(
            "node on PATH is {found}, and the manifest declares {declared}: `managed=#true` behind it under `runtimes` \
             lets larder bring it"
        )
    }))
}

/// Returns whether a version of Node is older than the one that the manifest declares, and larder does not bring that.
pub(in crate::ops) fn is_older(version: &str, settings: &Settings) -> bool {
    let is_managed = settings.managed.get(RuntimeName::Node).is_some();
    !is_managed && settings.node.as_deref().is_some_and(|declared| is_below(version, declared))
}

/// Returns whether a version is below one that has one to three numbers.
fn is_below(version: &str, than: &str) -> bool {
    let numbers = |text: &str| text.split('.').map(|number| number.parse().unwrap_or(0)).collect::<Vec<u32>>();
    let than = numbers(than);
    numbers(version).iter().take(than.len()).lt(than.iter())
}

/// Returns the version of a Node by its C header, which its distribution has in `include/node` beside `bin`.
fn node_header(node: &Path) -> Option<String> {
    let node = fs::canonicalize(node).ok()?;
    let header = node.parent()?.parent()?.join("include/node/node_version.h");
    let text = inputs::text(&header).ok()??;
    let number = |name: &str| -> Option<u32> {
        let mut lines = text.lines().filter_map(|line| line.strip_prefix("#define ")?.strip_prefix(name));
        lines.find_map(|rest| rest.trim().parse().ok())
    };
    let (major, minor, patch) =
        (number("NODE_MAJOR_VERSION ")?, number("NODE_MINOR_VERSION ")?, number("NODE_PATCH_VERSION ")?);
    Some(format!("{major}.{minor}.{patch}"))
}

/// Returns the folder of the Rust toolchain that is on PATH: what is there may only lead to it. Nothing of the folder that larder was
/// started in counts, as a file there could ask for another one.
pub(in crate::ops) fn rust_root(context: &Context<'_>) -> Result<Option<PathBuf>> {
    let Some(rustc) = python::on_path(&context.variables.search_path(), "rustc") else { return Ok(None) };
    let root = answer(&rustc, &["--print", "sysroot"])?.map(PathBuf::from);
    Ok(root.filter(|root| root.is_absolute()))
}

/// Asks a program. `None` if it does not answer; that somebody ended it is no answer of its own.
fn answer(program: &Path, arguments: &[&str]) -> Result<Option<String>> {
    let mut command = Command::new(program);
    command.args(arguments).current_dir("/").stdin(Stdio::null()).stderr(Stdio::null());
    let Ok(output) = command.output() else { return Ok(None) };
    if let Some(signal) = python::ended_from_outside(output.status) {
        return Err(ProfileError::Ended { program: program.to_owned(), signal }.into());
    }
    Ok(output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_older_by_the_numbers_that_are_declared() {
        for (version, than, expected) in [
            ("20.19.1", "22", true),
            ("22.0.0", "22", false),
            ("24.1.0", "22", false),
            ("22.10.0", "22.11", true),
            ("22.11.0", "22.11.0", false),
            ("22.9.0", "22.10.1", true),
        ] {
            assert_eq!(is_below(version, than), expected, "{version} {than}");
        }
    }
}

//! A manifest for a folder that has none, out of what the folder declares already.

use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability};
use crate::manifest::import::{self, Imported, Template};
use crate::manifest::{self, ManifestKind};
use crate::model::Platform;
use crate::profile;
use crate::registry::path;

use super::install::interpreter;
use super::project::{host, inputs};
use super::session::MANIFEST;
use super::{Context, Result};

/// `larder init --json`: see `schema/init.json`.
#[derive(Debug, Serialize)]
pub struct Initialised {
    /// The file that was written.
    pub manifest: PathBuf,
    /// The files whose dependencies were taken over.
    pub taken_from: Vec<String>,
    /// What could not be.
    pub not_taken: Vec<Left>,
}

/// Something that could not be taken over.
#[derive(Debug, Serialize)]
pub struct Left {
    /// The line.
    pub what: String,
    /// Why.
    pub why: String,
}

/// Writes `larder.kdl` and the lines of `.gitignore` that are missing.
pub fn init(context: &Context<'_>, name: Option<&str>) -> Result<Initialised> {
    let path = context.folder.join(MANIFEST);
    if fs::stat(&path)?.is_some() {
        return Err(Exists(path).into());
    }
    let (imported, taken_from) = import(&context.folder)?;
    let folder_name = context.folder.file_name().and_then(|name| name.to_str());
    let text = import::template(&Template {
        name: name.or(imported.name.as_deref()).or(folder_name).unwrap_or("project"),
        host: host::platform().unwrap_or(Platform::LinuxX64),
        node: interpreter::node(context).as_deref(),
        python: interpreter::python(context).as_deref(),
        imported: &imported,
    });
    if let Err(failure) = manifest::parse(MANIFEST, &text, ManifestKind::Root) {
        let reason = failure.errors.first().map(ToString::to_string).unwrap_or_default();
        return Err(NoManifest { files: taken_from.join(", "), reason }.into());
    }
    // The manifest comes last: without it, whatever was done is done again.
    profile::ignore(&context.folder.join(".gitignore"))?;
    fs::write_atomic(&path, text.as_bytes(), Durability::Whole)?;
    let left = imported.not_taken.into_iter().map(|left| Left { what: left.what, why: left.why });
    Ok(Initialised { manifest: path, taken_from, not_taken: left.collect() })
}

fn import(folder: &Path) -> Result<(Imported, Vec<String>)> {
    let mut all = Imported::default();
    let mut from = Vec::new();
    for file in ["package.json", "pyproject.toml"] {
        let Some(text) = text(folder, file)? else { continue };
        all.merge(if file == "package.json" { import::package_json(&text)? } else { import::pyproject(&text)? });
        from.push(file.to_owned());
    }
    let mut open = vec!["requirements.txt".to_owned()];
    while let Some(file) = open.pop() {
        if from.contains(&file) {
            continue;
        }
        let Some(text) = text(folder, &file)? else {
            if file != "requirements.txt" {
                all.refuse(format!("-r {file}"), "there is no such file");
            }
            continue;
        };
        let imported = import::requirements(&text);
        let above = file.rsplit_once('/').map(|(above, _)| above).unwrap_or_default();
        open.extend(imported.includes.iter().rev().map(|included| path::join(above, included).to_string()));
        all.merge(imported);
        from.push(file);
    }
    Ok((all, from))
}

fn text(folder: &Path, file: &str) -> Result<Option<String>> {
    let bytes = inputs::read(&folder.join(file), inputs::MANIFEST_SIZE)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// A manifest that is there already.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` is there already", .0.display())]
#[diagnostic(code(larder::init::exists), help("`larder add` adds to it"))]
pub struct Exists(PathBuf);

impl Failure for Exists {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Files that declare what no manifest can hold: more than a person wrote.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("no manifest can hold what is declared in {files}: {reason}")]
#[diagnostic(
    code(larder::init::no_manifest),
    help("move that aside, run `larder init` again, and add what is needed with `larder add`")
)]
pub struct NoManifest {
    files: String,
    reason: String,
}

impl Failure for NoManifest {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

//! New packages: from a template that larder has, or from a folder.

mod built_in;

use std::path::Path;

use serde::Serialize;

use super::project::inputs;
use super::session::MANIFEST;
use super::{Context, Result};
use crate::diagnostic::{Exit, Failure, list, nearest};
use crate::fs::{self, Kind};
use crate::manifest::{self, ManifestErrors, ManifestKind};
use crate::model::{BYTECODE_FOLDER, EntryPath, PackageName, is_tool_folder};
use built_in::BUILT_IN;

/// `larder init --template NAME --json`: see `schema/init-template.json`.
#[derive(Debug, Serialize)]
pub struct Started {
    /// The package's name.
    pub name: String,
    /// The files that were written, sorted.
    pub files: Vec<String>,
}

/// A file of a template, with its placeholders.
struct TemplateFile {
    path: String,
    executable: bool,
    content: Vec<u8>,
}

/// The most files of a template, and the most bytes of one.
const MOST_FILES: usize = 10_000;
const LARGEST_FILE: u64 = 16 << 20;

/// Writes the files of a template into the folder that larder was started in. `{{name}}` in a path or a text is the package's name,
/// `{{module}}` the name of its Python module. No file that is there is changed.
pub fn start(context: &Context<'_>, template: &str, name: Option<&str>) -> Result<Started> {
    let folder_name = context.folder.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let name = PackageName::larder(name.unwrap_or(folder_name)).map_err(|error| BadName(error.to_string()))?;
    let files = filled(read(context, template)?, &name)?;
    let manifest =
        files.iter().find(|file| file.path == MANIFEST).ok_or_else(|| NoTemplate::without_manifest(template))?;
    check(manifest)?;
    let taken: Vec<&str> =
        files.iter().map(|file| &*file.path).filter(|path| is_taken(&context.folder, path)).collect();
    if !taken.is_empty() {
        return Err(Taken { files: taken.iter().map(ToString::to_string).collect() }.into());
    }
    // The manifest comes last: without it, the folder is no package.
    let (last, others): (Vec<_>, Vec<_>) = files.iter().partition(|file| file.path == MANIFEST);
    for file in others.into_iter().chain(last) {
        let path = context.folder.join(&file.path);
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write_new(&path, &file.content, if file.executable { 0o755 } else { 0o644 })?;
    }
    Ok(Started { name: name.to_string(), files: files.into_iter().map(|file| file.path).collect() })
}

/// Returns the files of a template: of a folder, if the text is a path or one is there; else of a built-in one.
fn read(context: &Context<'_>, template: &str) -> Result<Vec<TemplateFile>> {
    let folder = context.folder.join(template);
    if template.contains(['/', '.']) || fs::stat(&folder.join(MANIFEST))?.is_some() {
        return read_folder(&folder, template);
    }
    let Some((_, files)) = BUILT_IN.iter().find(|(name, _)| *name == template) else {
        return Err(NoTemplate::unknown(template).into());
    };
    let file = |(path, content): &(&str, &str)| TemplateFile {
        path: (*path).to_owned(),
        executable: content.starts_with("#!"),
        content: content.as_bytes().to_vec(),
    };
    Ok(files.iter().map(file).collect())
}

fn read_folder(folder: &Path, template: &str) -> Result<Vec<TemplateFile>> {
    if fs::stat(folder)?.is_none_or(|stat| stat.kind != Kind::Folder) {
        return Err(NoTemplate::unknown(template).into());
    }
    let is_left_out = |path: &Path| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| is_tool_folder(name) || name == BYTECODE_FOLDER)
    };
    let mut files = Vec::new();
    for entry in fs::walk(folder, |path| !is_left_out(path))? {
        if entry.kind == Kind::Folder {
            continue;
        }
        let path = entry.path.to_str().map(str::to_owned).filter(|_| entry.kind == Kind::File);
        let Some(path) = path.filter(|path| EntryPath::parse(path).is_ok()) else {
            return Err(NoTemplate::with(
                template,
                format!("`{}` is no file that can be copied", entry.path.display()),
            )
            .into());
        };
        if files.len() >= MOST_FILES {
            return Err(NoTemplate::with(template, format!("it has more than {MOST_FILES} files")).into());
        }
        let place = folder.join(&path);
        let executable = fs::stat(&place)?.is_some_and(|stat| stat.is_executable());
        let content = inputs::read(&place, LARGEST_FILE)?.unwrap_or_default();
        files.push(TemplateFile { path, executable, content });
    }
    Ok(files)
}

/// Returns files with their placeholders filled in, sorted by path.
fn filled(files: Vec<TemplateFile>, name: &PackageName) -> Result<Vec<TemplateFile>> {
    let module = name.without_scope().replace(['-', '.'], "_");
    let fill = |text: &str| text.replace("{{name}}", name.as_str()).replace("{{module}}", &module);
    let mut filled = Vec::with_capacity(files.len());
    for file in files {
        let path = fill(&file.path);
        EntryPath::parse(&path).map_err(|error| NoTemplate::with(&path, error.to_string()))?;
        // What is no text has no placeholders.
        let content = match String::from_utf8(file.content) {
            Ok(text) => fill(&text).into_bytes(),
            Err(data) => data.into_bytes(),
        };
        filled.push(TemplateFile { path, content, ..file });
    }
    filled.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(filled)
}

/// Makes sure that the manifest of a template is one.
fn check(manifest: &TemplateFile) -> std::result::Result<(), ManifestErrors> {
    let text = String::from_utf8_lossy(&manifest.content);
    manifest::parse(MANIFEST, &text, ManifestKind::Package).map(drop)
}

fn is_taken(folder: &Path, path: &str) -> bool {
    fs::lstat(&folder.join(path)).is_ok_and(|stat| stat.is_some())
}

/// A name that no package can have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{0}")]
#[diagnostic(code(larder::init::bad_name), help("name the package: `larder init --template … --name NAME`"))]
struct BadName(String);

impl Failure for BadName {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// Files that are there already.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the template would write what is there already:{}", list(files))]
#[diagnostic(code(larder::init::taken), help("begin in an empty folder, or move these aside"))]
struct Taken {
    files: Vec<String>,
}

impl Failure for Taken {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// What is no template.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{template}` is no template: {reason}")]
#[diagnostic(code(larder::init::no_template), help("{help}"))]
struct NoTemplate {
    template: String,
    reason: String,
    help: String,
}

impl NoTemplate {
    fn with(template: &str, reason: String) -> Self {
        let names: Vec<&str> = BUILT_IN.iter().map(|(name, _)| *name).collect();
        let help = match nearest(template, names.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("larder has {}; any other is the path of a folder, like ./template", names.join(", ")),
        };
        Self { template: template.to_owned(), reason, help }
    }

    fn unknown(template: &str) -> Self {
        Self::with(template, "there is no such folder, and larder has none of this name".to_owned())
    }

    fn without_manifest(template: &str) -> Self {
        Self::with(template, "it has no larder.kdl".to_owned())
    }
}

impl Failure for NoTemplate {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

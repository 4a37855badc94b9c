//! What units of systemd have of a project: names, paths and words, as systemd reads them.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Exit, Failure};
use crate::model::TreeDigest;
use crate::ops::Result;

/// A project, and the larder that works on it, as texts that can stand in a line.
pub(super) struct UnitContext {
    pub(super) root: String,
    pub(super) larder: String,
    /// What tells this project's units from others'.
    pub(super) id: String,
}

impl UnitContext {
    pub(super) fn new(root: &Path, larder: &Path) -> Result<Self> {
        let line = |path: &Path| {
            let text = path.to_str().filter(|text| !text.contains(char::is_control));
            text.map(str::to_owned).ok_or_else(|| NotALine(path.to_owned()))
        };
        let digest = TreeDigest::of(root.as_os_str().as_encoded_bytes()).to_string();
        let digits = &digest[digest.len().saturating_sub(8)..];
        let name = root.file_name().unwrap_or_default().to_string_lossy();
        let name: String = name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
        Ok(Self { root: line(root)?, larder: line(larder)?, id: format!("{name}-{digits}") })
    }
}

/// Returns the project's folder as a setting of a unit has it.
pub(super) fn folder_text(place: &UnitContext) -> String {
    place.root.replace('%', "%%")
}

/// Returns a word of a command line as units of systemd have it.
pub(super) fn unit_word(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"").replace('%', "%%").replace('$', "$$");
    format!("\"{escaped}\"")
}

/// A path that no line can have.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` cannot stand in a line of a unit: it is no text, or has control characters", .0.display())]
#[diagnostic(code(larder::automation::not_a_line))]
struct NotALine(PathBuf);

impl Failure for NotALine {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

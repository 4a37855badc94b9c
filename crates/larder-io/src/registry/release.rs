//! Packages of a project that are released: packed as their registries take them, and sent there once.

use crate::diagnostic::{Exit, Failure};
use crate::fetch::Upload;
use crate::model::Label;
use crate::package::ArchiveFile;

/// A folder that may hold a package.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseFolder<'a> {
    /// Its files, sorted by path.
    pub files: &'a [ArchiveFile],
    /// The commit that is released.
    pub commit: &'a str,
    /// Whether it is no version that everybody should get.
    pub is_prerelease: bool,
}

impl ReleaseFolder<'_> {
    /// Returns the text of a file.
    pub(super) fn text(&self, path: &str) -> Option<&str> {
        let file = self.files.iter().find(|file| file.path.as_str() == path)?;
        std::str::from_utf8(&file.content).ok()
    }
}

/// A package that is packed for a registry.
#[derive(Clone, Debug)]
pub struct PackedRelease {
    /// Its name.
    pub name: String,
    /// Its version, as the registry has it.
    pub version: String,
    /// What is sent: each file once.
    pub uploads: Vec<ReleaseUpload>,
}

/// A file that is sent to a registry.
#[derive(Clone, Debug)]
pub struct ReleaseUpload {
    /// Its name.
    pub file: String,
    /// Its digest, as the registry tells it of what it has.
    pub digest: String,
    /// The path below the registry of the document that tells what it has of the package.
    pub document: String,
    /// How it is sent.
    pub upload: Upload,
}

/// What became of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Uploaded {
    /// The registry took it.
    Added,
    /// The registry had it, with the same content.
    Unchanged,
}

/// A registry that does not take a release.
#[derive(Clone, Debug, thiserror::Error, miette::Diagnostic)]
#[error("registry `{registry}` does not take {file} ({status}): {reason}")]
#[diagnostic(code(larder::release::refused), help("{}", self.help()))]
pub struct UploadRefused {
    /// The registry.
    pub registry: Label,
    /// The file.
    pub file: String,
    /// The status.
    pub status: u16,
    /// What the registry said.
    pub reason: String,
}

impl UploadRefused {
    fn help(&self) -> &'static str {
        match self.status {
            401 => {
                "`larder login` to the registry, or give it a `token` in larder.kdl; then run `larder release` again"
            }
            403 => {
                "the token may not publish this, or the version is there with other content. `larder release` goes on where it stopped"
            }
            400 | 409 | 422 => "a published version never changes: is it there with other content?",
            _ => "run `larder release` again: it goes on where it stopped",
        }
    }
}

impl Failure for UploadRefused {
    fn exit(&self) -> Exit {
        match self.status {
            400 | 409 | 413 | 415 | 422 => Exit::Refused,
            _ => Exit::Network,
        }
    }
}

//! `larder pack`: the archive of a package, or those of the packages of another tool's workspace.

mod workspace;

use std::path::PathBuf;

use serde::Serialize;

use super::packages::{OwnPackage, prepare};
use super::{Context, Result};
use crate::fs::{self, Durability};
use crate::model::Digest;

pub use workspace::{PackWorkspaceOptions, PackedPackage, PackedPackages, pack_workspace};

/// What is asked of `pack`.
#[derive(Clone, Debug, Default)]
pub struct PackOptions {
    /// The folder for the archive, instead of the current one.
    pub out: Option<PathBuf>,
    /// Whether nothing is written.
    pub list_only: bool,
    /// Paths of files that may look like secrets.
    pub allowed_secrets: Vec<String>,
}

/// `larder pack --json`: see `schema/pack.json`.
#[derive(Debug, Serialize)]
pub struct Packed {
    /// The package's name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The archive; `null` if none was written.
    pub file: Option<PathBuf>,
    /// The size of the archive in bytes.
    pub size: u64,
    /// The SHA-256 digest of the archive, in hexadecimal.
    pub sha256: String,
    /// The digest of the files, by which the version is known.
    pub tree: String,
    /// The files, sorted by path.
    pub files: Vec<PackedFile>,
}

/// A file of an archive.
#[derive(Debug, Serialize)]
pub struct PackedFile {
    /// Its path in the package.
    pub path: String,
    /// Its size in bytes.
    pub size: u64,
    /// Whether it may be executed.
    pub executable: bool,
}

/// Packs the package whose folder larder was started in.
pub fn pack(context: &Context<'_>, options: &PackOptions) -> Result<Packed> {
    let own = OwnPackage::of(context)?;
    let prepared = prepare(&own, &options.allowed_secrets)?;
    let archive = prepared.archive();
    let mut file = None;
    if !options.list_only {
        let folder = options.out.as_ref().map_or(context.folder.clone(), |out| context.folder.join(out));
        fs::create_dir_all(&folder)?;
        let path = folder.join(prepared.body.archive_name());
        fs::write_atomic(&path, &archive, Durability::Whole)?;
        file = Some(path);
    }
    let files = prepared.files.iter().map(|file| PackedFile {
        path: file.path.to_string(),
        size: file.content.len() as u64,
        executable: file.executable,
    });
    Ok(Packed {
        name: prepared.body.name.to_string(),
        version: prepared.body.version.to_string(),
        file,
        size: archive.len() as u64,
        sha256: Digest::sha256_of(&archive).to_hex(),
        tree: prepared.body.tree.to_string(),
        files: files.collect(),
    })
}

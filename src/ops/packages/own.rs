//! The package whose folder larder was started in.

use std::path::{Path, PathBuf};

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::manifest::{self, Manifest, ManifestKind, Package, edit};
use crate::model::Catalogs;
use crate::ops::project::{find_root, inputs};
use crate::ops::session::MANIFEST;
use crate::ops::{Context, Result};

/// A package of the checkout.
#[derive(Debug)]
pub(in crate::ops) struct OwnPackage {
    /// Its folder.
    pub(in crate::ops) folder: PathBuf,
    /// Its manifest, as it is packed: it means the same without the project around it.
    pub(in crate::ops) manifest: Manifest,
    /// What it is.
    pub(in crate::ops) package: Package,
}

impl OwnPackage {
    /// Finds the manifest in the folder that larder was started in, or the nearest above it.
    pub(in crate::ops) fn of(context: &Context<'_>) -> Result<Self> {
        let root = find_root(context)?;
        let mut nearest = root.as_path();
        for folder in context.folder.ancestors().take_while(|folder| folder.starts_with(&root)) {
            if fs::stat(&folder.join(MANIFEST))?.is_some() {
                nearest = folder;
                break;
            }
        }
        let file = nearest.strip_prefix(&root).unwrap_or(nearest).join(MANIFEST);
        // The root itself refers to none but its own.
        let catalogs = if nearest == root { Catalogs::default() } else { catalogs(&root)? };
        Self::read(&root, nearest, &catalogs)?.ok_or_else(|| NoPackage { file: file.display().to_string() }.into())
    }

    /// Reads the package in a folder of the project at `root`, whose members refer to `catalogs`. Returns `None` if its manifest has no
    /// `package`.
    pub(in crate::ops) fn read(root: &Path, folder: &Path, catalogs: &Catalogs) -> Result<Option<Self>> {
        let file = folder.strip_prefix(root).unwrap_or(folder).join(MANIFEST).to_string_lossy().into_owned();
        let text = inputs::manifest(&folder.join(MANIFEST))?;
        let mut manifest = if folder == root {
            manifest::parse(&file, &text, ManifestKind::Package)?
        } else {
            manifest::parse(&file, &text, ManifestKind::Member(catalogs))?
        };
        if manifest.package.is_some() && folder != root {
            manifest = manifest::parse(&file, &edit::without_catalogs(&manifest), ManifestKind::Package)?;
        }
        let package = manifest.package.clone();
        Ok(package.map(|package| Self { folder: folder.to_owned(), manifest, package }))
    }
}

/// Returns the catalogs to which the members of a project refer.
fn catalogs(root: &Path) -> Result<Catalogs> {
    let text = inputs::manifest(&root.join(MANIFEST))?;
    Ok(manifest::parse(MANIFEST, &text, ManifestKind::Package)?.catalogs)
}

/// A manifest without a `package`.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{file} says nothing of a package")]
#[diagnostic(
    code(larder::package::none),
    help("add `package \"NAME\" version=\"0.1.0\"` to it, or go to the folder of one")
)]
struct NoPackage {
    file: String,
}

impl Failure for NoPackage {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

//! The manifest that `add` and `remove` change.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability};
use crate::manifest::{self, Manifest, ManifestKind};
use crate::model::Dependent;
use crate::registry::path::PathKind;

use super::{Edit, deployment, inputs};
use crate::ops::session::MANIFEST;
use crate::ops::{Context, Project, Result};

/// The manifest of the member that larder was started in, else the root's.
#[derive(Debug)]
pub(in crate::ops) struct EditTarget {
    /// Its folder, relative to the root; empty for the root.
    folder: Arc<str>,
    /// Its path relative to the root, as messages name it.
    pub file: String,
    /// What it says.
    pub manifest: Manifest,
    path: PathBuf,
    /// The folder of the project.
    root: PathBuf,
}

impl EditTarget {
    /// Finds the manifest.
    pub(in crate::ops) fn of(context: &Context<'_>, project: &Project) -> Result<Self> {
        deployment::refuse(&project.root)?;
        let inside = |folder: &&Arc<str>| context.folder.starts_with(project.root.join(&***folder));
        let Some(folder) = project.members.iter().filter(inside).max_by_key(|folder| folder.len()) else {
            return Ok(Self::root(project));
        };
        let (file, path) = (format!("{folder}/{MANIFEST}"), project.root.join(&**folder).join(MANIFEST));
        let Some(text) = inputs::text(&path)? else {
            return Err(foreign(project, folder)?.into());
        };
        let manifest = manifest::parse(&file, &text, ManifestKind::Member(&project.manifest.catalogs))?;
        Ok(Self { folder: Arc::clone(folder), file, manifest, path, root: project.root.clone() })
    }

    /// Returns the root's manifest.
    pub(in crate::ops) fn root(project: &Project) -> Self {
        Self {
            folder: "".into(),
            file: MANIFEST.to_owned(),
            manifest: project.manifest.clone(),
            path: project.root.join(MANIFEST),
            root: project.root.clone(),
        }
    }

    /// Returns where it lies.
    pub(in crate::ops) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the manifest's text.
    pub(in crate::ops) fn text(&self) -> &str {
        &self.manifest.text
    }

    /// Returns its folder, relative to the root; empty for the root's own.
    pub(in crate::ops) fn folder(&self) -> &str {
        &self.folder
    }

    /// Returns whether this is the root's manifest.
    pub(in crate::ops) fn is_root(&self) -> bool {
        self.folder.is_empty()
    }

    /// Returns who depends on what the manifest names.
    pub(in crate::ops) fn dependent(&self) -> Dependent {
        match &*self.folder {
            "" => Dependent::Project,
            _ => Dependent::Member(Arc::clone(&self.folder)),
        }
    }

    /// Returns what the project would be with this text.
    pub(in crate::ops) fn tried(&self, project: &Project, text: &str) -> Result<Project> {
        project.edited(&Edit { folder: &self.folder, text })
    }

    /// Returns what a message says of where a line was put: nothing for the root's.
    pub(in crate::ops) fn suffix(&self) -> String {
        if self.is_root() { String::new() } else { format!(" of {}", self.file) }
    }
}

/// A manifest and the text that it is to have.
pub(in crate::ops) struct Edited<'a> {
    pub(in crate::ops) target: &'a EditTarget,
    pub(in crate::ops) text: &'a str,
}

impl Edited<'_> {
    /// Writes the text, unless the manifest is not what was edited any more; tells which.
    pub(in crate::ops) fn write(&self) -> Result<bool> {
        let EditTarget { path, manifest, root, .. } = self.target;
        deployment::refuse(root)?;
        let stands = inputs::text(path)?.is_some_and(|text| *text == *manifest.text);
        if stands {
            fs::write_atomic(path, self.text.as_bytes(), Durability::Whole)?;
        }
        Ok(stands)
    }
}

fn foreign(project: &Project, folder: &str) -> Result<ForeignMember> {
    let mut kind = PathKind::PackageJson;
    for other in PathKind::ALL {
        if fs::stat(&project.root.join(folder).join(other.file()))?.is_some() {
            kind = other;
            break;
        }
    }
    Ok(ForeignMember { folder: folder.to_owned(), file: kind.file() })
}

/// A member whose dependencies stand in another tool's manifest.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the member `{folder}` says what it needs in its {file}, which larder does not edit")]
#[diagnostic(
    code(larder::edit::foreign_member),
    help("edit {file} and run `larder sync`; or give the member a larder.kdl; or add to the root, from its folder")
)]
pub(in crate::ops) struct ForeignMember {
    folder: String,
    file: &'static str,
}

impl Failure for ForeignMember {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

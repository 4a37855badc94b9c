//! The packages that a project holds to what publishing asks: its own, and its members'.

use std::path::PathBuf;

use crate::diagnostic::{Exit, Failure, list};
use crate::fs;
use crate::manifest::{self, ManifestKind};
use crate::model::PackageName;
use crate::ops::project::{find_root, inputs, members};
use crate::ops::session::MANIFEST;
use crate::ops::{Context, Error, Result};

use super::OwnPackage;
use super::prepare::{prepare, prepare_checked};

/// The packages of a project, at and below the folder that larder was started in.
#[derive(Debug)]
pub(in crate::ops) struct ProjectPackages {
    /// The project's root.
    pub(in crate::ops) root: PathBuf,
    /// Whether the root is a package and no project.
    pub(in crate::ops) is_alone: bool,
    packages: Vec<OwnPackage>,
}

impl ProjectPackages {
    /// Reads the manifests of the project's root and its members.
    pub(in crate::ops) fn of(context: &Context<'_>) -> Result<Self> {
        let root = find_root(context)?;
        let text = inputs::manifest(&root.join(MANIFEST))?;
        let manifest = manifest::parse(MANIFEST, &text, ManifestKind::Package)?;
        let is_alone = manifest.package.is_some() && manifest.project.is_none() && manifest.members.is_empty();
        let members = members::find(&root, manifest.members.iter().map(|glob| &*glob.value))?;
        let members = members.folders.iter().map(|folder| root.join(&**folder));
        let folders: Vec<PathBuf> = std::iter::once(root.clone()).chain(members).collect();
        let read = fs::map_parallel(&folders, |folder| {
            let is_meant = folder.starts_with(&context.folder) && inputs::text(&folder.join(MANIFEST))?.is_some();
            if is_meant { OwnPackage::read(&root, folder, &manifest.catalogs) } else { Ok(None) }
        })?;
        Ok(Self { root, is_alone, packages: read.into_iter().flatten().collect() })
    }

    /// Holds the packages to all that needs no registry. Returns their names and versions. The assets of those that `has_checked`
    /// knows are not looked at again.
    ///
    /// # Errors
    /// The one that fails; or all that do, in short.
    pub(in crate::ops) fn check(&self, has_checked: &dyn Fn(&PackageName) -> bool) -> Result<Vec<String>> {
        let (mut names, mut failed) = (Vec::new(), Vec::<(String, Error)>::new());
        let asked: Vec<(&OwnPackage, bool)> =
            self.packages.iter().map(|own| (own, has_checked(&own.package.name.value))).collect();
        let prepared = fs::map_parallel(&asked, |&(own, is_checked)| {
            let prepared = if is_checked { prepare_checked(own, &[]) } else { prepare(own, &[]) };
            Ok::<_, Error>(prepared.map(drop))
        })?;
        for ((own, _), prepared) in asked.into_iter().zip(prepared) {
            let name = format!("{} {}", own.package.name.value, own.package.version.value);
            match prepared {
                Ok(()) => names.push(name),
                Err(error) => failed.push((name, error)),
            }
        }
        match &failed[..] {
            [] => Ok(names),
            [(_, error)] => Err(error.clone()),
            _ => {
                let failures = failed.iter().map(|(name, error)| format!("{name}: {}", error.in_short())).collect();
                Err(Unpublishable { failures }.into())
            }
        }
    }
}

/// Packages that could not be published.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{} packages could not be published:{}", failures.len(), list(failures))]
#[diagnostic(
    code(larder::package::unpublishable),
    help("run `larder check` in the folder of one to see all that is wrong with it")
)]
struct Unpublishable {
    failures: Vec<String>,
}

impl Failure for Unpublishable {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

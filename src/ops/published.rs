//! Published versions of private packages, read from the registry that is published to.

use super::registry::target::RegistryTarget;
use super::{Result, Session, registries};
use crate::diagnostic::{Exit, Failure};
use crate::manifest::{self, Manifest, ManifestKind, Registry, RegistryUrl};
use crate::model::{Ecosystem, Label, PackageName};
use crate::ops::session::MANIFEST;
use crate::package::ArchiveFile;
use crate::registry::{CachePolicy, PublishedVersion, Registries, RegistryOptions};

/// Returns the manifest and the files of a published version.
pub(super) fn read(
    session: &Session<'_>,
    target: &RegistryTarget<'_>,
    name: &PackageName,
    version: &semver::Version,
) -> Result<(Manifest, Vec<ArchiveFile>)> {
    let (registries, label) = open(session, target)?;
    let known = registries.published(&label, name)?;
    if !known.iter().any(|one| one.version == *version) {
        return Err(NotPublished::of(name.as_str(), version, &known).into());
    }
    let (_, files) = registries.published_files(&label, name, version)?;
    Ok((manifest_of(&files)?, files))
}

/// Parses the manifest among the files of a package.
pub(super) fn manifest_of(files: &[ArchiveFile]) -> Result<Manifest> {
    let bytes = files.iter().find(|file| file.path.as_str() == MANIFEST).map_or(&[][..], |file| &file.content);
    Ok(manifest::parse(MANIFEST, &String::from_utf8_lossy(bytes), ManifestKind::Package)?)
}

/// Opens the registry that is published to, to read from it.
pub(super) fn open(session: &Session<'_>, target: &RegistryTarget<'_>) -> Result<(Registries, Label)> {
    match target {
        RegistryTarget::Server(project, label) => {
            Ok((registries::open(session, project, CachePolicy::default())?, label.clone()))
        }
        RegistryTarget::Folder(folder) => {
            let url = RegistryUrl::Folder(format!("{}/", folder.root().display()).into());
            let label = Label::unnamed();
            let registry = Registry::new(Ecosystem::PRIVATE, label.clone(), url);
            let client = session.client()?;
            let options = RegistryOptions { registries: vec![registry], client, ..RegistryOptions::default() };
            Ok((Registries::new(options), label))
        }
    }
}

/// A version to compare with that is not there.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{package} {version} is not published")]
#[diagnostic(code(larder::check::not_published), help("{help}"))]
pub(super) struct NotPublished {
    package: String,
    version: String,
    help: String,
}

impl NotPublished {
    pub(super) fn of(package: &str, version: &semver::Version, published: &[PublishedVersion]) -> Self {
        let help = match published.last() {
            Some(newest) => format!("the newest is {}", newest.version),
            None => "the registry has no version of it".to_owned(),
        };
        Self { package: package.to_owned(), version: version.to_string(), help }
    }
}

impl Failure for NotPublished {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

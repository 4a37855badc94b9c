//! The packages of a release, in registries.

use std::path::Path;

use super::PublishedFile;
use super::error::ReleaseError;
use super::planned::PlannedUnit;
use super::record::ReleaseRecord;
use crate::manifest::Registry;
use crate::ops::packages::{OwnPackage, below, read_project};
use crate::ops::project::inputs;
use crate::ops::publish::{PublishOptions, add_to_registry};
use crate::ops::session::MANIFEST;
use crate::ops::{Context, Project, Result, Session, registries};
use crate::registry::{CachePolicy, PackedRelease, Registries, ReleaseFolder, Uploaded};

/// Fails unless each registry is declared and there is something for it.
pub(super) fn check(session: &Session<'_>, root: &Path, record: &ReleaseRecord) -> Result<()> {
    if record.registries.is_empty() {
        return Ok(());
    }
    let project = Project::read(root.to_owned())?;
    let opened = registries::open(session, &project, CachePolicy::default())?;
    for name in &record.registries {
        let registry = declared(&project, name)?;
        let mut found = false;
        for unit in &record.units {
            found |= if registry.ecosystem.is_published_with_larder() {
                own_package(root, unit, &project)?
            } else {
                pack(&opened, registry, root, unit, record)?.is_some()
            };
        }
        if !found {
            return Err(ReleaseError::NothingFor { name: name.clone() }.into());
        }
    }
    Ok(())
}

/// Publishes all of a release that registries do not have.
pub(super) fn publish(session: &Session<'_>, root: &Path, record: &ReleaseRecord) -> Result<Vec<PublishedFile>> {
    let mut published = Vec::new();
    if record.registries.is_empty() {
        return Ok(published);
    }
    let project = Project::read(root.to_owned())?;
    let opened = registries::open(session, &project, CachePolicy::default())?;
    for name in &record.registries {
        let registry = declared(&project, name)?;
        for unit in &record.units {
            if registry.ecosystem.is_published_with_larder() {
                if own_package(root, unit, &project)? {
                    published.push(publish_own(session.context(), root, unit, name, record.sign.as_ref())?);
                }
                continue;
            }
            let Some(packed) = pack(&opened, registry, root, unit, record)? else { continue };
            for upload in &packed.uploads {
                let outcome = match opened.send_release(&registry.name, upload)? {
                    Uploaded::Added => "added",
                    Uploaded::Unchanged => "unchanged",
                };
                published.push(PublishedFile { registry: name.clone(), file: upload.file.clone(), outcome });
            }
        }
    }
    Ok(published)
}

fn declared<'p>(project: &'p Project, name: &str) -> Result<&'p Registry> {
    let registries = &project.manifest.registries;
    let found = registries.iter().find(|registry| registry.name.as_str() == name);
    found.ok_or_else(|| {
        let known: Vec<&str> = registries.iter().map(|registry| registry.name.as_str()).collect();
        ReleaseError::NoRegistry { name: name.to_owned(), help: format!("there are {}", known.join(", ")) }.into()
    })
}

/// Returns whether a unit is a private package.
fn own_package(root: &Path, unit: &PlannedUnit, project: &Project) -> Result<bool> {
    let folder = root.join(&unit.folder);
    if inputs::text(&folder.join(MANIFEST))?.is_none() {
        return Ok(false);
    }
    Ok(OwnPackage::read(root, &folder, &project.manifest.catalogs)?.is_some())
}

fn publish_own(
    context: &Context<'_>,
    root: &Path,
    unit: &PlannedUnit,
    registry: &str,
    sign: Option<&String>,
) -> Result<PublishedFile> {
    let context = Context { folder: root.join(&unit.folder), ..context.clone() };
    let options =
        PublishOptions { registry: Some(registry.to_owned()), sign: sign.cloned(), ..PublishOptions::default() };
    let publication = add_to_registry(&Session::new(&context), &options)?;
    Ok(PublishedFile { registry: registry.to_owned(), file: publication.archive, outcome: publication.outcome })
}

/// Packs a unit for a registry. Returns `None` if it is no package of the registry's ecosystem.
fn pack(
    opened: &Registries,
    registry: &Registry,
    root: &Path,
    unit: &PlannedUnit,
    record: &ReleaseRecord,
) -> Result<Option<PackedRelease>> {
    let folder = root.join(&unit.folder);
    let read = |file: &str| inputs::text(&folder.join(file)).ok().flatten();
    let includes = opened.release_includes(&registry.name, &read)?;
    let files = read_project(&folder, &[], &includes, &[])?;
    let release = ReleaseFolder { files: &files, commit: &record.base, is_prerelease: record.prerelease };
    opened.pack_release(&registry.name, &release)?.map_err(|reason| {
        let folder = below(&unit.folder, "");
        let folder = folder.trim_end_matches('/');
        let folder = if folder.is_empty() { "." } else { folder }.to_owned();
        ReleaseError::NotPackable { folder, registry: registry.name.to_string(), reason }.into()
    })
}

//! The larder.kdl of a local package: its `package` or `project`, its `dependencies` and groups.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::{LocalPackageError, ManifestContext, PathKind, PathPackage, manifest_path, pyproject};
use crate::import::PYTHON_MANIFESTS;
use crate::license;
use crate::manifest::{self, DependencySpec, Manifest};
use crate::model::{Facts, PackageName, Version};
use crate::resolve::{Dependency, DependencyKind};

pub(super) fn read(context: ManifestContext<'_>, text: &str) -> Result<PathPackage, LocalPackageError> {
    let manifest = parse(context, text)?;
    let (name, version) = manifest.identity().unzip();
    let name = context.name(PathKind::LarderKdl, name)?;
    let declared_version = version.flatten().cloned().map(Version::from);
    let stated = manifest.package.as_ref().and_then(|package| package.license.as_deref());
    let stated = stated.or_else(|| manifest.project.as_ref()?.license.as_deref());
    let license = license::package_json(&json!({ "license": stated }));
    let mut warnings = Vec::new();
    let mut dependencies = lines(context, &name, &manifest.dependencies, &mut warnings)?;
    // A folder is there once: it has the features of all who ask for it.
    let features = context.local_packages.features_of(context.folder, &name);
    if let Some(package) = &manifest.package {
        dependencies.extend(lines(context, &name, package.lines_of(features.iter().cloned()), &mut warnings)?);
    }
    let mut groups = BTreeMap::new();
    for group in &manifest.groups {
        groups.insert(group.name.value.clone(), lines(context, &name, &group.dependencies, &mut warnings)?);
    }
    // What Python sees of a half is read when an environment is built.
    let half = manifest.package.as_ref().and_then(|package| package.python.as_ref());
    let files = half.map(|half| PYTHON_MANIFESTS.map(|file| super::join(&half.value, file).to_string()).to_vec());
    Ok(PathPackage {
        seen_as: name.clone(),
        name,
        declared_version,
        license,
        kind: PathKind::LarderKdl,
        dependencies,
        extras: Vec::new(),
        features,
        groups,
        facts: Facts::default(),
        sources: Vec::new(),
        warnings,
        computed_version: None,
        listed: Vec::new(),
        files: files.unwrap_or_default(),
        is_installed: false,
        node: None,
    })
}

pub(super) fn name(context: ManifestContext<'_>, text: &str) -> Result<Option<String>, LocalPackageError> {
    Ok(parse(context, text)?.identity().map(|(name, _)| name.to_owned()))
}

fn parse(context: ManifestContext<'_>, text: &str) -> Result<Manifest, LocalPackageError> {
    let file = manifest_path(context.folder, PathKind::LarderKdl);
    let member = manifest::ManifestKind::Member(&context.local_packages.catalogs);
    let kind = if context.folder.is_empty() { manifest::ManifestKind::Root } else { member };
    manifest::parse(&file, text, kind).map_err(|errors| LocalPackageError::Manifest(Arc::new(errors)))
}

fn lines<'l>(
    context: ManifestContext<'_>,
    dependent: &PackageName,
    dependencies: impl IntoIterator<Item = &'l manifest::DependencyLine>,
    warnings: &mut Vec<String>,
) -> Result<Vec<Dependency>, LocalPackageError> {
    let mut found = Vec::new();
    for dependency in dependencies {
        let kind = if dependency.optional { DependencyKind::Optional } else { DependencyKind::Normal };
        match &dependency.spec {
            DependencySpec::Package(requirement) if dependency.registry.is_some() => {
                found.push(super::dependency(kind, requirement.clone()));
            }
            DependencySpec::Package(requirement) => {
                let resolved = context.resolve(
                    Some(dependent),
                    super::dependency(kind, requirement.clone()),
                    PathKind::LarderKdl,
                )?;
                found.extend(resolved.dependencies);
                warnings.extend(resolved.warning);
            }
            // Its own folder is there with it.
            DependencySpec::Folder(spec) if spec.folder.is_empty() => {}
            DependencySpec::Folder(spec) => {
                let wanted = match &spec.name {
                    Some(name) => context.require_linked(&spec.folder, name)?,
                    None => context.require_folder(&spec.folder, None, PathKind::LarderKdl)?,
                };
                found.push(super::dependency(kind, wanted));
                let folder = super::join(context.folder, &spec.folder);
                found.extend(pyproject::extras(ManifestContext { folder: &folder, ..context }, &spec.extras)?);
            }
        }
    }
    Ok(found)
}

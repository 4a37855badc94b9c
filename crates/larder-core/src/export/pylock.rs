//! `pylock.toml`: the lock file of Python's tools, as PEP 751 has it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::python::{self, ECOSYSTEM, PythonPackage};
use super::{ExportError, ExportInput, Exported};
use crate::model::{Artifact, Origin, PinnedSource, Source, folder_text};

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Pylock {
    lock_version: &'static str,
    environments: Vec<String>,
    requires_python: String,
    created_by: &'static str,
    packages: Vec<PackageTable>,
}

#[derive(Default, Serialize)]
#[serde(rename_all = "kebab-case")]
struct PackageTable {
    name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    requires_python: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vcs: Option<Vcs>,
    #[serde(skip_serializing_if = "Option::is_none")]
    directory: Option<Directory>,
    #[serde(skip_serializing_if = "Option::is_none")]
    archive: Option<File>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sdist: Option<File>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wheels: Vec<File>,
}

#[derive(Serialize)]
struct File {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    hashes: BTreeMap<&'static str, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Vcs {
    r#type: &'static str,
    url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested_revision: Option<String>,
    commit_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    subdirectory: Option<String>,
}

#[derive(Serialize)]
struct Directory {
    path: String,
    editable: bool,
}

/// Writes the Python half of an environment as `pylock.toml`.
pub fn pylock(input: &ExportInput<'_>) -> Result<Exported, ExportError> {
    let packages = python::packages(input)?;
    let document = Pylock {
        lock_version: "1.0",
        environments: environments(input),
        requires_python: python::requires_python(input),
        created_by: "larder",
        packages: packages.iter().map(|package| table(input, package)).collect::<Result<_, _>>()?,
    };
    // Structs of strings can always be written.
    let text = toml::to_string(&document).unwrap_or_default();
    let left_out = input.left_out(ECOSYSTEM, |root| python::is_in(input, root));
    Ok(Exported { text, packages: packages.len(), left_out })
}

fn environments(input: &ExportInput<'_>) -> Vec<String> {
    let mut environments: Vec<String> = input.platforms().into_iter().map(python::environment_marker).collect();
    environments.dedup();
    environments
}

fn table(input: &ExportInput<'_>, package: &PythonPackage<'_>) -> Result<PackageTable, ExportError> {
    let mut table = PackageTable {
        name: package.key.id.name.to_string(),
        marker: package.marker.clone(),
        requires_python: package.package.facts.requires_python.clone(),
        ..PackageTable::default()
    };
    if let Some(folder) = &package.package.folder {
        let path = format!("{}{}", input.base, folder_text(folder));
        // Its version is what its own manifest says.
        table.directory = Some(Directory { path, editable: true });
        return Ok(table);
    }
    table.version = Some(package.key.version.to_string());
    match &package.package.origin {
        Some(Origin::Source(pinned)) => match &pinned.source {
            Source::Git(_) => table.vcs = vcs(pinned),
            Source::Url(_) | Source::File(_) | Source::Archive(_) => {
                table.archive = package.artifacts().next().map(|it| file(input, package, it)).transpose()?;
            }
        },
        Some(Origin::Registry(registry)) => {
            table.index = input.registries.get(registry).cloned();
            for artifact in package.artifacts() {
                let file = file(input, package, artifact)?;
                if artifact.is_wheel() {
                    table.wheels.push(file);
                } else {
                    table.sdist = Some(file);
                }
            }
        }
        None => {}
    }
    Ok(table)
}

fn file(input: &ExportInput<'_>, package: &PythonPackage<'_>, artifact: &Artifact) -> Result<File, ExportError> {
    let digest = package.digest(artifact)?;
    let hashes = BTreeMap::from([(digest.algorithm().as_str(), digest.to_hex())]);
    let source = package.package.origin.as_ref().and_then(Origin::source);
    if let Some(local) = source.and_then(|pinned| pinned.source.local_file()) {
        let path = Some(format!("{}{}", input.base, local.path()));
        return Ok(File { name: None, url: None, path, hashes });
    }
    let url = input.urls.get(&(package.key.clone(), artifact.file.clone())).cloned().unwrap_or_default();
    let name = (url.rsplit('/').next() != Some(&artifact.file)).then(|| artifact.file.clone());
    Ok(File { name, url: Some(url), path: None, hashes })
}

fn vcs(pinned: &PinnedSource) -> Option<Vcs> {
    let (Source::Git(git), Some(commit)) = (&pinned.source, &pinned.commit) else { return None };
    Some(Vcs {
        r#type: "git",
        url: git.repository.as_str().to_owned(),
        requested_revision: git.reference.parts().map(|(_, name)| name.to_owned()),
        commit_id: commit.as_str().to_owned(),
        subdirectory: git.subdirectory.as_ref().map(|folder| folder.as_str().to_owned()),
    })
}

//! Python packages that no registry describes: their own files do.

use std::io::{BufReader, SeekFrom};
use std::path::Path;

use super::file_name::FileName;
use super::tags::WheelTarget;
use super::{lazy_wheel, requirement};
use crate::import::{FileReader, PythonProject, python_project, version_from_history};
use crate::model::{Artifact, CoreMetadata, Facts, PackageKey, PackageName, Platform, Settings, Version};
use crate::registry::platform_metadata::unusable_release;
use crate::registry::source_reader::{PackedSource, Reread, SourceContent, SourceFiles, SourceReader};
use crate::registry::tarball::{file_in_tarball, file_in_zip};
use crate::resolve::Release;

pub(in crate::registry) struct PypiSourceReader;

impl SourceReader for PypiSourceReader {
    fn artifact(&self, name: &PackageName, file: &str) -> Result<Artifact, String> {
        match FileName::parse(name, file) {
            Some(FileName::Wheel(_)) => Ok(Artifact::wheel(file)),
            // Archives of forges are called like the commit.
            _ if file.ends_with(".tar.gz") || is_zip(file) => Ok(Artifact::sdist(file)),
            _ => Err(format!("`{file}` is no name of a wheel or a source distribution of it")),
        }
    }

    fn version(&self, name: &PackageName, artifact: &Artifact, file: &mut dyn Reread) -> Result<Version, String> {
        let no_metadata = || format!("`{}` has no metadata that can be read", artifact.file);
        let bytes = if artifact.is_wheel() {
            lazy_wheel::metadata_of(name, BufReader::new(&mut *file)).ok_or_else(no_metadata)?
        } else {
            let Some(bytes) = file_in_sdist(&artifact.file, "PKG-INFO", &mut *file) else {
                file.seek(SeekFrom::Start(0)).map_err(|error| error.to_string())?;
                let text = file_in_sdist(&artifact.file, "pyproject.toml", &mut *file).ok_or_else(no_metadata)?;
                let text = String::from_utf8_lossy(&text);
                return project_version(name, &|file| (file == "pyproject.toml").then(|| text.to_string()));
            };
            bytes
        };
        let metadata = CoreMetadata::parse(&bytes).map_err(|why| format!("its metadata is invalid: {why}"))?;
        if !PackageName::pypi(&metadata.name).is_ok_and(|own| own == *name) {
            return Err(format!("its metadata calls it `{}`", metadata.name.escape_debug()));
        }
        // A local part may be in the name of a wheel alone.
        let named =
            FileName::parse(name, &artifact.file).and_then(|file| file.version().parse::<pep440_rs::Version>().ok());
        let own: pep440_rs::Version =
            metadata.version.parse().map_err(|_| format!("its version is `{}`", metadata.version.escape_debug()))?;
        match named {
            Some(named) if metadata.is_of(name, &named) => Ok(named.into()),
            Some(named) if artifact.is_wheel() => {
                Err(format!("its metadata is of version {own}, and its name of {named}"))
            }
            _ => Ok(own.into()),
        }
    }

    fn pack(&self, name: &PackageName, files: &dyn SourceFiles) -> Result<PackedSource, String> {
        let read = |file: &str| String::from_utf8(files.read(file)?).ok();
        let project = python_project(&read)?.ok_or("no file of it describes a Python package")?;
        let is_placeholder = project.has_placeholder_version();
        let stated = match project_version(name, &read) {
            Ok(_) if is_placeholder => Err("its version is computed when it is built, from its history".to_owned()),
            stated => stated,
        };
        let version = match (stated, files.locked_version()) {
            // Tags may have come since.
            (Err(_), Some(locked)) => locked.clone(),
            (Err(reason), None) if has_name(&project, name) && (is_placeholder || project.version.is_none()) => {
                let found = version_from_history(&project.document, &read, &|pattern| files.describe(pattern))?;
                found.and_then(|text| text.parse::<pep440_rs::Version>().ok()).ok_or(reason)?.into()
            }
            (version, _) => version?,
        };
        let paths = files.paths();
        let file = format!("{}-{version}.tar.gz", name.as_str().replace('-', "_"));
        let is_pure = !is_placeholder && project.pure_modules(&paths).is_some();
        let artifact = if is_pure { Artifact::source(file) } else { Artifact::sdist(file) };
        Ok(PackedSource { version, artifact, paths: paths.into_iter().map(str::to_owned).collect() })
    }

    fn release(&self, content: &SourceContent<'_>) -> Result<Option<Release>, String> {
        let (package, settings) = (content.package, content.settings);
        let platforms = served_platforms(&package.id.name, content.artifact, settings)?;
        let artifact = Artifact { platforms, ..content.artifact.clone() };
        let metadata = if artifact.is_wheel() { Some(wheel_metadata(content)?) } else { stated_metadata(content)? };
        match metadata {
            Some(metadata) => Ok(self.built_release(package, &artifact, &metadata)),
            None if settings.builds.approves(&package.id, &package.version) => Ok(None),
            None => {
                let reason = "there is no wheel of it, and its source distribution does not state its dependencies";
                let unusable = unusable_release(&package.id.name, &artifact.file, reason.to_owned());
                Ok(Some(Release { lacks_metadata: true, ..unusable }))
            }
        }
    }

    fn built_release(&self, package: &PackageKey, artifact: &Artifact, metadata: &CoreMetadata) -> Option<Release> {
        let dependencies = metadata.requires.iter().map(|text| requirement::dependency(&package.id.name, text));
        Some(Release {
            dependencies: dependencies.collect(),
            extras: metadata.extra_names(),
            artifacts: vec![artifact.clone()],
            facts: Facts { requires_python: metadata.requires_python.clone(), ..Facts::default() },
            ..Release::default()
        })
    }
}

/// Returns whether a file is named as a zip is.
fn is_zip(file: &str) -> bool {
    Path::new(file).extension().is_some_and(|extension| extension == "zip")
}

/// Returns a file of a source distribution called `archive`, which is a gzipped tar or a zip.
fn file_in_sdist(archive: &str, file: &str, bytes: &mut dyn Reread) -> Option<Vec<u8>> {
    if is_zip(archive) { file_in_zip(BufReader::new(bytes), file) } else { file_in_tarball(bytes, file) }
}

/// Returns the metadata of a wheel.
fn wheel_metadata(content: &SourceContent<'_>) -> Result<CoreMetadata, String> {
    let is_metadata = |path: &&str| path.ends_with(".dist-info/METADATA") && path.matches('/').count() == 1;
    let path = content.files.paths().into_iter().find(is_metadata).map(str::to_owned);
    let bytes = path.and_then(|path| content.files.read(&path)).ok_or("the wheel has no METADATA")?;
    CoreMetadata::parse(&bytes).map_err(|why| format!("the wheel's METADATA is invalid: {why}"))
}

/// Returns the metadata that a source distribution states, in its PKG-INFO or in `[project]`. Returns `None` if only a build knows.
fn stated_metadata(content: &SourceContent<'_>) -> Result<Option<CoreMetadata>, String> {
    if let Some(bytes) = content.files.read("PKG-INFO") {
        let metadata = CoreMetadata::parse(&bytes).map_err(|why| format!("its PKG-INFO is invalid: {why}"))?;
        if metadata.is_static() {
            return Ok(Some(metadata));
        }
    }
    let files = |file: &str| String::from_utf8(content.files.read(file)?).ok();
    let project = python_project(&files).map_err(|why| format!("its pyproject.toml cannot be read: {why}"))?;
    Ok(project.filter(|project| project.computed.is_empty()).map(|project| CoreMetadata {
        metadata_version: "2.2".to_owned(),
        name: content.package.id.name.to_string(),
        version: content.package.version.to_string(),
        requires: project.requires_dist(),
        extras: project.optional_dependencies.keys().cloned().collect(),
        requires_python: project.requires_python,
        dynamic: Vec::new(),
    }))
}

/// Returns whether a project calls itself so.
fn has_name(project: &PythonProject, name: &PackageName) -> bool {
    project.name.as_deref().is_some_and(|own| PackageName::pypi(own).is_ok_and(|own| own == *name))
}

/// Compares the name that a project's files state, and returns the version.
fn project_version(name: &PackageName, files: &FileReader<'_>) -> Result<Version, String> {
    let project = python_project(files).map_err(|why| format!("its pyproject.toml cannot be read: {why}"))?;
    let project = project.ok_or("no file of it describes a Python package")?;
    match &project.name {
        Some(own) if PackageName::pypi(own).is_ok_and(|own| own == *name) => {}
        Some(own) => return Err(format!("its pyproject.toml calls it `{}`", own.escape_debug())),
        None => return Err("its pyproject.toml gives it no name".to_owned()),
    }
    let version = project.version.ok_or("its version is computed when it is built, from what is no file of it")?;
    let parsed = version.parse::<pep440_rs::Version>();
    parsed.map(Version::from).map_err(|_| format!("its version is `{}`", version.escape_debug()))
}

/// Returns the declared platforms that an artifact serves; empty if it serves all.
///
/// # Errors
/// The reason why it serves none, as a sentence.
fn served_platforms(name: &PackageName, artifact: &Artifact, settings: &Settings) -> Result<Vec<Platform>, String> {
    let (Some(FileName::Wheel(wheel)), Some(python)) = (FileName::parse(name, &artifact.file), &settings.python) else {
        return Ok(Vec::new());
    };
    let is_served = |target: &WheelTarget| target.rank(&wheel).is_some();
    let targets = settings.platforms.iter().map(|target| WheelTarget::new(target.clone(), python.clone()));
    let mut served: Vec<Platform> = targets.filter(is_served).map(|target| target.platform()).collect();
    served.sort();
    if served.is_empty() {
        return Err(format!("`{}` is made for none of the declared platforms with Python {python}", artifact.file));
    }
    Ok(if served.len() == settings.platforms.len() { Vec::new() } else { served })
}

//! Python's lockfiles, all of them lists of packages in TOML: uv's, Poetry's, PDM's, and pylock.toml (PEP 751).

use serde::Deserialize;
use toml::{Table, Value};

use crate::model::{Algorithm, Digest, ExtraName, LocalFile, Marker, Settings};

use super::UnreadableLock;
use super::places::LockedPlace;
use super::versions::LockedVersions;

#[derive(Deserialize)]
struct PythonLock {
    #[serde(default, alias = "packages")]
    package: Vec<PythonLockPackage>,
}

#[derive(Deserialize)]
struct PythonLockPackage {
    name: String,
    version: Option<String>,
    /// Where it is from: a table of uv's or Poetry's.
    source: Option<Table>,
    /// A condition of the whole package (PEP 751, PDM; Poetry calls it `markers`). Poetry has a table where groups differ.
    #[serde(default, alias = "markers")]
    marker: Option<Value>,
    /// uv's conditions, of which one holds.
    #[serde(default, rename = "resolution-markers")]
    resolution_markers: Vec<String>,
    #[serde(default)]
    files: Vec<File>,
    #[serde(default)]
    wheels: Vec<File>,
    sdist: Option<File>,
    /// Those of PEP 751 and PDM that are from no index.
    git: Option<Value>,
    vcs: Option<Value>,
    directory: Option<Value>,
    archive: Option<File>,
    path: Option<Value>,
    url: Option<Value>,
    /// The index, in a pylock.toml.
    index: Option<String>,
}

#[derive(Deserialize)]
struct File {
    #[serde(alias = "file", alias = "filename")]
    name: Option<String>,
    url: Option<String>,
    path: Option<String>,
    hash: Option<String>,
    #[serde(default)]
    hashes: Table,
}

/// Reads a lockfile. A version counts where its conditions may hold on a platform of the project.
pub(super) fn read(text: &str, settings: &Settings, found: &mut LockedVersions) -> Result<(), UnreadableLock> {
    let lock: PythonLock = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    for package in &lock.package {
        let is_taken = package.is_from_index() || package.is_local_archive();
        let (Some(version), true) = (&package.version, is_taken) else { continue };
        if !package.may_hold(settings) {
            continue;
        }
        let Some(key) = found.add_pypi(&package.name, version) else { continue };
        if let Some(place) = package.place() {
            found.add_place(&key, place);
        }
        let files = || package.files.iter().chain(&package.wheels);
        let is_source = |file: &File| file.name().is_some_and(|name| name.rsplit('.').next() != Some("whl"));
        if (package.sdist.is_some() || files().next().is_some()) && files().all(is_source) {
            found.add_source_only(&key);
        }
        let archive = package.archive.iter().filter(|_| package.is_local_archive());
        for file in package.files.iter().chain(&package.wheels).chain(&package.sdist).chain(archive) {
            if let (Some(name), Some(digest)) = (file.name(), file.digest()) {
                found.add_digest(&key, Some(name), digest);
            }
        }
    }
    Ok(())
}

impl PythonLockPackage {
    fn is_from_index(&self) -> bool {
        let elsewhere = [&self.git, &self.vcs, &self.directory, &self.path, &self.url];
        let source = |table: &Table| {
            // uv names the kind by its key, Poetry by `type`.
            table.contains_key("registry") || table.get("type").and_then(Value::as_str) == Some("legacy")
        };
        elsewhere.iter().all(|source| source.is_none())
            && self.archive.is_none()
            && self.source.as_ref().is_none_or(source)
    }

    /// Returns the index that it is from, or where its files are if no index is named.
    fn place(&self) -> Option<LockedPlace> {
        if !self.is_from_index() {
            return None;
        }
        let of_source =
            || self.source.as_ref().and_then(|source| source.get("registry").or_else(|| source.get("url"))?.as_str());
        let index = self.index.as_deref().or_else(of_source);
        // PDM has digests as `hash`, and so has uv, which names the index of each package.
        let of_pylock = self.wheels.iter().chain(&self.sdist).filter(|file| !file.hashes.is_empty());
        let mut files = self.files.iter().chain(of_pylock).filter_map(|file| file.url.as_deref());
        index.map(LockedPlace::of_index).or_else(|| files.find_map(LockedPlace::of_file))
    }

    /// Returns whether it is a wheel or a source distribution of the checkout: `path` of uv's source, of PDM and of PEP 751, a `file` of
    /// Poetry's.
    fn is_local_archive(&self) -> bool {
        let of_uv = || self.source.as_ref()?.get("path")?.as_str();
        let of_poetry = || {
            let source = self.source.as_ref()?;
            source.get("type").filter(|kind| kind.as_str() == Some("file"))?;
            source.get("url")?.as_str()
        };
        let of_pdm = || self.path.as_ref()?.as_str();
        let of_pylock = || self.archive.as_ref()?.path.as_deref();
        let path = of_uv().or_else(of_poetry).or_else(of_pdm).or_else(of_pylock);
        path.is_some_and(LocalFile::is_python_archive)
    }

    fn may_hold(&self, settings: &Settings) -> bool {
        let Some(python) = &settings.python else { return true };
        let holds = |text: &str| match text.parse::<Marker>() {
            // Which extras of the project are installed, the lockfile does not say: it has what each of them needs.
            Ok(marker) => {
                let extras: Vec<ExtraName> = marker.extras().into_iter().collect();
                let holds = |platform, extras| marker.holds(platform, python, extras);
                let mut platforms = settings.platforms.iter().map(|target| target.platform);
                platforms.any(|platform| holds(platform, &[]) || holds(platform, &extras))
            }
            // A condition that cannot be read excludes nothing.
            Err(_) => true,
        };
        self.marker.as_ref().and_then(Value::as_str).is_none_or(holds)
            && (self.resolution_markers.is_empty() || self.resolution_markers.iter().any(|text| holds(text)))
    }
}

impl File {
    fn name(&self) -> Option<&str> {
        let of_url = || self.url.as_deref()?.split(['?', '#']).next()?.rsplit('/').next();
        let of_path = || self.path.as_deref()?.rsplit('/').next();
        self.name.as_deref().or_else(of_path).or_else(of_url)
    }

    fn digest(&self) -> Option<Digest> {
        let sha256 = self.hash.as_deref().and_then(|hash| hash.strip_prefix("sha256:"));
        let hex = sha256.or_else(|| self.hashes.get("sha256")?.as_str())?;
        Digest::from_hex(Algorithm::Sha256, hex).ok()
    }
}

//! The listing of a Python package: its decoded index page, and the metadata of its files.

use std::sync::Arc;

use super::file_name::{FileName, WheelName};
use super::page::MetadataAdvert;
use super::pep658::MetadataAvailability;
use super::record::{self, FileRecord};
use super::tags::{Rank, WheelTarget};
use super::{lazy_wheel, location, requirement};
use crate::diagnostic::Failure;
use crate::fetch::{Encoding, FullResponse, Request, RequestError, RequestTarget};
use crate::model::{
    Artifact, BuildRules, CoreMetadata, Digest, Ecosystem, Facts, PackageId, PackageKey, PackageName, Platform,
    Settings, TargetPlatform, TimeLimits, Url, Version,
};
use crate::registry::RegistryError;
use crate::registry::client::{FileLocation, RegistryClient};
use crate::registry::listing_record::ListingRecord;
use crate::registry::platform_metadata::{self, ArtifactMetadata, DeclaredDependencies, MetadataQuery};
use crate::registry::protocol::{PackageListing, ReleaseError};
use crate::resolve::{Candidate, PlatformSet, Release, UnbuiltRelease, Versions};

/// The listing of a Python package.
pub(in crate::registry) struct PypiListing {
    name: PackageName,
    client: RegistryClient,
    availability: Arc<MetadataAvailability>,
    record: ListingRecord,
    spans: Vec<(u32, u32)>,
    filter: ListingFilter,
    versions: Arc<Versions>,
}

/// Selects the files of an index page that count: by interpreter, and by upload time.
#[derive(Clone)]
pub(super) struct ListingFilter {
    interpreters: Vec<WheelTarget>,
    /// A file without an upload time does not count for `released-before`.
    limits: TimeLimits,
    /// Whether a file without an upload time is old enough for `age`.
    admits_unknown_age: bool,
    /// Which source distributions may be built: those serve the platforms for which there is no wheel.
    builds: BuildRules,
}

/// A file with its parsed name.
struct ListedFile<'a> {
    file: FileRecord<'a>,
    name: FileName<'a>,
}

impl ListingFilter {
    /// Creates the filter for the files of a package.
    pub(super) fn new(client: &RegistryClient, name: &PackageName, settings: &Settings) -> Self {
        let python = settings.python.as_ref();
        let interpreter = |target: &TargetPlatform| Some(WheelTarget::new(target.clone(), python?.clone()));
        Self {
            interpreters: settings.platforms.iter().filter_map(interpreter).collect(),
            limits: settings.time_limits(&PackageId::new(Ecosystem::Pypi, name.clone())),
            admits_unknown_age: client.admits_unknown_age,
            builds: settings.builds.clone(),
        }
    }

    /// Decodes the versions of a record. Versions without a file that counts are left out.
    fn versions(&self, package: &PackageName, record: &[u8]) -> Option<(Versions, Vec<(u32, u32)>)> {
        let (pythons, records) = record::decode(record)?;
        let pythons: Vec<_> = pythons.into_iter().map(requirement::specifiers).collect();
        let mut versions = Versions::default();
        let mut spans = Vec::with_capacity(records.len());
        for version in records {
            let bytes = record.get(version.start as usize..)?.get(..version.length as usize)?;
            let files = self.files(package, bytes)?;
            let Some(first) = files.first() else {
                if let Some(candidate) = self.too_recent(package, version.text, bytes)? {
                    versions.candidates.push(candidate);
                    spans.push((version.start, version.length));
                }
                continue;
            };
            let mut wheels = PlatformSet::NONE;
            for interpreter in &self.interpreters {
                if files.iter().any(|listed| listed.rank(interpreter).is_some()) {
                    wheels.insert(interpreter.platform());
                }
            }
            let python = |listed: &ListedFile<'_>| pythons.get(listed.file.python? as usize)?.clone();
            let parsed = version.text.parse::<pep440_rs::Version>().ok()?;
            if self.buildable(package, &parsed, &files).is_some() {
                self.interpreters.iter().for_each(|interpreter| wheels.insert(interpreter.platform()));
            }
            let of_wheel = files.iter().filter(|listed| listed.wheel().is_some()).find_map(python);
            let published = files.iter().filter_map(|listed| listed.file.published()).min();
            versions.candidates.push(Candidate {
                yanked: first.file.yanked,
                requires_python: of_wheel.or_else(|| files.iter().find_map(python)),
                published,
                wheels,
                sdist: files.iter().any(|listed| listed.wheel().is_none()),
                ..Candidate::new(parsed.into())
            });
            spans.push((version.start, version.length));
        }
        Some((versions, spans))
    }

    /// Returns the source distribution of a version, if the manifest lets it be built.
    fn buildable<'f, 'a>(
        &self,
        package: &PackageName,
        version: &pep440_rs::Version,
        files: &'f [ListedFile<'a>],
    ) -> Option<&'f ListedFile<'a>> {
        if self.builds.approvals.is_empty() || !self.builds.approves_source(package, &version.clone().into()) {
            return None;
        }
        // PEP 625 demands a gzipped tar; older ones may be zips.
        let of_form = |form: &str| files.iter().find(|file| file.wheel().is_none() && file.file.name.ends_with(form));
        of_form(".tar.gz").or_else(|| of_form(".zip"))
    }

    /// Returns a version without a file that is old enough, if it has any files. It is listed so that errors can mention it, and
    /// cannot be installed.
    #[expect(
        clippy::option_option,
        reason = "outside: whether the record is intact; inside: whether there is such a version"
    )]
    fn too_recent(&self, package: &PackageName, version: &str, bytes: &[u8]) -> Option<Option<Candidate>> {
        let whenever = Self { limits: TimeLimits::default(), ..self.clone() };
        let files = whenever.files(package, bytes)?;
        let Some(first) = files.first() else { return Some(None) };
        let published = files.iter().filter_map(|listed| listed.file.published()).min();
        Some(Some(Candidate {
            yanked: first.file.yanked,
            published,
            wheels: PlatformSet::NONE,
            ..Candidate::new(version.parse::<pep440_rs::Version>().ok()?.into())
        }))
    }

    /// Returns the files of a version that count: those that are old enough, and yanked ones only if all are yanked. If no file is old
    /// enough for `age`, all are returned, since a lock may have the version. Returns `None` if the record is damaged.
    fn files<'a>(&self, package: &PackageName, bytes: &'a [u8]) -> Option<Vec<ListedFile<'a>>> {
        let limits = &self.limits;
        let in_time = |file: &FileRecord<'_>| limits.are_none() || limits.is_released_before(file.published());
        let mut files: Vec<ListedFile<'a>> = record::files(bytes)?
            .into_iter()
            .filter(in_time)
            .filter_map(|file| Some(ListedFile { name: FileName::parse(package, file.name)?, file }))
            .collect();
        if limits.cutoff().is_some() {
            let is_old_enough = |listed: &ListedFile<'a>| match listed.file.published() {
                None => self.admits_unknown_age,
                published => limits.is_old_enough(published),
            };
            if files.iter().any(is_old_enough) {
                files.retain(is_old_enough);
            }
        }
        if files.iter().any(|listed| !listed.file.yanked) {
            files.retain(|listed| !listed.file.yanked);
        }
        Some(files)
    }
}

impl ListedFile<'_> {
    fn wheel(&self) -> Option<&WheelName<'_>> {
        match &self.name {
            FileName::Wheel(wheel) => Some(wheel),
            FileName::Sdist { .. } => None,
        }
    }

    fn rank(&self, interpreter: &WheelTarget) -> Option<Rank> {
        interpreter.rank(self.wheel()?)
    }
}

impl PypiListing {
    /// Decodes a record. Returns `None` if the record is damaged.
    pub(super) fn decode(
        client: &RegistryClient,
        availability: &Arc<MetadataAvailability>,
        name: &PackageName,
        filter: &ListingFilter,
        record: ListingRecord,
    ) -> Option<Self> {
        let (mut versions, spans) = filter.versions(name, record.header())?;
        versions.origin = Some(client.name().into());
        versions.cached = client.is_cached(&record);
        client.note_unknown_ages(&mut versions);
        Some(Self {
            name: name.clone(),
            client: client.clone(),
            availability: Arc::clone(availability),
            record,
            spans,
            filter: filter.clone(),
            versions: Arc::new(versions),
        })
    }

    /// Returns the release of a version. Returns `None` if the ordinal is out of bounds or the record is damaged.
    fn read(&self, ordinal: u32) -> Result<Option<Release>, ReleaseError> {
        let Some((version, files)) = self.files(ordinal) else { return Ok(None) };
        let mut artifacts: Vec<Artifact> = Vec::new();
        let mut source = None;
        for interpreter in &self.filter.interpreters {
            let best =
                files.iter().filter_map(|listed| Some((listed.rank(interpreter)?, listed))).min_by(|(a, x), (b, y)| {
                    let build = |listed: &ListedFile<'_>| {
                        listed.wheel().and_then(|wheel| wheel.build).map(|(n, s)| (n, s.to_owned()))
                    };
                    a.cmp(b).then_with(|| build(y).cmp(&build(x))).then_with(|| x.file.name.cmp(y.file.name))
                });
            let Some((_, listed)) = best else { continue };
            source.get_or_insert(listed);
            match artifacts.iter_mut().find(|artifact| artifact.file == listed.file.name) {
                Some(artifact) => artifact.platforms.push(interpreter.platform()),
                None => artifacts.push(Artifact {
                    platforms: vec![interpreter.platform()],
                    ..self.artifact(Artifact::wheel(listed.file.name), &listed.file)
                }),
            }
        }
        for artifact in &mut artifacts {
            artifact.platforms.sort();
            if artifact.platforms.len() == self.filter.interpreters.len() {
                artifact.platforms.clear();
            }
        }
        artifacts.sort();
        let buildable = self.filter.buildable(&self.name, version, &files);
        let sdist = buildable.or_else(|| files.iter().find(|listed| listed.wheel().is_none()));
        if let Some(sdist) = sdist.filter(|_| artifacts.is_empty()) {
            artifacts.push(self.artifact(Artifact::sdist(sdist.file.name), &sdist.file));
        } else if let Some(sdist) = buildable {
            let served = |platform: &Platform| {
                artifacts.iter().any(|one| one.platforms.is_empty() || one.platforms.contains(platform))
            };
            let mut platforms: Vec<Platform> = self
                .filter
                .interpreters
                .iter()
                .map(WheelTarget::platform)
                .filter(|platform| !served(platform))
                .collect();
            platforms.sort();
            if !platforms.is_empty() {
                artifacts.push(Artifact { platforms, ..self.artifact(Artifact::sdist(sdist.file.name), &sdist.file) });
            }
        }
        // A wheel for another platform has the same metadata as the source distribution, and needs no build.
        let source = source.or_else(|| files.iter().find(|listed| listed.wheel().is_some())).or(sdist);
        let Some(source) = source else { return Ok(None) };
        let metadata = match self.metadata(source, version)? {
            Ok(metadata) => metadata,
            Err(_) if source.wheel().is_none() && buildable.is_some() => match self.built_metadata(source, version) {
                Some(metadata) => metadata,
                None => return Err(ReleaseError::Unbuilt(Box::new(self.unbuilt(source, version)))),
            },
            Err(reason) => {
                let unusable = platform_metadata::unusable_release(&self.name, source.file.name, reason);
                return Ok(Some(Release { lacks_metadata: source.wheel().is_none(), ..unusable }));
            }
        };
        let DeclaredDependencies { dependencies, extras } = self.declared_dependencies(&metadata);
        Ok(Some(Release {
            dependencies,
            extras,
            artifacts,
            facts: Facts {
                requires_python: metadata.requires_python.clone(),
                yanked: files.iter().all(|listed| listed.file.yanked),
                ..Facts::default()
            },
            ..Release::default()
        }))
    }

    fn files(&self, ordinal: u32) -> Option<(&pep440_rs::Version, Vec<ListedFile<'_>>)> {
        let version = self.versions.candidates.get(ordinal as usize)?.version.as_pypi()?;
        let (start, length) = *self.spans.get(ordinal as usize)?;
        Some((version, self.filter.files(&self.name, self.part(start, length)?)?))
    }

    fn part(&self, start: u32, length: u32) -> Option<&[u8]> {
        self.record.header().get(start as usize..)?.get(..length as usize)
    }

    fn artifact(&self, listed: Artifact, file: &FileRecord<'_>) -> Artifact {
        let location = location::hint(&file.url(), &self.record.provenance.url, &self.client.endpoint);
        Artifact { digest: file.digest(), location, ..listed }
    }

    /// Returns the dependencies that a wheel declares, if its metadata is in the cache.
    fn cached_dependencies(&self, ordinal: u32, wheel: &str) -> Option<ArtifactMetadata> {
        let (version, files) = self.files(ordinal)?;
        let listed = files.iter().find(|listed| listed.file.name == wheel)?;
        self.cached_metadata(listed, version).map(|metadata| Ok(self.declared_dependencies(&metadata)))
    }

    /// Returns the dependencies that a wheel declares, from the cache or the registry.
    fn fetch_dependencies(&self, ordinal: u32, wheel: &str) -> Result<ArtifactMetadata, Arc<dyn Failure>> {
        let found = self.files(ordinal);
        let listed = found
            .as_ref()
            .and_then(|(version, files)| Some((*version, files.iter().find(|listed| listed.file.name == wheel)?)));
        match listed {
            Some((version, listed)) => {
                Ok(self.metadata(listed, version)?.map(|metadata| self.declared_dependencies(&metadata)))
            }
            None => Ok(Err("the index does not list it any more".to_owned())),
        }
    }

    fn declared_dependencies(&self, metadata: &CoreMetadata) -> DeclaredDependencies {
        let dependencies = metadata.requires.iter().map(|text| requirement::dependency(&self.name, text));
        DeclaredDependencies { dependencies: dependencies.collect(), extras: metadata.extra_names() }
    }

    /// Returns a file's metadata, or the reason why it has none that can be used. The metadata of a file never changes, so the cache
    /// keeps it by the file's digest.
    fn metadata(
        &self,
        listed: &ListedFile<'_>,
        version: &pep440_rs::Version,
    ) -> Result<Result<CoreMetadata, String>, Arc<dyn Failure>> {
        if let Some(metadata) = self.cached_metadata(listed, version) {
            return Ok(Ok(metadata));
        }
        let found = if listed.wheel().is_some() {
            match self.pep658_metadata(&listed.file)? {
                Some(metadata) => Ok(metadata),
                None => {
                    match lazy_wheel::from_wheel(&self.client, &self.name, &listed.file, &self.record.provenance.url)? {
                        Some(bytes) => {
                            CoreMetadata::parse(&bytes).map_err(|why| format!("the wheel's METADATA is invalid: {why}"))
                        }
                        None => Err("the wheel has no METADATA that can be read".to_owned()),
                    }
                }
            }
        } else {
            self.static_metadata(&listed.file).map_err(failure)?
        };
        let Ok(metadata) = &found else { return Ok(found) };
        if !metadata.is_of(&self.name, version) {
            let file = listed.file.name.to_owned();
            let answered = format!("{} {}", metadata.name.escape_debug(), metadata.version.escape_debug());
            if PackageName::pypi(&metadata.name).is_ok_and(|name| name == self.name) {
                return Ok(Err(format!("the metadata of its {file} is of {answered}")));
            }
            let (registry, package) = (self.client.name().clone(), format!("{} {version}", self.name));
            return Err(Arc::new(RegistryError::WrongMetadata { registry, package, file, answered }));
        }
        if let Some(digest) = listed.file.digest() {
            self.client.cache.store_release(&digest.to_hex(), metadata.render().as_bytes());
        }
        Ok(found)
    }

    /// Returns the metadata that a build made of a source distribution which does not state its dependencies.
    fn built_metadata(&self, sdist: &ListedFile<'_>, version: &pep440_rs::Version) -> Option<CoreMetadata> {
        let bytes = self.client.cache.built_metadata(sdist.file.name, sdist.file.digest().as_ref())?;
        CoreMetadata::parse(&bytes).ok().filter(|metadata| metadata.is_of(&self.name, version))
    }

    fn unbuilt(&self, sdist: &ListedFile<'_>, version: &pep440_rs::Version) -> UnbuiltRelease {
        UnbuiltRelease {
            package: PackageKey {
                id: PackageId::new(Ecosystem::Pypi, self.name.clone()),
                version: version.clone().into(),
            },
            origin: self.client.name().into(),
            sdist: self.artifact(Artifact::sdist(sdist.file.name), &sdist.file),
        }
    }

    /// Returns a file's metadata from the cache.
    fn cached_metadata(&self, listed: &ListedFile<'_>, version: &pep440_rs::Version) -> Option<CoreMetadata> {
        let bytes = self.client.cache.release(&listed.file.digest()?.to_hex())?;
        CoreMetadata::parse(&bytes).ok().filter(|metadata| metadata.is_of(&self.name, version))
    }

    /// Fetches `<file>.metadata` (PEP 658), if it is advertised or likely to exist. Returns `None` if there is none that can be
    /// used.
    fn pep658_metadata(&self, file: &FileRecord<'_>) -> Result<Option<CoreMetadata>, Arc<dyn Failure>> {
        let advertised = file.metadata();
        if advertised == MetadataAdvert::No && !self.availability.wheels.is_likely() {
            return Ok(None);
        }
        let url = file.url();
        let bare = url.split(['?', '#']).next().unwrap_or_default();
        let target = format!("{bare}.metadata");
        let stated_by = Some(&*self.record.provenance.url);
        let request = Request { target: RequestTarget::At(&target), stated_by, ..Request::default() };
        let at_mirror = self.at_mirror(&target).map(Ok);
        let metadata = match at_mirror.unwrap_or_else(|| self.client.http.read(&self.client.endpoint, &request)) {
            Ok(document) => {
                let promised = match &advertised {
                    MetadataAdvert::Hashed(digest) => digest.is_of(&document.bytes),
                    _ => true,
                };
                CoreMetadata::parse(&document.bytes).ok().filter(|_| promised)
            }
            Err(
                RequestError::NotFound { .. }
                | RequestError::Forbidden { .. }
                | RequestError::Unauthorized { .. }
                | RequestError::OutsideRegistry { .. },
            ) => None,
            // The file was not advertised, so any failure means that it does not exist.
            Err(RequestError::Status { .. } | RequestError::Refused { .. }) if advertised == MetadataAdvert::No => None,
            Err(error) => return Err(failure(error)),
        };
        match metadata {
            Some(_) => self.availability.wheels.record_success(),
            None => self.availability.wheels.record_failure(),
        }
        Ok(metadata)
    }

    /// Reads a file from a mirror whose page places it on the public index's host.
    fn at_mirror(&self, url: &str) -> Option<FullResponse> {
        let url = url.parse().ok()?;
        let path =
            location::mirrored_path(&url, &self.client.endpoint).filter(|_| self.availability.mirrored.is_likely())?;
        let request = Request { target: RequestTarget::Beside(path), ..Request::default() };
        let document = self.client.http.read(&self.client.endpoint, &request);
        match document {
            Ok(_) => self.availability.mirrored.record_success(),
            Err(_) => self.availability.mirrored.record_failure(),
        }
        document.ok()
    }

    /// Returns what a source distribution states of itself. That it does not state its dependencies is kept in the cache too: else
    /// each solve would read the archive again.
    fn static_metadata(&self, file: &FileRecord<'_>) -> Result<Result<CoreMetadata, String>, RequestError> {
        const UNSTATED: &str = "does not state its dependencies";

        let no_wheel = |why: &str| Ok(Err(format!("there is no wheel of it, and its source distribution {why}")));
        let (url, digest) = (file.url(), file.digest());
        // Zips are older than static metadata.
        let is_zip = url.parse::<Url>().is_ok_and(|url| url.path().ends_with("zip"));
        if is_zip || digest.as_ref().is_some_and(|digest| self.client.cache.is_unstated(digest)) {
            return no_wheel(UNSTATED);
        }
        let (target, stated_by) = (RequestTarget::At(&url), Some(&*self.record.provenance.url));
        let request = Request { target, stated_by, encoding: Encoding::Identity, ..Request::default() };
        let response = self.client.http.get(&self.client.endpoint, &request)?;
        let Some(bytes) = lazy_wheel::from_sdist(response.body) else {
            return no_wheel("has no PKG-INFO that can be read");
        };
        match CoreMetadata::parse(&bytes) {
            Ok(metadata) if metadata.is_static() => Ok(Ok(metadata)),
            Ok(_) => {
                if let Some(digest) = &digest {
                    self.client.cache.store_unstated(digest);
                }
                no_wheel(UNSTATED)
            }
            Err(why) => no_wheel(&format!("has an invalid PKG-INFO: {why}")),
        }
    }
}

impl PackageListing for PypiListing {
    fn versions(&self) -> &Arc<Versions> {
        &self.versions
    }

    fn release(&self, ordinal: u32) -> Result<Release, ReleaseError> {
        self.read(ordinal)?.ok_or(ReleaseError::Unusable(None))
    }

    fn oldest_system(&self, ordinal: u32, platform: Platform) -> Option<(u32, u32)> {
        let interpreter = self.filter.interpreters.iter().find(|interpreter| interpreter.platform() == platform)?;
        let (_, files) = self.files(ordinal)?;
        files.iter().filter_map(|listed| interpreter.oldest_system(listed.wheel()?)).min()
    }

    fn digests(&self, (_, ordinal): (&Version, u32), _: &Release, file: &str) -> Option<Vec<Digest>> {
        // All files of the version count, even those that are not chosen or were yanked.
        let (start, length) = *self.spans.get(ordinal as usize)?;
        let files = record::files(self.part(start, length)?)?;
        files.into_iter().find(|record| record.name == file).map(|record| record.digest().into_iter().collect())
    }

    fn file_location(&self, _: &Version, file: &str) -> Option<FileLocation> {
        let parts = self.spans.iter().filter_map(|(start, length)| self.part(*start, *length));
        let url = parts.filter_map(record::files).flatten().find(|record| record.name == file)?.url();
        let document = &self.record.provenance.url;
        let hint = location::hint(&url, document, &self.client.endpoint);
        Some(FileLocation { url, document: document.clone(), hint, is_cached: self.versions.cached })
    }

    /// Returns the wheels for `platforms` whose metadata may differ from that of the wheel that `release` was made from. Wheels whose
    /// index states the same digest of the metadata are left out.
    fn metadata_queries(&self, ordinal: u32, release: &Release, platforms: PlatformSet) -> Vec<MetadataQuery<'_>> {
        let wheels = || release.artifacts.iter().filter(|artifact| artifact.is_wheel());
        let first = self.filter.interpreters.iter().find_map(|interpreter| {
            wheels().find(|wheel| wheel.platforms.is_empty() || wheel.platforms.contains(&interpreter.platform()))
        });
        let Some(first) = first.filter(|_| wheels().count() > 1) else { return Vec::new() };
        let Some((_, files)) = self.files(ordinal) else { return Vec::new() };
        let metadata_digest = |wheel: &Artifact| {
            let listed = files.iter().find(|listed| listed.file.name == wheel.file)?;
            listed.file.metadata().digest()
        };
        let first_digest = metadata_digest(first);
        wheels()
            .filter(|wheel| {
                wheel.file != first.file && (first_digest.is_none() || metadata_digest(wheel) != first_digest)
            })
            .map(|wheel| {
                let serves = wheel.platforms.iter().fold(PlatformSet::NONE, |all, &one| all.union(one.into()));
                (wheel.file.clone(), serves.intersection(platforms))
            })
            .filter(|(_, platforms)| *platforms != PlatformSet::NONE)
            .map(|(file, platforms)| {
                let (metadata, wheel) = (self.cached_dependencies(ordinal, &file), file.clone());
                let fetch = Box::new(move || self.fetch_dependencies(ordinal, &wheel));
                MetadataQuery { file, platforms, metadata, fetch }
            })
            .collect()
    }
}

fn failure(error: RequestError) -> Arc<dyn Failure> {
    Arc::new(error)
}

#[cfg(test)]
mod tests;

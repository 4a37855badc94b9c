//! What a Python index says of one package, and the metadata of its files.

use std::sync::Arc;

use super::beside::MetadataBeside;
use super::file_name::{FileName, WheelName};
use super::page::Advertised;
use super::record::{self, FileRecord};
use super::tags::{Interpreter, Rank};
use super::{location, requirement, tail};
use crate::diagnostic::Failure;
use crate::fetch::{Document, Encoding, Request, RequestError, Target};
use crate::model::{
    Artifact, CoreMetadata, Digest, Facts, PackageName, Platform, Settings, TargetPlatform, Url, Version,
};
use crate::registry::RegistryError;
use crate::registry::by_platform::{self, Needs, Question, Said};
use crate::registry::kept::Record;
use crate::registry::listing::{Served, Stated};
use crate::registry::protocol::{self, NoRelease};
use crate::resolve::{Candidate, PlatformSet, Release, Versions};

/// What a registry says of one package.
pub(in crate::registry) struct Listing {
    name: PackageName,
    served: Served,
    beside: Arc<MetadataBeside>,
    record: Record,
    spans: Vec<(u32, u32)>,
    view: View,
    versions: Arc<Versions>,
}

/// For whom an index is read.
#[derive(Clone)]
pub(super) struct View {
    interpreters: Vec<Interpreter>,
    /// Milliseconds since 1970: files that are not known to have been uploaded before do not exist.
    before: Option<i64>,
}

/// A file with what its name says.
struct Named<'a> {
    file: FileRecord<'a>,
    name: FileName<'a>,
}

impl View {
    /// Returns the view of those who have these settings.
    pub(super) fn of(settings: &Settings) -> Self {
        let python = settings.python.as_ref();
        let interpreter = |target: &TargetPlatform| Some(Interpreter::new(target.clone(), python?.clone()));
        Self {
            interpreters: settings.platforms.iter().filter_map(interpreter).collect(),
            before: settings.released_before.map(jiff::Timestamp::as_millisecond),
        }
    }

    /// Makes versions of a record; those without a file that counts are left out.
    fn versions(&self, package: &PackageName, record: &[u8]) -> Option<(Versions, Vec<(u32, u32)>)> {
        let (pythons, records) = record::decode(record)?;
        let pythons: Vec<_> = pythons.into_iter().map(requirement::specifiers).collect();
        let mut versions = Versions::default();
        let mut spans = Vec::with_capacity(records.len());
        for version in records {
            let bytes = record.get(version.start as usize..)?.get(..version.length as usize)?;
            let files = self.files(package, bytes)?;
            let Some(first) = files.first() else {
                if let Some(candidate) = self.not_in_time(package, version.text, bytes)? {
                    versions.candidates.push(candidate);
                    spans.push((version.start, version.length));
                }
                continue;
            };
            let mut wheels = PlatformSet::NONE;
            for interpreter in &self.interpreters {
                if files.iter().any(|named| named.rank(interpreter).is_some()) {
                    wheels.insert(interpreter.platform());
                }
            }
            let python = |named: &Named<'_>| pythons.get(named.file.python? as usize)?.clone();
            let of_wheel = files.iter().filter(|named| named.wheel().is_some()).find_map(python);
            let published = files.iter().filter_map(|named| named.file.uploaded).min();
            versions.candidates.push(Candidate {
                yanked: first.file.yanked,
                requires_python: of_wheel.or_else(|| files.iter().find_map(python)),
                published: published.and_then(|time| jiff::Timestamp::from_millisecond(time).ok()),
                wheels,
                sdist: files.iter().any(|named| named.wheel().is_none()),
                ..Candidate::new(version.text.parse::<pep440_rs::Version>().ok()?.into())
            });
            spans.push((version.start, version.length));
        }
        Some((versions, spans))
    }

    /// Returns a version of which no file is known to be old enough, if it has any: it is listed so that errors can tell of it,
    /// and installs nowhere.
    #[expect(clippy::option_option, reason = "whether the record is damaged, and whether there is such a version")]
    fn not_in_time(&self, package: &PackageName, version: &str, bytes: &[u8]) -> Option<Option<Candidate>> {
        let whenever = Self { before: None, ..self.clone() };
        let files = whenever.files(package, bytes)?;
        let Some(first) = files.first() else { return Some(None) };
        let published = files.iter().filter_map(|named| named.file.uploaded).min();
        Some(Some(Candidate {
            yanked: first.file.yanked,
            published: published.and_then(|time| jiff::Timestamp::from_millisecond(time).ok()),
            wheels: PlatformSet::NONE,
            ..Candidate::new(version.parse::<pep440_rs::Version>().ok()?.into())
        }))
    }

    /// Returns the files of a version that count: those known to be in time, and the yanked ones only where all are.
    fn files<'a>(&self, package: &PackageName, bytes: &'a [u8]) -> Option<Vec<Named<'a>>> {
        let in_time = |file: &FileRecord<'_>| {
            self.before.is_none_or(|before| file.uploaded.is_some_and(|uploaded| uploaded < before))
        };
        let mut files: Vec<Named<'a>> = record::files(bytes)?
            .into_iter()
            .filter(in_time)
            .filter_map(|file| Some(Named { name: FileName::parse(package, file.name)?, file }))
            .collect();
        if files.iter().any(|named| !named.file.yanked) {
            files.retain(|named| !named.file.yanked);
        }
        Some(files)
    }
}

impl Named<'_> {
    fn wheel(&self) -> Option<&WheelName<'_>> {
        match &self.name {
            FileName::Wheel(wheel) => Some(wheel),
            FileName::Sdist { .. } => None,
        }
    }

    fn rank(&self, interpreter: &Interpreter) -> Option<Rank> {
        interpreter.rank(self.wheel()?)
    }
}

impl Listing {
    /// Makes a listing of a record. `None` if the record is damaged.
    pub(super) fn decode(
        served: &Served,
        beside: &Arc<MetadataBeside>,
        name: &PackageName,
        view: &View,
        record: Record,
    ) -> Option<Self> {
        let (mut versions, spans) = view.versions(name, record.front())?;
        versions.registry = Some(served.name().clone());
        versions.cached = served.is_cached(&record);
        Some(Self {
            name: name.clone(),
            served: served.clone(),
            beside: Arc::clone(beside),
            record,
            spans,
            view: view.clone(),
            versions: Arc::new(versions),
        })
    }

    /// Returns what one version needs; none inside for an ordinal that is out of bounds or a damaged record.
    fn read(&self, ordinal: u32) -> Result<Option<Release>, Arc<dyn Failure>> {
        let Some((version, files)) = self.files(ordinal) else { return Ok(None) };
        let mut artifacts: Vec<Artifact> = Vec::new();
        let mut source = None;
        for interpreter in &self.view.interpreters {
            let best =
                files.iter().filter_map(|named| Some((named.rank(interpreter)?, named))).min_by(|(a, x), (b, y)| {
                    let build =
                        |named: &Named<'_>| named.wheel().and_then(|wheel| wheel.build).map(|(n, s)| (n, s.to_owned()));
                    a.cmp(b).then_with(|| build(y).cmp(&build(x))).then_with(|| x.file.name.cmp(y.file.name))
                });
            let Some((_, named)) = best else { continue };
            source.get_or_insert(named);
            match artifacts.iter_mut().find(|artifact| artifact.file == named.file.name) {
                Some(artifact) => artifact.platforms.push(interpreter.platform()),
                None => artifacts.push(Artifact {
                    platforms: vec![interpreter.platform()],
                    ..self.artifact(Artifact::wheel(named.file.name), &named.file)
                }),
            }
        }
        for artifact in &mut artifacts {
            artifact.platforms.sort();
            if artifact.platforms.len() == self.view.interpreters.len() {
                artifact.platforms.clear();
            }
        }
        artifacts.sort();
        let sdist = files.iter().find(|named| named.wheel().is_none());
        if let Some(sdist) = sdist.filter(|_| artifacts.is_empty()) {
            artifacts.push(self.artifact(Artifact::sdist(sdist.file.name), &sdist.file));
        }
        // A wheel for somebody else says the same as a source distribution, and says it without being built.
        let source = source.or_else(|| files.iter().find(|named| named.wheel().is_some())).or(sdist);
        let Some(source) = source else { return Ok(None) };
        let metadata = match self.metadata(source, version)? {
            Ok(metadata) => metadata,
            Err(reason) => return Ok(Some(by_platform::refused(&self.name, source.file.name, reason))),
        };
        let Needs { dependencies, extras } = self.needs(&metadata);
        Ok(Some(Release {
            dependencies,
            declared_on: Vec::new(),
            extras,
            artifacts,
            facts: Facts {
                requires_python: metadata.requires_python.clone(),
                yanked: files.iter().all(|named| named.file.yanked),
                ..Facts::default()
            },
            folder: None,
        }))
    }

    fn files(&self, ordinal: u32) -> Option<(&pep440_rs::Version, Vec<Named<'_>>)> {
        let version = self.versions.candidates.get(ordinal as usize)?.version.as_pypi()?;
        let (start, length) = *self.spans.get(ordinal as usize)?;
        Some((version, self.view.files(&self.name, self.part(start, length)?)?))
    }

    fn part(&self, start: u32, length: u32) -> Option<&[u8]> {
        self.record.front().get(start as usize..)?.get(..length as usize)
    }

    fn artifact(&self, named: Artifact, file: &FileRecord<'_>) -> Artifact {
        let location = location::hint(&file.url(), &self.record.header.url, &self.served.endpoint);
        Artifact { digest: file.digest(), location, ..named }
    }

    /// Returns what a wheel says, if that was asked before.
    fn kept_word(&self, ordinal: u32, wheel: &str) -> Option<Said> {
        let (version, files) = self.files(ordinal)?;
        let named = files.iter().find(|named| named.file.name == wheel)?;
        self.kept_metadata(named, version).map(|metadata| Ok(self.needs(&metadata)))
    }

    /// Asks what a wheel says.
    fn word(&self, ordinal: u32, wheel: &str) -> Result<Said, Arc<dyn Failure>> {
        let found = self.files(ordinal);
        let named = found
            .as_ref()
            .and_then(|(version, files)| Some((*version, files.iter().find(|named| named.file.name == wheel)?)));
        match named {
            Some((version, named)) => Ok(self.metadata(named, version)?.map(|metadata| self.needs(&metadata))),
            None => Ok(Err("it is not listed any more".to_owned())),
        }
    }

    fn needs(&self, metadata: &CoreMetadata) -> Needs {
        let dependencies = metadata.requires.iter().map(|text| requirement::dependency(&self.name, text));
        Needs { dependencies: dependencies.collect(), extras: metadata.extra_names() }
    }

    /// Finds a file's metadata; inside, why the file has none that counts. What a file says never changes, so it is
    /// kept for ever, by the file's digest.
    fn metadata(
        &self,
        named: &Named<'_>,
        version: &pep440_rs::Version,
    ) -> Result<Result<CoreMetadata, String>, Arc<dyn Failure>> {
        if let Some(metadata) = self.kept_metadata(named, version) {
            return Ok(Ok(metadata));
        }
        let found = if named.wheel().is_some() {
            match self.metadata_beside(&named.file)? {
                Some(metadata) => Ok(metadata),
                None => match tail::from_wheel(&self.served, &self.name, &named.file, &self.record.header.url)? {
                    Some(bytes) => {
                        CoreMetadata::parse(&bytes).map_err(|why| format!("the wheel's METADATA is none: {why}"))
                    }
                    None => Err("the wheel has no METADATA that can be read".to_owned()),
                },
            }
        } else {
            self.static_metadata(&named.file.url()).map_err(failure)?
        };
        let Ok(metadata) = &found else { return Ok(found) };
        if !metadata.is_of(&self.name, version) {
            let file = named.file.name.to_owned();
            let answered = format!("{} {}", metadata.name.escape_debug(), metadata.version.escape_debug());
            if PackageName::pypi(&metadata.name).is_ok_and(|name| name == self.name) {
                return Ok(Err(format!("the metadata of its {file} is of {answered}")));
            }
            let (registry, package) = (self.served.name().clone(), format!("{} {version}", self.name));
            return Err(Arc::new(RegistryError::WrongMetadata { registry, package, file, answered }));
        }
        if let Some(digest) = named.file.digest() {
            self.served.cache.keep_release(&digest.to_hex(), metadata.render().as_bytes());
        }
        Ok(found)
    }

    /// Returns a file's metadata, if it is in the cache.
    fn kept_metadata(&self, named: &Named<'_>, version: &pep440_rs::Version) -> Option<CoreMetadata> {
        let bytes = self.served.cache.release(&named.file.digest()?.to_hex())?;
        CoreMetadata::parse(&bytes).ok().filter(|metadata| metadata.is_of(&self.name, version))
    }

    /// Asks for `<file>.metadata` (PEP 658), where it is promised or likely. Where that is no use, the file itself is.
    fn metadata_beside(&self, file: &FileRecord<'_>) -> Result<Option<CoreMetadata>, Arc<dyn Failure>> {
        let advertised = file.metadata();
        if advertised == Advertised::No && !self.beside.wheels.is_likely() {
            return Ok(None);
        }
        let url = file.url();
        let bare = url.split(['?', '#']).next().unwrap_or_default();
        let target = format!("{bare}.metadata");
        let stated_by = Some(&*self.record.header.url);
        let request = Request { target: Target::At(&target), stated_by, ..Request::default() };
        let at_mirror = self.at_mirror(&target).map(Ok);
        let metadata = match at_mirror.unwrap_or_else(|| self.served.client.read(&self.served.endpoint, &request)) {
            Ok(document) => {
                let promised = match &advertised {
                    Advertised::Hashed(digest) => digest.is_of(&document.bytes),
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
            // Nobody said that there is something to ask for.
            Err(RequestError::Status { .. } | RequestError::Refused { .. }) if advertised == Advertised::No => None,
            Err(error) => return Err(failure(error)),
        };
        match metadata {
            Some(_) => self.beside.wheels.found(),
            None => self.beside.wheels.missed(),
        }
        Ok(metadata)
    }

    /// Reads what a mirror's page says to be on the public index's host, from the mirror.
    fn at_mirror(&self, url: &str) -> Option<Document> {
        let url = url.parse().ok()?;
        let path = location::passed_on(&url, &self.served.endpoint).filter(|_| self.beside.mirrored.is_likely())?;
        let request = Request { target: Target::Beside(path), ..Request::default() };
        let document = self.served.client.read(&self.served.endpoint, &request);
        match document {
            Ok(_) => self.beside.mirrored.found(),
            Err(_) => self.beside.mirrored.missed(),
        }
        document.ok()
    }

    fn static_metadata(&self, url: &str) -> Result<Result<CoreMetadata, String>, RequestError> {
        let no_wheel = |why: &str| Ok(Err(format!("there is no wheel of it, and its source distribution {why}")));
        if url.parse::<Url>().is_ok_and(|url| url.path().ends_with("zip")) {
            return no_wheel("is a zip");
        }
        let (target, stated_by) = (Target::At(url), Some(&*self.record.header.url));
        let request = Request { target, stated_by, encoding: Encoding::Identity, ..Request::default() };
        let response = self.served.client.get(&self.served.endpoint, &request)?;
        let Some(bytes) = tail::from_sdist(response.body) else { return no_wheel("has no PKG-INFO that can be read") };
        match CoreMetadata::parse(&bytes) {
            Ok(metadata) if metadata.is_static() => Ok(Ok(metadata)),
            Ok(_) => no_wheel("does not state its dependencies"),
            Err(why) => no_wheel(&format!("has a PKG-INFO that is none: {why}")),
        }
    }
}

impl protocol::Listing for Listing {
    fn versions(&self) -> &Arc<Versions> {
        &self.versions
    }

    fn release(&self, ordinal: u32) -> Result<Release, NoRelease> {
        self.read(ordinal).map_err(NoRelease::Failed)?.ok_or(NoRelease::Flawed(None))
    }

    fn oldest_system(&self, ordinal: u32, platform: Platform) -> Option<(u32, u32)> {
        let interpreter = self.view.interpreters.iter().find(|interpreter| interpreter.platform() == platform)?;
        let (_, files) = self.files(ordinal)?;
        files.iter().filter_map(|named| interpreter.oldest_system(named.wheel()?)).min()
    }

    fn digests(&self, (_, ordinal): (&Version, u32), _: &Release, file: &str) -> Option<Vec<Digest>> {
        // Files that are not chosen, or were yanked meanwhile, are files of the version.
        let (start, length) = *self.spans.get(ordinal as usize)?;
        let files = record::files(self.part(start, length)?)?;
        files.into_iter().find(|record| record.name == file).map(|record| record.digest().into_iter().collect())
    }

    fn stated(&self, _: &Version, file: &str) -> Option<Stated> {
        let parts = self.spans.iter().filter_map(|(start, length)| self.part(*start, *length));
        let url = parts.filter_map(record::files).flatten().find(|record| record.name == file)?.url();
        let document = &self.record.header.url;
        let hint = location::hint(&url, document, &self.served.endpoint);
        Some(Stated { url, document: document.clone(), hint, is_cached: self.versions.cached })
    }

    /// Asks the wheels that serve some of `platforms`, besides the one whose metadata `release` was made of. Those that have the
    /// same metadata by their index's own word are left out.
    fn questions(&self, ordinal: u32, release: &Release, platforms: PlatformSet) -> Vec<Question<'_>> {
        let wheels = || release.artifacts.iter().filter(|artifact| artifact.is_wheel());
        let first = self.view.interpreters.iter().find_map(|interpreter| {
            wheels().find(|wheel| wheel.platforms.is_empty() || wheel.platforms.contains(&interpreter.platform()))
        });
        let Some(first) = first.filter(|_| wheels().count() > 1) else { return Vec::new() };
        let Some((_, files)) = self.files(ordinal) else { return Vec::new() };
        let promised = |wheel: &Artifact| {
            let named = files.iter().find(|named| named.file.name == wheel.file)?;
            named.file.metadata().digest()
        };
        let speaks = promised(first);
        wheels()
            .filter(|wheel| wheel.file != first.file && (speaks.is_none() || promised(wheel) != speaks))
            .map(|wheel| {
                let serves = wheel.platforms.iter().fold(PlatformSet::NONE, |all, &one| all.union(one.into()));
                (wheel.file.clone(), serves.intersection(platforms))
            })
            .filter(|(_, platforms)| *platforms != PlatformSet::NONE)
            .map(|(file, platforms)| {
                let (said, asked) = (self.kept_word(ordinal, &file), file.clone());
                Question { file, platforms, said, ask: Box::new(move || self.word(ordinal, &asked)) }
            })
            .collect()
    }
}

fn failure(error: RequestError) -> Arc<dyn Failure> {
    Arc::new(error)
}

#[cfg(test)]
mod tests;

//! Python indexes: the page of a package, the metadata of its files, and which wheels suit which platform.

mod beside;
mod by_platform;
mod file_name;
mod location;
mod page;
mod record;
pub(super) mod requirement;
mod tags;
mod tail;

use std::sync::Arc;

use self::file_name::{FileName, WheelName};
use self::page::{Advertised, BadPage};
use self::record::FileRecord;
use self::tags::{Interpreter, Rank};
use super::RegistryError;
use super::kept::{Encoded, Record};
use super::listing::{Ask, NoListing, Recency, Served, Stated};
use crate::diagnostic::Failure;
use crate::fetch::{Document, Encoding, Request, RequestError, Response, Target};
use crate::model::{Artifact, CoreMetadata, Facts, PackageName, Platform, Settings};
use crate::resolve::{Candidate, Dependency, DependencyKind, PlatformSet, Release, Versions, Wants};

pub(super) use self::beside::MetadataBeside;
pub(super) use self::by_platform::{OtherWheel, Said};
pub(super) use self::location::with_files;

const ACCEPT: &str =
    "application/vnd.pypi.simple.v1+json;q=1, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01";

/// What a registry says of one package.
pub(super) struct Listing {
    name: PackageName,
    served: Served,
    beside: Arc<MetadataBeside>,
    record: Record,
    spans: Vec<(u32, u32)>,
    view: View,
    /// The versions.
    pub(super) versions: Arc<Versions>,
}

/// For whom an index is read.
#[derive(Clone)]
struct View {
    interpreters: Vec<Interpreter>,
    /// Milliseconds since 1970: files that are not known to have been uploaded before do not exist.
    before: Option<i64>,
}

/// A file with what its name says.
struct Named<'a> {
    file: FileRecord<'a>,
    name: FileName<'a>,
}

/// Asks for a package's versions.
pub(super) fn listing(
    served: &Served,
    beside: &Arc<MetadataBeside>,
    name: &PackageName,
    settings: &Settings,
) -> Result<Listing, NoListing> {
    let python = settings.python.as_ref();
    let view = View {
        interpreters: settings
            .platforms
            .iter()
            .filter_map(|target| Some(Interpreter::new(target.clone(), python?.clone())))
            .collect(),
        before: settings.released_before.map(jiff::Timestamp::as_millisecond),
    };
    let path = format!("{name}/");
    let ask = Ask { package: name.as_str(), path: &path, accept: ACCEPT, format: record::FORMAT };
    let convert = |document: &Document| {
        page::read(name, &document.response.url, &document.bytes)
            .map(|files| Encoded { front: record::encode(name, &files), rest: Vec::new() })
            .map_err(|bad| -> Arc<dyn Failure> { Arc::new(served.bad_page(name, bad)) })
    };
    served.listing(&ask, convert, |record| {
        let (mut versions, spans) = view.versions(name, record.front())?;
        versions.registry = Some(served.name().clone());
        versions.cached = served.is_cached(&record);
        Some(Listing {
            name: name.clone(),
            served: served.clone(),
            beside: Arc::clone(beside),
            record,
            spans,
            view: view.clone(),
            versions: Arc::new(versions),
        })
    })
}

impl View {
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
    /// Returns what one version needs; none inside for an ordinal that is out of bounds or a damaged record.
    pub(super) fn release(&self, ordinal: u32) -> Result<Option<Release>, Arc<dyn Failure>> {
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
            Err(reason) => return Ok(Some(self.refused(source.file.name, reason))),
        };
        Ok(Some(Release {
            dependencies: metadata.requires.iter().map(|text| requirement::dependency(&self.name, text)).collect(),
            declared_on: Vec::new(),
            extras: metadata.extra_names(),
            artifacts,
            facts: Facts {
                requires_python: metadata.requires_python.clone(),
                yanked: files.iter().all(|named| named.file.yanked),
                ..Facts::default()
            },
            folder: None,
        }))
    }

    /// Returns the oldest system on which a version has a wheel for a declared platform.
    pub(super) fn oldest_system(&self, ordinal: u32, platform: Platform) -> Option<(u32, u32)> {
        let interpreter = self.view.interpreters.iter().find(|interpreter| interpreter.platform() == platform)?;
        let (_, files) = self.files(ordinal)?;
        files.iter().filter_map(|named| interpreter.oldest_system(named.wheel()?)).min()
    }

    /// Returns where the index says that a file is.
    pub(super) fn stated(&self, file: &str) -> Option<Stated> {
        let parts = self.spans.iter().filter_map(|(start, length)| self.part(*start, *length));
        let url = parts.filter_map(record::files).flatten().find(|record| record.name == file)?.url();
        let document = &self.record.header.url;
        let hint = location::hint(&url, document, &self.served.endpoint);
        Some(Stated { url, document: document.clone(), hint, is_cached: self.versions.cached })
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

    /// A version that cannot be used, with the reason.
    fn refused(&self, file: &str, reason: String) -> Release {
        let wants = Wants::Unsupported { name: self.name.clone(), text: file.to_owned(), reason };
        Release { dependencies: vec![Dependency { kind: DependencyKind::Normal, wants }], ..Release::default() }
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
        let path = location::passed_on(url, &self.served.endpoint).filter(|_| self.beside.mirrored.is_likely())?;
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
        if crate::fetch::url::path(url).ends_with("zip") {
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

/// Opens a file. Where it is, its index says; a lock's hint that is made of the file's digest says so, too. The registry and its
/// mirrors are asked for what lies beside them, and for what is elsewhere nobody but who has it.
pub(super) fn open(
    served: &Served,
    name: &PackageName,
    artifact: &Artifact,
    stated: &dyn Fn(Recency) -> Result<Option<Stated>, NoListing>,
) -> Result<Response, Arc<dyn Failure>> {
    let hint = artifact.location.as_deref().filter(|hint| location::is_content_addressed(hint, &artifact.file));
    let mut last = None;
    if let Some(hint) = hint {
        match served.open(Target::Beside(hint), None) {
            Ok(response) => return Ok(response),
            Err(error) => last = Some(error),
        }
    }
    // One that is silent is not asked for its page.
    let is_silent = last.as_ref().is_some_and(|error| !error.is_answer());
    let recencies: &[Recency] = if is_silent { &[Recency::Kept] } else { &[Recency::AnyAge, Recency::Asked] };
    let mut tried = None;
    for recency in recencies {
        let listed = match stated(*recency) {
            Ok(listed) => listed,
            Err(NoListing::Missing) => None,
            Err(NoListing::Failed(failure)) => return Err(failure),
        };
        // What a cached page does not list may be in a later one, and what is not there may be elsewhere by now.
        let Some(listed) = listed else {
            tried = None;
            continue;
        };
        if tried.as_ref() == Some(&listed.url) {
            break;
        }
        let beside = listed.hint.as_deref().map(Target::Beside);
        if listed.hint.as_deref() != hint
            && let Some(beside) = beside
        {
            match served.open(beside, None) {
                Ok(response) => return Ok(response),
                Err(error) => last = Some(error),
            }
        }
        if !beside.is_some_and(|beside| served.endpoint.stands_for(beside, &listed.url)) {
            match served.open(Target::At(&listed.url), Some(&listed.document)) {
                Ok(response) => return Ok(response),
                Err(error) => last = Some(error),
            }
        }
        tried = Some(listed.url);
        if !listed.is_cached || last.as_ref().is_some_and(|error| !error.is_answer()) {
            break;
        }
    }
    match last {
        Some(error) if tried.is_some() || is_silent => Err(failure(error)),
        _ => Err(Arc::new(RegistryError::FileGone {
            registry: served.name().clone(),
            package: name.clone(),
            file: artifact.file.clone(),
        })),
    }
}

fn failure(error: RequestError) -> Arc<dyn Failure> {
    Arc::new(error)
}

impl Served {
    fn bad_page(&self, package: &PackageName, bad: BadPage) -> RegistryError {
        let registry = self.name().clone();
        match bad {
            BadPage::Unreadable(reason) => RegistryError::PypiIndex { registry, package: package.clone(), reason },
            BadPage::Newer(version) => RegistryError::NewerIndex { registry, package: package.clone(), version },
            BadPage::OtherPackage(answered) => {
                RegistryError::WrongPackage { registry, package: package.to_string(), answered }
            }
        }
    }
}

#[cfg(test)]
mod tests;

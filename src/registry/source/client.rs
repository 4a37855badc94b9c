//! Fetching sources, and opening them again for what a lock has.

use std::io::{self, Seek, SeekFrom, Write};
use std::path::PathBuf;
use std::sync::Arc;

use sha2::Digest as _;

use super::error::SourceFailure;
use crate::fetch::{
    Body, Client, Encoding, Endpoint, Quota, RegistryAddress, Request, RequestTarget, Response, SourceError,
};
use crate::fs::{self, Action, Dir, File, FsError};
use crate::model::{
    Algorithm, Artifact, Digest, FileUrl, Label, Origin, PackageId, PackageKey, PinnedSource, Source, Version,
};
use crate::registry::cache::MetadataCache;
use crate::registry::ecosystems;

/// The most bytes of a file: 4 GiB, as of any artifact.
const LARGEST_FILE: u64 = 4 << 30;

/// Fetches sources.
pub struct SourceClient {
    http: Arc<Client>,
    endpoint: Option<Arc<Endpoint>>,
    /// The folder for files while they are looked at. `None` without a cache.
    scratch: Option<PathBuf>,
    cache: MetadataCache,
}

/// An artifact that was fetched from a source, in a file without a name.
#[derive(Debug)]
pub struct FetchedSource {
    /// The package, with the version that the artifact declares.
    pub package: PackageKey,
    /// The source, with the commit that was taken.
    pub source: Arc<PinnedSource>,
    /// The artifact, with its digest.
    pub artifact: Artifact,
    file: File,
    length: u64,
}

impl SourceClient {
    /// Creates a client. URLs below a registry's are asked with the registry's credentials.
    pub fn new(http: Arc<Client>, registries: Vec<RegistryAddress>, cache: Option<PathBuf>) -> Self {
        // It appears in no message.
        let label = "url".parse::<Label>().ok();
        let endpoint = label.map(|label| Arc::new(Endpoint::new(label, registries, Quota::default())));
        let folder = cache.map(|cache| cache.join("sources"));
        Self { http, endpoint, cache: MetadataCache::in_folder(folder.clone()), scratch: folder }
    }

    /// Returns the cache of what builds found out.
    pub(in crate::registry) fn cache(&self) -> &MetadataCache {
        &self.cache
    }

    /// Fetches the artifact at a source.
    pub fn fetch(&self, id: &PackageId, source: &Source) -> Result<FetchedSource, SourceFailure> {
        match source {
            Source::Url(url) => self.fetch_url(id, source, url),
            Source::Git(_) => Err(SourceFailure::Unreachable {
                place: source.to_string(),
                reason: "this version of larder does not fetch from git".to_owned(),
            }),
        }
    }

    /// Opens an artifact that a lock has.
    pub(in crate::registry) fn open(
        &self,
        pinned: &PinnedSource,
        _artifact: &Artifact,
    ) -> Result<(Body, Option<u64>), SourceError> {
        match &pinned.source {
            Source::Url(url) => {
                let response = self.get(url).map_err(|error| Arc::new(error) as SourceError)?;
                Ok((response.body, response.length))
            }
            Source::Git(_) => Err(Arc::new(SourceFailure::Unreachable {
                place: pinned.to_string(),
                reason: "this version of larder does not fetch from git".to_owned(),
            })),
        }
    }

    fn fetch_url(&self, id: &PackageId, source: &Source, url: &FileUrl) -> Result<FetchedSource, SourceFailure> {
        let pinned = PinnedSource { source: source.clone(), commit: None };
        let unusable = |reason: String| SourceFailure::unusable(&pinned, id, reason);
        let reader = ecosystems::source_reader(id.ecosystem)
            .ok_or_else(|| unusable(format!("packages of {} come from registries", id.ecosystem)))?;
        let artifact = reader.artifact(&id.name, &url.file_name()).map_err(unusable)?;
        let response = self.get(url)?;
        let algorithm = if id.ecosystem.has_scopes() { Algorithm::Sha512 } else { Algorithm::Sha256 };
        let (mut file, length, digest) = self.download(&pinned, response, algorithm)?;
        let version = reader.version(&id.name, &artifact, &mut file).map_err(unusable)?;
        let artifact = Artifact { digest: Some(digest), ..artifact };
        Ok(FetchedSource::new(id, version, (pinned, artifact), (file, length)))
    }

    fn get(&self, url: &FileUrl) -> Result<Response, SourceFailure> {
        let place = || url.url().masked();
        let request =
            Request { target: RequestTarget::At(url.as_str()), encoding: Encoding::Identity, ..Request::default() };
        let Some(endpoint) = &self.endpoint else {
            return Err(SourceFailure::Offline { place: place() });
        };
        self.http.get(endpoint, &request).map_err(|error| SourceFailure::of_request(place(), &error))
    }

    /// Writes what arrives into a file without a name. Returns its length and its digest.
    fn download(
        &self,
        pinned: &PinnedSource,
        response: Response,
        algorithm: Algorithm,
    ) -> Result<(File, u64, Digest), SourceFailure> {
        let interrupted = |error: io::Error| SourceFailure::Unreachable {
            place: pinned.to_string(),
            reason: format!("it did not arrive whole: {error}"),
        };
        let mut file = self.scratch_file()?;
        let expected = response.length;
        let mut hasher = Hasher::new(algorithm);
        let (mut body, mut length) = (response.body, 0_u64);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = io::Read::read(&mut body, &mut buffer).map_err(interrupted)?;
            if count == 0 {
                break;
            }
            length += count as u64;
            if length > LARGEST_FILE {
                return Err(SourceFailure::TooLarge { place: pinned.to_string(), limit: LARGEST_FILE });
            }
            hasher.update(&buffer[..count]);
            file.write_all(&buffer[..count]).map_err(|error| self.failed(error))?;
        }
        if expected.is_some_and(|expected| length < expected) {
            return Err(interrupted(io::ErrorKind::UnexpectedEof.into()));
        }
        file.seek(SeekFrom::Start(0)).map_err(|error| self.failed(error))?;
        Ok((file, length, hasher.finish()))
    }

    fn scratch_file(&self) -> Result<File, SourceFailure> {
        let folder = self.scratch.clone().unwrap_or_else(|| PathBuf::from("."));
        fs::create_dir_all(&folder)?;
        Ok(Dir::open(&folder)?.scratch_file(&fs::random_name())?)
    }

    fn failed(&self, error: io::Error) -> SourceFailure {
        FsError::new(Action::Write, self.scratch.clone().unwrap_or_default(), error).into()
    }
}

impl FetchedSource {
    fn new(
        id: &PackageId,
        version: Version,
        (pinned, artifact): (PinnedSource, Artifact),
        (file, length): (File, u64),
    ) -> Self {
        let package = PackageKey { id: id.clone(), version };
        Self { package, source: Arc::new(pinned), artifact, file, length }
    }

    /// Returns where it comes from.
    pub fn origin(&self) -> Origin {
        Origin::Source(Arc::clone(&self.source))
    }

    /// Returns the artifact's bytes, from their beginning.
    pub fn open(&self) -> io::Result<(Body, Option<u64>)> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok((Body::of(Box::new(file)), Some(self.length)))
    }
}

/// A hash function that is fed in pieces.
enum Hasher {
    Sha256(sha2::Sha256),
    Sha512(sha2::Sha512),
}

impl Hasher {
    fn new(algorithm: Algorithm) -> Self {
        if algorithm == Algorithm::Sha512 {
            Self::Sha512(sha2::Sha512::new())
        } else {
            Self::Sha256(sha2::Sha256::new())
        }
    }

    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(bytes),
            Self::Sha512(hasher) => hasher.update(bytes),
        }
    }

    fn finish(self) -> Digest {
        match self {
            Self::Sha256(hasher) => Digest::new(Algorithm::Sha256, &hasher.finalize()),
            Self::Sha512(hasher) => Digest::new(Algorithm::Sha512, &hasher.finalize()),
        }
    }
}

//! Fetching sources, and opening them again for what a lock has.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::SourceFailure;
use crate::fetch::{
    Body, Client, Encoding, Endpoint, Hasher, Quota, RegistryAddress, Request, RequestTarget, Response, SourceError,
};
use crate::fs::{self, Action, Dir, File, FsError};
use crate::git::{Git, GitError, GitOptions, GitTree};
use crate::import::DescribedCommit;
use crate::model::{
    Algorithm, Artifact, ArtifactKind, Commit, Digest, Ecosystem, FileUrl, GitSource, Label, LocalFile, Origin,
    PackageId, PackageKey, PinnedSource, Source, Version,
};
use crate::registry::cache::MetadataCache;
use crate::registry::ecosystems;
use crate::registry::source_reader::{PackedSource, SourceFiles, SourceReader};

/// The most bytes of a file: 4 GiB, as of any artifact.
const LARGEST_FILE: u64 = 4 << 30;
/// The most bytes of a file of metadata.
const LARGEST_METADATA: u64 = 16 << 20;

/// The folder of what sources say, below the cache, and of files while they are fetched.
pub(in crate::registry) const FOLDER: &str = "sources";

/// Fetches sources.
pub struct SourceClient {
    http: Arc<Client>,
    endpoint: Option<Arc<Endpoint>>,
    git: Git,
    /// The folder that files of the checkout are relative to.
    root: PathBuf,
    /// The folder for files while they are looked at.
    scratch: PathBuf,
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
    file: ScratchFile,
}

type SourceResult<T> = Result<T, SourceFailure>;

impl SourceClient {
    /// Creates a client. URLs below a registry's are asked with the registry's credentials.
    pub fn new(
        http: Arc<Client>,
        registries: Vec<RegistryAddress>,
        (root, cache): (&Path, Option<PathBuf>),
        git: GitOptions,
    ) -> Self {
        // It appears in no message.
        let label = "url".parse::<Label>().ok();
        let endpoint = label.map(|label| Arc::new(Endpoint::new(label, registries, Quota::default())));
        let folder = cache.as_ref().map(|cache| cache.join(FOLDER));
        let repositories = cache.unwrap_or_default().join("git").join("v1");
        let cache = MetadataCache::in_folder(folder.clone());
        let (git, root) = (Git::new(git, repositories), root.to_owned());
        Self { http, endpoint, git, root, cache, scratch: folder.unwrap_or_default() }
    }

    /// Returns the cache of what builds found out.
    pub(in crate::registry) fn cache(&self) -> &MetadataCache {
        &self.cache
    }

    /// Fetches the artifact at a source: of a git repository, at a commit if one is given.
    pub fn fetch(&self, id: &PackageId, source: &Source, commit: Option<&Commit>) -> SourceResult<FetchedSource> {
        let (pinned, version, artifact, file) = match source {
            Source::Url(url) => {
                let pinned = PinnedSource { source: source.clone(), commit: None };
                let download = |algorithm| self.download_promised(&pinned, url, algorithm);
                let (version, artifact, file) = take_file(id, &pinned, &url.file_name(), download)?;
                (pinned, version, artifact, file)
            }
            Source::File(local) => {
                let pinned = PinnedSource { source: source.clone(), commit: None };
                let copy = |algorithm| self.copy(&pinned, local, algorithm);
                let (version, artifact, file) = take_file(id, &pinned, local.file_name(), copy)?;
                (pinned, version, artifact, file)
            }
            Source::Archive(_) => {
                let pinned = PinnedSource { source: source.clone(), commit: None };
                return Err(SourceFailure::unusable(&pinned, id, "it is a tool, with a file for each platform"));
            }
            Source::Git(git) => {
                let commit = match commit {
                    Some(commit) => commit.clone(),
                    None => self.git.resolve(&git.repository, &git.reference)?,
                };
                let pinned = PinnedSource { source: source.clone(), commit: Some(commit.clone()) };
                let (packed, file) = self.pack((id, None), &pinned, git, &commit)?;
                (pinned, packed.version, packed.artifact, file)
            }
        };
        let artifact = Artifact { digest: Some(file.digest.clone()), ..artifact };
        let package = PackageKey { id: id.clone(), version };
        Ok(FetchedSource { package, source: Arc::new(pinned), artifact, file })
    }

    /// Fetches a file of a tool, which is at its location.
    pub fn fetch_file(
        &self,
        package: &PackageKey,
        source: &Arc<PinnedSource>,
        artifact: &Artifact,
    ) -> SourceResult<FetchedSource> {
        let url = location(package, source, artifact)?;
        let file = self.download_promised(source, &url, Algorithm::Sha256)?;
        let artifact = Artifact { digest: Some(file.digest.clone()), ..artifact.clone() };
        Ok(FetchedSource { package: package.clone(), source: Arc::clone(source), artifact, file })
    }

    /// Opens an artifact that a lock has.
    pub(in crate::registry) fn open(
        &self,
        package: &PackageKey,
        pinned: &PinnedSource,
        artifact: &Artifact,
    ) -> Result<(Body, Option<u64>), SourceError> {
        let failed = |error: SourceFailure| Arc::new(error) as SourceError;
        match (&pinned.source, &pinned.commit) {
            (Source::Git(git), Some(commit)) => {
                let locked = Some((&package.version, artifact.kind));
                let (_, file) = self.pack((&package.id, locked), pinned, git, commit).map_err(failed)?;
                file.open().map_err(|error| failed(self.failed(error)))
            }
            (Source::Git(_), None) => {
                Err(failed(SourceFailure::unusable(pinned, &package.id, "the lock has no commit of it")))
            }
            (Source::Url(url), _) => {
                let response = self.get(url).map_err(failed)?;
                Ok((response.body, response.length))
            }
            (Source::File(local), _) => self.open_local(local).map_err(failed),
            (Source::Archive(_), _) => {
                let url = location(package, pinned, artifact).map_err(failed)?;
                let response = self.get(&url).map_err(failed)?;
                Ok((response.body, response.length))
            }
        }
    }

    /// Packs what belongs to a package of a commit. `locked` is the version that a lock has for it, and which artifact it is.
    fn pack(
        &self,
        (id, locked): (&PackageId, Option<(&Version, ArtifactKind)>),
        pinned: &PinnedSource,
        git: &GitSource,
        commit: &Commit,
    ) -> SourceResult<(PackedSource, ScratchFile)> {
        let tree = self.git.tree(&git.repository, (commit, &git.reference), git.subdirectory.as_ref())?;
        let describe = |pattern: &str| self.git.describe(&git.repository, commit, pattern);
        let files = CommitFiles { tree: &tree, describe: &describe, locked, failure: RefCell::default() };
        let packed = reader(id, pinned)?.pack(&id.name, &files);
        if let Some(failure) = files.failure.into_inner() {
            return Err(failure.into());
        }
        let packed = packed.map_err(|reason| SourceFailure::unusable(pinned, id, reason))?;
        let belongs: BTreeSet<&str> = packed.paths.iter().map(String::as_str).collect();
        let mut writer = HashingWriter::new(self.scratch_file()?, usual_algorithm(id.ecosystem));
        let files = tree.files().iter().filter(|file| belongs.contains(file.path.as_str()));
        tree.write_archive(files, &mut writer)?;
        let file = writer.finish().map_err(|error| self.failed(error))?;
        Ok((packed, file))
    }

    /// Writes what is at a URL into a file without a name, and compares it with what the URL promises.
    fn download_promised(&self, pinned: &PinnedSource, url: &FileUrl, usual: Algorithm) -> SourceResult<ScratchFile> {
        let promised = url.promised();
        let algorithm = promised.as_ref().map_or(usual, Digest::algorithm);
        let Response { body, length, .. } = self.get(url)?;
        let file = self.download(pinned, (body, length), algorithm)?;
        match promised.filter(|promised| *promised != file.digest) {
            Some(expected) => {
                let (place, found) = (pinned.to_string(), file.digest);
                Err(SourceFailure::OtherDigest { place, expected, found })
            }
            None => Ok(file),
        }
    }

    fn get(&self, url: &FileUrl) -> SourceResult<Response> {
        let place = || url.url().masked();
        let request =
            Request { target: RequestTarget::At(url.as_str()), encoding: Encoding::Identity, ..Request::default() };
        let Some(endpoint) = &self.endpoint else { return Err(SourceFailure::Offline { place: place() }) };
        self.http.get(endpoint, &request).map_err(|error| SourceFailure::of_request(place(), &error))
    }

    /// Writes what arrives into a file without a name.
    fn download(
        &self,
        pinned: &PinnedSource,
        (mut body, expected): (Body, Option<u64>),
        algorithm: Algorithm,
    ) -> SourceResult<ScratchFile> {
        let interrupted = |error: io::Error| SourceFailure::Unreachable {
            place: pinned.to_string(),
            reason: format!("it did not arrive whole: {error}"),
        };
        let mut writer = HashingWriter::new(self.scratch_file()?, algorithm);
        let mut buffer = vec![0; 1 << 16];
        loop {
            let count = io::Read::read(&mut body, &mut buffer).map_err(interrupted)?;
            if count == 0 {
                break;
            }
            if writer.length + count as u64 > LARGEST_FILE {
                return Err(SourceFailure::TooLarge { place: pinned.to_string(), limit: LARGEST_FILE });
            }
            writer.write_all(&buffer[..count]).map_err(|error| self.failed(error))?;
        }
        if expected.is_some_and(|expected| writer.length < expected) {
            return Err(interrupted(io::ErrorKind::UnexpectedEof.into()));
        }
        writer.finish().map_err(|error| self.failed(error))
    }

    /// Copies a file of the checkout, so that what is looked at is what is kept.
    fn copy(&self, pinned: &PinnedSource, local: &LocalFile, algorithm: Algorithm) -> SourceResult<ScratchFile> {
        self.download(pinned, self.open_local(local)?, algorithm)
    }

    /// Opens a file of the checkout: a link may not lead out of it.
    fn open_local(&self, local: &LocalFile) -> SourceResult<(Body, Option<u64>)> {
        let place = || local.path().to_owned();
        let target = match fs::canonicalize(&self.root.join(local.path())) {
            Ok(target) => target,
            Err(error) if error.is_not_found() => return Err(SourceFailure::NoFile { place: place() }),
            Err(error) => return Err(error.into()),
        };
        if !target.starts_with(fs::canonicalize(&self.root)?) {
            return Err(SourceFailure::LeadsOut { place: place() });
        }
        let opened = fs::open_sized(&target)?;
        let (file, size) = opened.ok_or_else(|| SourceFailure::NoFile { place: place() })?;
        Ok((Body::of(Box::new(file)), Some(size)))
    }

    fn scratch_file(&self) -> SourceResult<File> {
        fs::create_dir_all(&self.scratch)?;
        // Whoever is killed before it is unlinked leaves it under this name, which `gc` knows.
        Ok(Dir::open(&self.scratch)?.scratch_file(&format!(".{}.tmp", fs::random_name()))?)
    }

    fn failed(&self, error: io::Error) -> SourceFailure {
        FsError::new(Action::Write, &self.scratch, error).into()
    }
}

/// Takes a file called `name` that is a package.
fn take_file(
    id: &PackageId,
    pinned: &PinnedSource,
    name: &str,
    take: impl FnOnce(Algorithm) -> SourceResult<ScratchFile>,
) -> SourceResult<(Version, Artifact, ScratchFile)> {
    let unusable = |reason: String| SourceFailure::unusable(pinned, id, reason);
    let reader = reader(id, pinned)?;
    let artifact = reader.artifact(&id.name, name).map_err(unusable)?;
    let mut file = take(usual_algorithm(id.ecosystem))?;
    let version = reader.version(&id.name, &artifact, &mut file.file).map_err(unusable)?;
    Ok((version, artifact, file))
}

/// Returns where a file of a tool is.
fn location(package: &PackageKey, pinned: &PinnedSource, artifact: &Artifact) -> SourceResult<FileUrl> {
    let none = || SourceFailure::unusable(pinned, &package.id, "the lock does not say where its file is");
    artifact.location.as_deref().and_then(|location| location.parse().ok()).ok_or_else(none)
}

/// Returns the reader of an ecosystem's packages.
fn reader(id: &PackageId, pinned: &PinnedSource) -> SourceResult<&'static dyn SourceReader> {
    let none = || SourceFailure::unusable(pinned, id, format!("packages of {} come from registries", id.ecosystem));
    ecosystems::source_reader(id.ecosystem).ok_or_else(none)
}

/// Returns the algorithm that the ecosystem's registries use.
fn usual_algorithm(ecosystem: Ecosystem) -> Algorithm {
    if ecosystem.has_scopes() { Algorithm::Sha512 } else { Algorithm::Sha256 }
}

impl FetchedSource {
    /// Returns where it comes from.
    pub fn origin(&self) -> Origin {
        Origin::Source(Arc::clone(&self.source))
    }

    /// Returns the artifact's bytes, from their beginning.
    pub fn open(&self) -> io::Result<(Body, Option<u64>)> {
        self.file.open()
    }
}

/// A file without a name, which is gone when it is closed.
#[derive(Debug)]
struct ScratchFile {
    file: File,
    length: u64,
    digest: Digest,
}

impl ScratchFile {
    fn open(&self) -> io::Result<(Body, Option<u64>)> {
        let mut file = self.file.try_clone()?;
        file.seek(SeekFrom::Start(0))?;
        Ok((Body::of(Box::new(file)), Some(self.length)))
    }
}

/// Writes a file and hashes what is written.
struct HashingWriter {
    file: File,
    length: u64,
    algorithm: Algorithm,
    hasher: Hasher,
}

impl HashingWriter {
    fn new(file: File, algorithm: Algorithm) -> Self {
        Self { file, length: 0, algorithm, hasher: Hasher::new(algorithm) }
    }

    fn finish(mut self) -> io::Result<ScratchFile> {
        self.file.seek(SeekFrom::Start(0))?;
        let digest = Digest::new(self.algorithm, &self.hasher.finish());
        Ok(ScratchFile { file: self.file, length: self.length, digest })
    }
}

impl Write for HashingWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.file.write(bytes)?;
        self.hasher.update(&bytes[..count]);
        self.length += count as u64;
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// The files of a commit.
struct CommitFiles<'t> {
    tree: &'t GitTree<'t>,
    describe: &'t dyn Fn(&str) -> Result<DescribedCommit, GitError>,
    locked: Option<(&'t Version, ArtifactKind)>,
    /// Why a file could not be read.
    failure: RefCell<Option<GitError>>,
}

impl SourceFiles for CommitFiles<'_> {
    fn paths(&self) -> Vec<&str> {
        self.tree.files().iter().map(|file| file.path.as_str()).collect()
    }

    fn read(&self, path: &str) -> Option<Vec<u8>> {
        self.tree.read(path, LARGEST_METADATA).unwrap_or_else(|error| {
            self.failure.borrow_mut().get_or_insert(error);
            None
        })
    }

    fn describe(&self, pattern: &str) -> Option<DescribedCommit> {
        (self.describe)(pattern).map_err(|error| self.failure.borrow_mut().get_or_insert(error).clone()).ok()
    }

    fn locked_version(&self) -> Option<&Version> {
        self.locked.map(|(version, _)| version)
    }

    fn locked_kind(&self) -> Option<ArtifactKind> {
        self.locked.map(|(_, kind)| kind)
    }
}

//! Honest and hostile archives, built in memory.

mod archives;
mod creatio;
mod mutations;
mod packages;
mod runs;
mod tarballs;
mod wheels;

use std::collections::HashMap;
use std::io::{self, Cursor, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use archives::gzip;

use super::hashing::Hasher;
use super::*;
use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::model::{
    Algorithm, Artifact, ArtifactKind, ArtifactOwner, Digest, Ecosystem, Origin, PackageId, PackageKey, PackageName,
    RuntimeKey,
};
use crate::store::{Store, Tree};

/// A registry in memory, by file name.
#[derive(Default)]
struct Shelf {
    files: HashMap<String, Vec<u8>>,
    /// Connections to break after half of the bytes.
    breaks: AtomicUsize,
    opened: AtomicUsize,
}

#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("no such file")]
#[diagnostic(code(test::missing))]
struct NoSuchFile;

impl Failure for NoSuchFile {
    fn exit(&self) -> Exit {
        Exit::Network
    }
}

struct Broken;

impl Read for Broken {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(io::ErrorKind::ConnectionReset.into())
    }
}

impl ArtifactSource for Shelf {
    fn open(&self, _: &ArtifactOwner, _: &Origin, artifact: &Artifact) -> Result<(Body, Option<u64>), SourceError> {
        self.opened.fetch_add(1, Ordering::SeqCst);
        let bytes = self.files.get(&artifact.file).ok_or_else(|| Arc::new(NoSuchFile) as SourceError)?.clone();
        let length = bytes.len();
        let breaks = self.breaks.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok();
        let body: Box<dyn Read + Send> = if breaks {
            Box::new(Cursor::new(bytes).take(length as u64 / 2).chain(Broken))
        } else {
            Box::new(Cursor::new(bytes))
        };
        Ok((Body::of(body), Some(length as u64)))
    }
}

fn digest(algorithm: Algorithm, bytes: &[u8]) -> Digest {
    let mut hasher = Hasher::new(algorithm);
    hasher.update(bytes);
    Digest::new(algorithm, &hasher.finish())
}

fn wanted(kind: ArtifactKind, file: &str, digest: Option<Digest>) -> RequestedArtifact {
    let package = |ecosystem, name: Result<PackageName, _>| {
        let id = PackageId::new(ecosystem, name.unwrap());
        ArtifactOwner::Package(PackageKey { version: crate::model::Version::parse(ecosystem, "1.0.0").unwrap(), id })
    };
    RequestedArtifact {
        owner: match kind {
            ArtifactKind::Tarball => package(Ecosystem::Npm, PackageName::npm("thing")),
            ArtifactKind::Wheel | ArtifactKind::Sdist | ArtifactKind::Source => {
                package(Ecosystem::Pypi, PackageName::pypi("thing"))
            }
            ArtifactKind::Package => package(Ecosystem::Larder, PackageName::larder("thing")),
            ArtifactKind::Archive => package(Ecosystem::TOOLS, PackageName::parse(Ecosystem::TOOLS, "thing")),
            ArtifactKind::Creatio => package(Ecosystem::CREATIO, PackageName::parse(Ecosystem::CREATIO, "thing")),
            ArtifactKind::Runtime => "node@22.11.0".parse::<RuntimeKey>().unwrap().into(),
        },
        origin: Origin::Registry("npmjs".parse().unwrap()),
        artifact: Artifact { file: file.to_owned(), kind, digest, location: None, platforms: Vec::new() },
        promised: Vec::new(),
        native: false,
    }
}

/// Fetches an archive whose digest is what was promised. A tarball is inflated at once, and must come to the same as one
/// that is inflated as it arrives.
fn fetch(store: &Store, kind: ArtifactKind, archive: &[u8], limits: Limits) -> Result<FetchedArtifact, FetchError> {
    let fetched = fetch_one(store, kind, archive, limits);
    if kind == ArtifactKind::Tarball
        && let Some(archive) = in_two_members(archive)
    {
        let folder = tempfile::tempdir().unwrap();
        match (&fetched, fetch_one(&Store::open(folder.path()), kind, &archive, limits)) {
            (Ok(one), Ok(other)) => assert_eq!(one.tree.digest, other.tree.digest),
            (Err(FetchError::Refused { refusal, .. }), Err(FetchError::Refused { refusal: other, .. })) => {
                assert_eq!(refusal.fault(), other.fault());
            }
            (one, other) => panic!("{one:?} at once, {other:?} in pieces"),
        }
    }
    fetched
}

fn fetch_one(store: &Store, kind: ArtifactKind, archive: &[u8], limits: Limits) -> Result<FetchedArtifact, FetchError> {
    let source = Shelf { files: [("file".to_owned(), archive.to_vec())].into(), ..Shelf::default() };
    let promised = digest(Algorithm::Sha512, archive);
    let options = FetchOptions { limits, concurrency: 1, ..FetchOptions::default() };
    Ok(fetch_all(store, &source, &[wanted(kind, "file", Some(promised))], options)?.remove(0))
}

/// Packs a tarball of one whole member in two.
fn in_two_members(archive: &[u8]) -> Option<Vec<u8>> {
    let (mut tar, mut decoder) = (Vec::new(), flate2::bufread::GzDecoder::new(archive));
    decoder.read_to_end(&mut tar).ok()?;
    let (first, second) = tar.split_at(tar.len() / 2);
    decoder.into_inner().is_empty().then(|| [gzip(first), gzip(second)].concat())
}

/// Unpacks an archive and returns its tree, with the folder that it lives in.
fn unpacks(kind: ArtifactKind, archive: &[u8]) -> (tempfile::TempDir, Tree) {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let tree = fetch(&store, kind, archive, Limits::default()).unwrap().tree;
    assert_eq!(store.verify().unwrap(), []);
    assert_untouched_staging(&store);
    (folder, tree)
}

/// Asserts that an archive is refused and that nothing of it is left; returns what is wrong with it.
fn refused_within(kind: ArtifactKind, archive: &[u8], limits: Limits) -> ArchiveRefusal {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path());
    let error = fetch(&store, kind, archive, limits).unwrap_err();
    assert_eq!(error.exit(), Exit::Integrity);
    assert!(store.tree_digests().unwrap().is_empty());
    assert_untouched_staging(&store);
    match error {
        FetchError::Refused { refusal, .. } => refusal,
        error => panic!("expected a refusal, got {error:?}"),
    }
}

fn refused(kind: ArtifactKind, archive: &[u8]) -> ArchiveRefusal {
    refused_within(kind, archive, Limits::default())
}

fn assert_untouched_staging(store: &Store) {
    assert_eq!(fs::read_dir(&store.root().join("staging")).unwrap(), []);
}

fn paths(tree: &Tree) -> Vec<&str> {
    tree.entries.iter().map(|entry| &*entry.path).collect()
}

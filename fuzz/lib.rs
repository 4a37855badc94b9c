//! What the fuzz targets share: a registry in memory that has one archive. `fuzz/run` runs them.

use std::borrow::Cow;
use std::io::{Cursor, Write};
use std::sync::LazyLock;

use flate2::{Compression, GzBuilder};
use larder_core::model::{
    Algorithm, Artifact, ArtifactKind, ArtifactOwner, Digest, Ecosystem, Origin, PackageId, PackageKey, PackageName,
    Version,
};
use larder_io::fetch::{
    ArtifactSource, Body, BundleError, FetchError, FetchOptions, Limits, RequestedArtifact, SourceError, bundled_name,
    fetch_all, unpack_bundle,
};
use larder_io::store::Store;
use tempfile::TempDir;

/// The folder of this run, with its store.
static FOLDER: LazyLock<TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder"));

/// Fetches an archive into a store. A tar or a run of records that is not compressed is, so that changes reach it past
/// the checksum of gzip.
///
/// # Panics
/// It is neither unpacked nor refused, or leaves something behind in the staging folder.
pub fn unpack(kind: ArtifactKind, archive: &[u8]) {
    let is_tar = archive.get(257..262) == Some(b"ustar");
    let is_packed = archive.starts_with(&[0x1f, 0x8b]);
    let compressed = if is_tar || kind == ArtifactKind::Creatio && !is_packed {
        Cow::Owned(gzip(archive))
    } else {
        Cow::Borrowed(archive)
    };
    let archive = &*compressed;
    let store = Store::open(FOLDER.path());
    let limits =
        Limits { entries: 1_000, file: 1 << 20, total: 1 << 20, packed: 1 << 20, free: 1 << 16, ..Limits::default() };
    let options = FetchOptions { limits, concurrency: 1, ..FetchOptions::default() };
    match fetch_all(&store, &OneArchive(archive.to_vec()), &[requested(kind, archive)], options) {
        Ok(fetched) => {
            for fetched in fetched {
                store.remove(&fetched.tree.digest).expect("a tree that is there");
                store.drop_record(&fetched.digest).expect("a record that is there");
            }
        }
        Err(FetchError::Refused { .. }) => {}
        Err(error) => panic!("{error:?}"),
    }
}

/// Unpacks a bundle into a store. A tar is compressed before, so that changes reach it past zstd.
///
/// # Panics
/// It is neither unpacked nor refused, or leaves something behind in the staging folder.
pub fn unbundle(bundle: &[u8]) {
    let is_tar = bundle.get(257..262) == Some(b"ustar");
    let compressed = if is_tar {
        Cow::Owned(ruzstd::encoding::compress_to_vec(bundle, ruzstd::encoding::CompressionLevel::Fastest))
    } else {
        Cow::Borrowed(bundle)
    };
    let (store, file) = (Store::open(FOLDER.path()), FOLDER.path().join("bundle"));
    std::fs::write(&file, compressed).expect("a file");
    let staged = FOLDER.path().join("v1/staging");
    let is_left = || std::fs::read_dir(&staged).is_ok_and(|mut left| left.next().is_some());
    match unpack_bundle(&store, &file) {
        Ok(unpacked) => {
            let trees = unpacked.trees.keys().chain([&unpacked.project.digest]);
            for tree in trees {
                store.forget(&bundled_name(tree)).expect("a tree that is there");
            }
        }
        Err(BundleError::Refused { .. } | BundleError::OtherTree { .. }) => {}
        Err(error) => panic!("{error:?}"),
    }
    assert!(!is_left(), "something is left in {}", staged.display());
}

fn gzip(tar: &[u8]) -> Vec<u8> {
    let mut writer = GzBuilder::new().write(Vec::new(), Compression::fast());
    writer.write_all(tar).and_then(|()| writer.finish()).expect("memory")
}

struct OneArchive(Vec<u8>);

impl ArtifactSource for OneArchive {
    fn open(&self, _: &ArtifactOwner, _: &Origin, _: &Artifact) -> Result<(Body, Option<u64>), SourceError> {
        Ok((Body::of(Box::new(Cursor::new(self.0.clone()))), Some(self.0.len() as u64)))
    }
}

fn requested(kind: ArtifactKind, archive: &[u8]) -> RequestedArtifact {
    let (ecosystem, name) = match kind {
        ArtifactKind::Tarball => (Ecosystem::Npm, PackageName::npm("fuzz")),
        ArtifactKind::Package => (Ecosystem::Larder, PackageName::larder("fuzz")),
        ArtifactKind::Wheel | ArtifactKind::Sdist | ArtifactKind::Source => {
            (Ecosystem::Pypi, PackageName::pypi("fuzz"))
        }
        ArtifactKind::Creatio => (Ecosystem::Creatio, PackageName::parse(Ecosystem::Creatio, "fuzz")),
        ArtifactKind::Archive => (Ecosystem::Archive, PackageName::parse(Ecosystem::Archive, "fuzz")),
        ArtifactKind::Runtime => return runtime(archive),
    };
    let id = PackageId::new(ecosystem, name.expect("a name"));
    let version = Version::parse(ecosystem, "1.0.0").expect("a version");
    artifact(ArtifactOwner::Package(PackageKey { version, id }), kind, archive)
}

fn runtime(archive: &[u8]) -> RequestedArtifact {
    let key: larder_core::model::RuntimeKey = "node@22.11.0".parse().expect("a runtime");
    artifact(key.into(), ArtifactKind::Runtime, archive)
}

fn artifact(owner: ArtifactOwner, kind: ArtifactKind, archive: &[u8]) -> RequestedArtifact {
    use sha2::Digest as _;

    let digest = Digest::new(Algorithm::Sha256, &sha2::Sha256::digest(archive));
    RequestedArtifact {
        owner,
        origin: Origin::Registry("npmjs".parse().expect("a label")),
        artifact: Artifact {
            file: "file".to_owned(),
            kind,
            digest: Some(digest),
            location: None,
            platforms: Vec::new(),
        },
        promised: Vec::new(),
        native: false,
    }
}

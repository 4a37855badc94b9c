//! Archives in memory, and a store that they are fetched into.

use std::collections::HashMap;
use std::io::{Cursor, Write};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use flate2::{Compression, GzBuilder};
use larder::fetch::{ArtifactSource, Body, FetchOptions, FetchedArtifact, RequestedArtifact, SourceError, fetch_all};
use larder::model::{
    Algorithm, Artifact, ArtifactKind, ArtifactOwner, Digest, Ecosystem, Origin, PackageId, PackageKey, PackageName,
    Version,
};
use larder::store::Store;
use sha2::{Digest as _, Sha256};
use tempfile::TempDir;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Archives, and the requests for them.
pub(crate) struct Archives {
    requested: Vec<RequestedArtifact>,
    contents: HashMap<String, Vec<u8>>,
    unpacked: usize,
}

/// Returns a new folder, for a store or a checkout.
pub(crate) fn new_folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

impl Archives {
    /// Makes `count` archives of a kind, of `files` files each.
    pub(crate) fn of(kind: ArtifactKind, count: usize, files: usize) -> Self {
        let ecosystem = if kind == ArtifactKind::Wheel { Ecosystem::Pypi } else { Ecosystem::Npm };
        let keys = (0..count).map(|number| {
            let name = PackageName::parse(ecosystem, &format!("package-{number}")).expect("a name");
            let version = Version::parse(ecosystem, "1.0.0").expect("a version");
            PackageKey { id: PackageId::new(ecosystem, name), version }
        });
        Self::of_packages(kind, keys, files)
    }

    /// Makes an archive of a kind for each package, of `files` files each.
    pub(crate) fn of_packages(kind: ArtifactKind, packages: impl Iterator<Item = PackageKey>, files: usize) -> Self {
        let mut archives = Self { requested: Vec::new(), contents: HashMap::new(), unpacked: 0 };
        for key in packages {
            let entries = entries(kind, &key, files);
            archives.unpacked += entries.iter().map(|(_, content)| content.len()).sum::<usize>();
            let content = if kind == ArtifactKind::Wheel { zipped(&entries) } else { tarball(&entries) };
            let file = key.to_string();
            let digest = Some(Digest::new(Algorithm::Sha256, &Sha256::digest(&content)));
            archives.contents.insert(file.clone(), content);
            archives.requested.push(RequestedArtifact {
                owner: ArtifactOwner::Package(key),
                origin: Origin::Registry("npmjs".parse().expect("a label")),
                artifact: Artifact { file, kind, digest, location: None, platforms: Vec::new() },
                promised: Vec::new(),
                native: false,
            });
        }
        archives
    }

    /// Returns the number of bytes in their files.
    pub(crate) fn unpacked(&self) -> usize {
        self.unpacked
    }

    /// Fetches them into a store.
    pub(crate) fn fetch(&self, store: &TempDir) -> Vec<FetchedArtifact> {
        fetch_all(&Store::open(store.path()), self, &self.requested, FetchOptions::default())
            .expect("archives in memory")
    }
}

impl ArtifactSource for Archives {
    fn open(&self, _: &ArtifactOwner, _: &Origin, artifact: &Artifact) -> Result<(Body, Option<u64>), SourceError> {
        let content = self.contents[&artifact.file].clone();
        let length = content.len() as u64;
        Ok((Body::of(Box::new(Cursor::new(content))), Some(length)))
    }
}

/// Returns the files of a package: as many as asked for, of one to sixteen KiB of what looks like code, and what
/// its kind must have.
fn entries(kind: ArtifactKind, key: &PackageKey, files: usize) -> Vec<(String, Vec<u8>)> {
    let (name, version) = (key.id.name.as_str(), &key.version);
    let code = |number: usize| {
        let line = |line: usize| format!("export const value{line} = compute({}, {name:?});\n", line * number);
        (0..20 << (number % 5)).map(line).collect::<String>().into_bytes()
    };
    let (folder, extension) = if kind == ArtifactKind::Wheel { (name, "py") } else { ("package/lib", "js") };
    let mut entries: Vec<_> =
        (0..files).map(|number| (format!("{folder}/module{number}.{extension}"), code(number))).collect();
    if kind == ArtifactKind::Wheel {
        let info = format!("{}-{version}.dist-info", name.replace('-', "_"));
        let metadata = format!("Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n");
        entries.push((format!("{info}/METADATA"), metadata.into_bytes()));
        entries.push((format!("{info}/WHEEL"), b"Wheel-Version: 1.0\nTag: py3-none-any\n".to_vec()));
        let record = entries.iter().map(|(path, content)| {
            format!("{path},sha256={},{}\n", URL_SAFE_NO_PAD.encode(Sha256::digest(content)), content.len())
        });
        let record = record.collect::<String>() + &format!("{info}/RECORD,,\n");
        entries.push((format!("{info}/RECORD"), record.into_bytes()));
    } else {
        let manifest = format!(r#"{{"name": "{name}", "version": "{version}"}}"#);
        entries.push(("package/package.json".to_owned(), manifest.into_bytes()));
    }
    entries
}

fn tarball(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzBuilder::new().write(Vec::new(), Compression::default()));
    for (path, content) in entries {
        let mut header = tar::Header::new_ustar();
        header.set_size(content.len() as u64);
        header.set_mode(0o644);
        archive.append_data(&mut header, path, content.as_slice()).expect("a tar in memory");
    }
    archive.into_inner().and_then(flate2::write::GzEncoder::finish).expect("a tar in memory")
}

fn zipped(entries: &[(String, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in entries {
        archive.start_file(path.as_str(), SimpleFileOptions::default()).expect("a zip in memory");
        archive.write_all(content).expect("a zip in memory");
    }
    archive.finish().expect("a zip in memory").into_inner()
}

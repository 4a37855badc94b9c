//! A registry of private packages: a folder of static files.

use std::path::PathBuf;

use larder::manifest::{self, ManifestKind};
use larder::model::TreeDigest;
use larder::package::log::LogSigner;
use larder::package::{Body, Deposit, Event, index_path};
use larder::registry::{Change, FolderRegistry};
use tempfile::TempDir;

use super::archive::{File, sha256_hex, tarball};

/// The time of all that happens.
const TIME: &str = "2026-11-01T00:00:00Z";

/// A folder that is a registry, with the key of its log.
pub(crate) struct PrivateRegistry {
    folder: TempDir,
    signer: LogSigner,
}

impl PrivateRegistry {
    /// Makes an empty registry.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("larder-packages-").tempdir().expect("a temporary folder");
        let signer = LogSigner::from_seed("packages.acme.example", [7; 32]).expect("a key");
        FolderRegistry::create(folder.path(), &signer, TIME).expect("a registry");
        Self { folder, signer }
    }

    /// Returns the line that declares the registry.
    pub(crate) fn line(&self) -> String {
        let key = self.signer.key();
        format!("    larder \"acme\" \"file://{}/\" {{ key \"{key}\"; }}\n", self.folder.path().display())
    }

    /// Returns the index file of a package.
    pub(crate) fn index(&self, name: &str) -> PathBuf {
        self.folder.path().join("index").join(index_path(name))
    }

    /// Returns a file of the registry.
    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.folder.path().join(below)
    }

    /// Publishes a package: its files, of which the larder.kdl is the first.
    pub(crate) fn publish(&self, files: &[(&str, &str)]) -> &Self {
        let text = files[0].1;
        let parsed = manifest::parse("larder.kdl", text, ManifestKind::Root).expect("a manifest");
        let package = parsed.package.as_ref().expect("a package");
        let mut sorted: Vec<File> = files
            .iter()
            .map(|(path, content)| File { executable: content.starts_with("#!"), ..File::new(*path, *content) })
            .collect();
        sorted.sort_by(|a, b| a.path.cmp(&b.path));
        let body = Body::of(&parsed, package, digest(&sorted)).expect("a body");
        let archive = tarball(&body.folder_name(), &sorted);
        let deposit = Deposit {
            artifact: body.archive_name(),
            sha256: sha256_hex(&archive),
            size: archive.len() as u64,
            time: Some(TIME.to_owned()),
            publisher: None,
            signatures: Vec::new(),
        };
        let line = Event::publish_line(&body.to_json(), &deposit).expect("an event");
        let (name, archives) = (body.name.to_string(), vec![(deposit.artifact, archive)]);
        self.commit(Change { name, lines: vec![line], archives })
    }

    /// Appends another event: `yank`, `status`.
    pub(crate) fn event(&self, name: &str, kind: &str, rest: &str) -> &Self {
        let body = format!(r#"{{"name":"{name}"{rest}}}"#);
        let line = Event::line_of(kind, &body, None).expect("an event");
        self.commit(Change { name: name.to_owned(), lines: vec![line], archives: Vec::new() })
    }

    fn commit(&self, change: Change) -> &Self {
        let registry = FolderRegistry::open(self.folder.path(), &[]).expect("a registry");
        registry.lock(|| {}).expect("a lock").commit(&[change], &self.signer, TIME).expect("a publication");
        self
    }
}

/// Returns the digest of files, which are sorted.
fn digest(files: &[File]) -> TreeDigest {
    let mut text = b"larder tree\0".to_vec();
    for file in files {
        text.extend_from_slice(&(file.path.len() as u64).to_le_bytes());
        text.extend_from_slice(file.path.as_bytes());
        text.push(u8::from(file.executable));
        text.extend_from_slice(&TreeDigest::of(&file.content).0);
    }
    TreeDigest::of(&text)
}

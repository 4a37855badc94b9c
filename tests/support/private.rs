//! A registry of private packages: a folder of static files.

use std::fs;
use std::path::{Path, PathBuf};

use larder::manifest::{self, ManifestKind};
use larder::model::TreeDigest;
use larder::package::{Body, Deposit, Event, index_path};
use tempfile::TempDir;

use super::archive::{File, sha256_hex, tarball};

/// A folder that is a registry.
pub(crate) struct PrivateRegistry {
    folder: TempDir,
}

impl PrivateRegistry {
    /// Makes an empty registry.
    pub(crate) fn new() -> Self {
        let folder = tempfile::Builder::new().prefix("larder-packages-").tempdir().expect("a temporary folder");
        let description = r#"{"version":1,"origin":"packages.acme.example","index":"index/","artifacts":"artifacts/","api":"api/v1/"}"#;
        fs::write(folder.path().join("larder-registry.json"), description).expect("a file");
        Self { folder }
    }

    /// Returns the line that declares the registry.
    pub(crate) fn line(&self) -> String {
        format!("    larder \"acme\" \"file://{}/\"\n", self.folder.path().display())
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
            time: Some("2026-11-01T00:00:00Z".to_owned()),
            publisher: None,
            signatures: Vec::new(),
        };
        write(&self.path(&format!("artifacts/{}/{}", body.name, deposit.artifact)), &archive);
        let line = Event::publish_line(&body.to_json(), &deposit).expect("an event");
        self.append(body.name.as_str(), &line)
    }

    /// Appends another event: `yank`, `status`.
    pub(crate) fn event(&self, name: &str, kind: &str, rest: &str) -> &Self {
        let body = format!(r#"{{"name":"{name}"{rest}}}"#);
        self.append(name, &Event::line_of(kind, &body, None).expect("an event"))
    }

    fn append(&self, name: &str, line: &str) -> &Self {
        let path = self.index(name);
        let mut text = fs::read_to_string(&path).unwrap_or_default();
        text.push_str(line);
        text.push('\n');
        write(&path, text.as_bytes());
        self
    }
}

fn write(path: &Path, content: &[u8]) {
    fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    fs::write(path, content).expect("a file");
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

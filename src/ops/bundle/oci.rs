//! An image layout of the Open Container Initiative: an environment as it runs, with a layer each for runtimes, packages and the
//! project, so that a change of the project does not move the others.
//!
//! ```text
//! DIR/oci-layout, DIR/index.json
//! DIR/blobs/sha256/…          the layers, the configuration, the manifest
//! ```
//!
//! Source: <https://github.com/opencontainers/image-spec>, version 1.1.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::BundleContent;
use super::deploy::{StoredBundle, deploy};
use super::layers::{self, Layer};
use crate::diagnostic::{Exit, Failure};
use crate::fetch::bundled_name;
use crate::fs::{self, DirEntry, Durability, FileLock, Kind};
use crate::model::{Digest, Label, Platform};
use crate::ops::install::Purpose;
use crate::ops::project::snapshot;
use crate::ops::{Result, Session};
use crate::package::ArchiveFile;
use crate::profile::Profiles;
use crate::store::{Store, Tree};

/// Where the deployment lies in the image.
const PLACE: &str = "app";

const LAYOUT: &str = "oci-layout";
const LAYER: &str = "application/vnd.oci.image.layer.v1.tar+gzip";
const CONFIGURATION: &str = "application/vnd.oci.image.config.v1+json";
const MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";
const INDEX: &str = "application/vnd.oci.image.index.v1+json";

/// An image that was written.
#[derive(Debug, Serialize)]
pub struct Image {
    /// Its folder.
    pub folder: PathBuf,
    /// The digest of its manifest, by which it is known: `sha256:…`.
    pub digest: String,
    /// Its layers, from the bottom up.
    pub layers: Vec<ImageLayer>,
}

/// A layer of an image.
#[derive(Debug, Serialize)]
pub struct ImageLayer {
    /// `runtimes`, `packages` or `project`.
    pub holds: &'static str,
    /// The digest of its file: `sha256:…`.
    pub digest: String,
    /// The size of its file in bytes.
    pub size: u64,
}

/// Writes an image into a folder that is empty, does not exist, or is an image layout. The index comes last.
pub(super) fn write(session: &Session<'_>, content: &BundleContent, folder: &Path) -> Result<Image> {
    let blobs = folder.join("blobs/sha256");
    fs::create_dir_all(folder)?;
    let is_foreign = |name: &std::ffi::OsString| !fs::is_temporary(Path::new(name));
    if fs::stat(&folder.join(LAYOUT))?.is_none() && fs::names(folder)?.iter().any(is_foreign) {
        return Err(NotEmpty(folder.to_owned()).into());
    }
    fs::create_dir_all(&blobs)?;
    fs::write_atomic(&folder.join(LAYOUT), br#"{"imageLayoutVersion":"1.0.0"}"#, Durability::Lazy)?;
    let workshop = ImageFolder::open(session)?;
    let written = layers_of(session, content, &workshop.image, &blobs);
    workshop.clear(session)?;
    let layers = written?;
    let environment = &content.file.environment;
    let platform = content.file.platform.parse::<Platform>().ok();
    let blob = |document: &Value| -> Result<(String, usize)> {
        let bytes = serde_json::to_vec(document).unwrap_or_default();
        let digest = Digest::sha256_of(&bytes).to_hex();
        fs::write_atomic(&blobs.join(&digest), &bytes, Durability::Lazy)?;
        Ok((format!("sha256:{digest}"), bytes.len()))
    };
    let system = json!({ "architecture": architecture(platform), "os": system(platform) });
    let (configuration, size) = blob(&configuration(environment, &system, &layers))?;
    let described: Vec<Value> = layers
        .iter()
        .map(|(_, layer)| json!({ "mediaType": LAYER, "digest": format!("sha256:{}", layer.digest), "size": layer.size }))
        .collect();
    let (digest, manifest_size) = blob(&json!({
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": { "mediaType": CONFIGURATION, "digest": configuration, "size": size },
        "layers": described,
    }))?;
    let index = json!({
        "schemaVersion": 2,
        "mediaType": INDEX,
        "manifests": [{
            "mediaType": MANIFEST,
            "digest": digest,
            "size": manifest_size,
            "platform": system,
            "annotations": { "org.opencontainers.image.ref.name": environment },
        }],
    });
    fs::write_atomic(&folder.join("index.json"), &serde_json::to_vec(&index).unwrap_or_default(), Durability::Whole)?;
    let layers = layers.into_iter().map(|(holds, layer)| ImageLayer {
        holds,
        digest: format!("sha256:{}", layer.digest),
        size: layer.size,
    });
    Ok(Image { folder: folder.to_owned(), digest, layers: layers.collect() })
}

/// Returns the configuration of the image: where its programs are found, and what its layers are.
fn configuration(environment: &str, system: &Value, layers: &[(&'static str, Layer)]) -> Value {
    let active = format!("/{PLACE}/.larder/active");
    let path = format!("{active}/runtimes:{active}/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin");
    let diff_ids: Vec<String> = layers.iter().map(|(_, layer)| format!("sha256:{}", layer.diff_id)).collect();
    let history: Vec<Value> =
        layers.iter().map(|(holds, _)| json!({ "created_by": format!("larder bundle: {holds}") })).collect();
    json!({
        "architecture": system["architecture"],
        "os": system["os"],
        "config": {
            "Env": [format!("PATH={path}"), format!("LARDER_ENV={environment}")],
            "WorkingDir": format!("/{PLACE}"),
        },
        "rootfs": { "type": "layers", "diff_ids": diff_ids },
        "history": history,
    })
}

/// Builds the deployment, lets it lead to its place in the image, and writes its layers. One that would be empty is left out.
fn layers_of(
    session: &Session<'_>,
    content: &BundleContent,
    root: &Path,
    blobs: &Path,
) -> Result<Vec<(&'static str, Layer)>> {
    let project = Arc::new(stored(&session.store, &content.project)?);
    let described = StoredBundle { file: &content.file, project: &project, trees: &content.trees, origin: root };
    let (profile, installed) = deploy(session, &described, (root, jiff::Timestamp::UNIX_EPOCH), Purpose::Sync)?;
    let environment = &installed.built.generation.environment;
    let held = snapshot::hold(session.context, &profile)?;
    profile.relocate_for(&held, environment, installed.number, &Path::new("/").join(PLACE))?;
    held.release()?;
    let parts = LayerFolders::of(&profile, environment, installed.number)?;
    let mut found = fs::walk(profile.root(), |_| true)?;
    found.retain(|entry| entry.kind != Kind::Folder);
    found.sort_by(|one, other| one.path.cmp(&other.path));
    let mut layers = Vec::new();
    for holds in ["runtimes", "packages", "project"] {
        let entries: Vec<&DirEntry> = found.iter().filter(|entry| parts.layer(&entry.path) == Some(holds)).collect();
        if !entries.is_empty() {
            layers.push((holds, layers::write(blobs, (profile.root(), PLACE), &entries)?));
        }
    }
    Ok(layers)
}

/// What belongs to which layer.
struct LayerFolders {
    runtimes: Vec<PathBuf>,
    /// The generation's copy of the project.
    project: PathBuf,
}

impl LayerFolders {
    fn of(profile: &Profiles, environment: &Label, number: u64) -> Result<Self> {
        let generation = profile.folder(environment, number);
        let generation = generation.strip_prefix(profile.root()).unwrap_or(&generation);
        Ok(Self { runtimes: profile.runtime_folders(environment, number)?, project: generation.join("project") })
    }

    /// Returns the layer of a file or link. Returns `None` for what larder keeps for itself while it works.
    fn layer(&self, path: &Path) -> Option<&'static str> {
        if self.runtimes.iter().any(|folder| path.starts_with(folder)) {
            return Some("runtimes");
        }
        let Ok(own) = path.strip_prefix(".larder") else { return Some("project") };
        if path.starts_with(&self.project) {
            return Some("project");
        }
        let is_kept = own.starts_with("node_modules") || own == Path::new("active");
        is_kept.then_some("packages")
    }
}

/// Puts the project's files into the store, as a bundle would.
fn stored(store: &Store, files: &[ArchiveFile]) -> Result<Tree> {
    let name = bundled_name(&crate::package::tree_digest(files));
    if let Some(tree) = store.tree(&name)? {
        return Ok(tree);
    }
    let mut staging = store.stage(Some(&name), |_| {})?;
    if let Some(tree) = store.tree(&name)? {
        return Ok(tree);
    }
    for file in files {
        staging.write(&file.path, file.executable, &file.content)?;
    }
    Ok(staging.commit(&name)?)
}

/// The folder in which deployments of images are put together, one at a time.
struct ImageFolder {
    /// Where the deployment is put together.
    image: PathBuf,
    /// Held until it is removed.
    _lock: FileLock,
}

impl ImageFolder {
    fn open(session: &Session<'_>) -> Result<Self> {
        let folder = session.context.cache.join("images");
        fs::create_dir_all(&folder)?;
        let lock = FileLock::acquire(&folder.join("lock"), || {})?;
        let workshop = Self { image: folder.join("image"), _lock: lock };
        // A killed run may have left one.
        fs::remove_tree(&workshop.image)?;
        Ok(workshop)
    }

    /// Removes what was put together.
    fn clear(self, session: &Session<'_>) -> Result<()> {
        if let Ok(root) = fs::canonicalize(&self.image) {
            session.store.forget_project(&root)?;
        }
        Ok(fs::remove_tree(&self.image)?)
    }
}

/// Returns the architecture, as Go names it.
fn architecture(platform: Option<Platform>) -> &'static str {
    match platform.map(Platform::npm_cpu) {
        Some("arm64") => "arm64",
        _ => "amd64",
    }
}

/// Returns the system, as Go names it.
fn system(platform: Option<Platform>) -> &'static str {
    match platform.map(Platform::npm_os) {
        Some("darwin") => "darwin",
        Some("win32") => "windows",
        _ => "linux",
    }
}

/// A folder that has something else in it.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` is neither an image layout nor empty", .0.display())]
#[diagnostic(code(larder::bundle::not_empty), help("name a new folder, or one that `larder bundle --oci` wrote"))]
struct NotEmpty(PathBuf);

impl Failure for NotEmpty {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

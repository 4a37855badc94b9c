//! An environment as it runs, in one file: written where it was locked, unpacked where there is nothing but larder.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `write` | the file: the same bytes wherever and whenever it is written |
//! | `deploy`, `unbundle` | from the file to a generation of a deployment |
//! | `oci`, `layers` | the same as an image of containers |

mod deploy;
mod layers;
mod oci;
mod unbundle;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::lock::Closure;
use crate::manifest::Environment;
use crate::model::TreeDigest;
use crate::package::{ArchiveFile, BundleFile, BundleRuntime, BundledPackage, tree_digest};
use crate::store::Tree;

use super::install::gather::Gathered;
use super::install::{Ingredients, Installation};
use super::lock::{self, Locked};
use super::packages::read_project;
use super::policies::Subject;
use super::runtimes::GatheredRuntimes;
use super::{Project, Result, Session, project};

pub use oci::{Image, ImageLayer};
pub use unbundle::{UnbundleOptions, Unbundled, unbundle};

/// What is asked of `bundle`.
#[derive(Clone, Debug, Default)]
pub struct BundleOptions {
    /// The file to write.
    pub output: Option<PathBuf>,
    /// The folder to write an image to.
    pub image: Option<PathBuf>,
    /// Globs of files of the project that belong to the bundle though git ignores them.
    pub includes: Vec<String>,
    /// Paths of files that may look like secrets.
    pub allowed_secrets: Vec<String>,
}

/// `larder bundle --json`: see `schema/bundle.json`.
#[derive(Debug, Serialize)]
pub struct Bundled {
    /// The environment.
    pub environment: String,
    /// The platform that it runs on.
    pub platform: String,
    /// The file, if one was written.
    pub file: Option<BundledFile>,
    /// The image, if one was written.
    pub image: Option<Image>,
    /// How many packages it has, runtimes not counted.
    pub packages: usize,
    /// The runtimes that it brings.
    pub runtimes: Vec<String>,
    /// How many files of the project it has.
    pub files: usize,
    /// What a user should hear about.
    pub warnings: Vec<String>,
}

/// A bundle that was written.
#[derive(Debug, Serialize)]
pub struct BundledFile {
    /// Where it is.
    pub path: PathBuf,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 digest, in hexadecimal.
    pub sha256: String,
}

/// What a bundle consists of.
struct BundleContent {
    file: BundleFile,
    /// The project's files, sorted by path.
    project: Vec<ArchiveFile>,
    /// The packages and runtimes.
    trees: BTreeMap<TreeDigest, Arc<Tree>>,
    runtimes: Vec<String>,
    warnings: Vec<String>,
    /// Keeps the trees from being collected.
    _kept: (Gathered, GatheredRuntimes),
}

/// Writes the environment that was asked for into a file, an image or both. The lock has to be fresh.
pub fn bundle(session: &Session<'_>, options: &BundleOptions) -> Result<Bundled> {
    let in_folder = |path: &PathBuf| session.context.folder.join(path);
    let (path, folder) = (options.output.as_ref().map(in_folder), options.image.as_ref().map(in_folder));
    let written: Vec<&Path> = path.iter().chain(&folder).map(PathBuf::as_path).collect();
    let content = gather(session, &written, options)?;
    let file = path.map(|path| write::write(path, &content)).transpose()?;
    let image = folder.map(|folder| oci::write(session, &content, &folder)).transpose()?;
    Ok(Bundled {
        environment: content.file.environment,
        platform: content.file.platform,
        file,
        image,
        packages: content.file.packages.len(),
        runtimes: content.runtimes,
        files: content.project.len(),
        warnings: content.warnings,
    })
}

/// Brings together what the environment that was asked for runs from, as a sync would build it.
fn gather(session: &Session<'_>, written: &[&Path], options: &BundleOptions) -> Result<BundleContent> {
    let context = session.context;
    let project = Project::read(project::find_root(context)?)?;
    let lockfile = lock::fresh(&project)?;
    // Byte-code is made where the bundle is unpacked.
    let environment = &Environment { compile: false, ..project.environment(context)?.clone() };
    let platform = project.platform()?;
    let selection = project::selection(environment, Some(platform));
    let closure = Closure::of(&lockfile.graph, &selection);
    if let Some(folder) = closure.folders().find(|folder| folder.starts_with("..")) {
        return Err(Beside { folder: folder.to_string() }.into());
    }
    let subject = Subject::looking_up(session, (&project, &lockfile), || closure.packages(), &[environment])?;
    subject.check(environment, &closure)?;
    let files = read_project(&project.root, written, &options.includes, &options.allowed_secrets)?;
    let profile = project.profile()?;
    let installation = Installation::untouched((session, &project), &profile, (environment, platform), &lockfile);
    let Ingredients { gathered, runtimes: brought, left_out, .. } = installation.gather(&selection, closure)?;
    let packages = gathered.trees.iter().map(|(package, tree)| {
        let (package, tree) = (package.to_string(), tree.digest.to_string());
        BundledPackage { package, tree }
    });
    let runtimes = brought.trees.iter().map(|runtime| BundleRuntime {
        name: runtime.key.name.as_str().to_owned(),
        tree: runtime.tree.digest.to_string(),
    });
    let file = BundleFile::new(
        (environment.name.to_string(), platform.as_str().to_owned()),
        tree_digest(&files).to_string(),
        packages.collect(),
        runtimes.collect(),
    );
    let trees = gathered.trees.values().chain(brought.trees.iter().map(|runtime| &runtime.tree));
    let trees = trees.map(|tree| (tree.digest, Arc::clone(tree))).collect();
    let runtimes = brought.trees.iter().map(|runtime| runtime.key.to_string()).collect();
    let locked = Locked::unchanged(&project, lockfile);
    let warnings = locked.warnings().chain(left_out.warnings()).collect();
    Ok(BundleContent { file, project: files, trees, runtimes, warnings, _kept: (gathered, brought) })
}

/// A local package that is no part of the project.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the local package in `{folder}` lies beside the project, and a bundle has the project's own files")]
#[diagnostic(
    code(larder::bundle::beside),
    help("make it a member of the project, or publish it to a registry and depend on it there")
)]
struct Beside {
    folder: String,
}

impl Failure for Beside {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

//! `larder builds push`: what was built here is given to others, at a registry that keeps it.

use serde::Serialize;

use super::building::{Builder, ScriptRunner};
use super::install::{Installation, scripted};
use super::registry::destination::Destination;
use super::{Project, Result, Session, key, lock, project};
use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::lock::Closure;
use crate::model::{Digest, EntryPath, PackageKey, RuntimeName};
use crate::package::{ArchiveFile, MAX_FILES, MAX_SIZE, SignedOutput, output_paths};
use crate::store::Tree;

/// `larder builds push --json`: see `schema/builds-push.json`.
#[derive(Debug, Serialize)]
pub struct SharedBuilds {
    /// The environment whose packages were built.
    pub environment: String,
    /// Where they were copied to.
    pub to: String,
    /// The public key that others check the signatures with.
    pub signed_by: String,
    /// The packages, sorted.
    pub builds: Vec<SharedBuild>,
}

/// A package that was built.
#[derive(Debug, Serialize)]
pub struct SharedBuild {
    /// The package: `pypi:psycopg2@2.9.10`.
    pub package: String,
    /// The digest of everything that went into the build, by which others find it.
    pub key: String,
    /// `added`, or `unchanged` if the registry has it.
    pub outcome: &'static str,
    /// The size of the archive in bytes; 0 if nothing was copied.
    pub bytes: u64,
}

/// Copies what the environment has of built packages to a registry: a name in larder.kdl, a URL or a folder. What is not built yet
/// is built.
pub fn push(session: &Session<'_>, to: &str, sign: &str) -> Result<SharedBuilds> {
    let signer = key::find(session.context, sign)?;
    let project = Project::open(session.context)?;
    let destination = Destination::find(session, Some(&project), to)?;
    destination.expect_registry()?;
    let lockfile = lock::fresh(&project)?;
    let (environment, platform) = (project.environment(session.context)?, project.platform()?);
    let profile = project.profile()?;
    let installation = Installation::untouched((session, &project), &profile, (environment, platform), &lockfile);
    let selection = project::selection(environment, Some(platform));
    let ingredients = installation.gather(&selection, Closure::of(&lockfile.graph, &selection))?;
    let closure = &ingredients.closure;
    let (interpreter, node) = (ingredients.interpreter.as_ref(), ingredients.runtimes.of(RuntimeName::Node));
    let builder = Builder { session, project: &project, builds: &lockfile.builds, interpreter, node, platform };
    let mut outputs: Vec<(PackageKey, Digest)> = builder.outputs(closure)?;
    if let Some(runner) = ScriptRunner::new(session, &project, &lockfile, closure, (platform, node))? {
        let planned = scripted::planned(&runner, closure, &lockfile.settings.patches, &outputs)?;
        outputs.extend(planned.into_iter().map(|planned| (planned.instance.package, planned.output)));
    }
    outputs.sort();
    let mut builds = Vec::new();
    for (package, output) in outputs {
        let [archive, signature] = output_paths(&output);
        let mut shared =
            SharedBuild { package: package.to_string(), key: output.to_hex(), outcome: "unchanged", bytes: 0 };
        if destination.read(&signature)?.is_none() {
            let Some(tree) = session.store.tree(&output)? else { continue };
            let made = SignedOutput::new(&output, &files(&package, &tree)?, &signer);
            // Who finds the signature finds the archive.
            destination.write(&archive, &made.archive)?;
            destination.write(&signature, made.signature.as_bytes())?;
            (shared.outcome, shared.bytes) = ("added", made.archive.len() as u64);
        }
        builds.push(shared);
    }
    let signed_by = signer.public().map_err(key::KeyError::Key)?.to_string();
    Ok(SharedBuilds { environment: environment.name.to_string(), to: destination.to_string(), signed_by, builds })
}

/// Reads the files of a tree.
fn files(package: &PackageKey, tree: &Tree) -> Result<Vec<ArchiveFile>> {
    let size: u64 = tree.entries.iter().map(|entry| entry.size).sum();
    if size > MAX_SIZE || tree.entries.len() > MAX_FILES {
        return Err(TooLarge { package: package.clone(), size, files: tree.entries.len() }.into());
    }
    let read = |entry: &crate::store::TreeEntry| {
        let path = EntryPath::parse(&entry.path).map_err(|error| BadPath(entry.path.to_string(), error.to_string()))?;
        let content = fs::read(&tree.folder.join(&*entry.path))?;
        Ok(ArchiveFile { path, executable: entry.executable, content })
    };
    tree.entries.iter().map(read).collect()
}

/// More than a registry takes.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("what was built of {package} is too large to be shared: {files} files, {size} bytes")]
#[diagnostic(code(larder::builds::too_large))]
struct TooLarge {
    package: PackageKey,
    size: u64,
    files: usize,
}

/// A path that no archive has.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("what was built cannot be packed: `{0}` {1}")]
#[diagnostic(code(larder::builds::bad_path))]
struct BadPath(String, String);

impl Failure for TooLarge {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

impl Failure for BadPath {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

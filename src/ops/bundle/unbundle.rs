//! `larder unbundle`: a bundle becomes a generation of a deployment.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::deploy::{StoredBundle, deploy};
use crate::diagnostic::{Exit, Failure};
use crate::fetch::{self, UnpackedBundle};
use crate::fs::{self, Kind};
use crate::ops::install::Purpose;
use crate::ops::session::MANIFEST;
use crate::ops::{Result, Session};

/// What is asked of `unbundle`.
#[derive(Clone, Debug, Default)]
pub struct UnbundleOptions {
    /// The bundle.
    pub file: PathBuf,
    /// The deployment, instead of the current folder.
    pub folder: Option<PathBuf>,
    /// The SHA-256 digest that the bundle has to have, in hexadecimal.
    pub sha256: Option<String>,
}

/// `larder unbundle --json`: see `schema/unbundle.json`.
#[derive(Debug, Serialize)]
pub struct Unbundled {
    /// The environment.
    pub environment: String,
    /// Its current generation.
    pub generation: u64,
    /// The digest that the generation has on every machine.
    pub digest: String,
    /// Whether the generation is new: the bundle is, or the one before was harmed.
    pub built: bool,
    /// The deployment.
    pub folder: PathBuf,
    /// The SHA-256 digest of the bundle, in hexadecimal.
    pub sha256: String,
    /// What a user should hear about.
    pub warnings: Vec<String>,
}

/// Makes a bundle a generation of a deployment, and switches to it. A deployment that has the bundle already is healed.
pub fn unbundle(session: &Session<'_>, options: &UnbundleOptions) -> Result<Unbundled> {
    let (context, store) = (session.context, &session.store);
    let folder = options.folder.as_ref().map_or_else(|| context.folder.clone(), |folder| context.folder.join(folder));
    refuse_checkout(&folder)?;
    store.tidy()?;
    let path = context.folder.join(&options.file);
    let bundle = fetch::unpack_bundle(store, &path)?;
    let sha256 = bundle.digest.to_hex();
    if let Some(expected) = options.sha256.as_ref().filter(|expected| !expected.eq_ignore_ascii_case(&sha256)) {
        return Err(OtherBundle { file: path, expected: expected.clone(), found: sha256 }.into());
    }
    let time = jiff::Timestamp::now();
    let (mut profile, mut installed) = deploy(session, &content(&bundle, &path), (&folder, time), Purpose::Sync)?;
    if !installed.built.is_new {
        // The deployment has it already: what somebody harmed is healed. What it shares with the store, the bundle brings again.
        if store.remove_damaged(bundle.trees.values().chain([&bundle.project]).map(|tree| &**tree))? {
            fetch::unpack_bundle(store, &path)?;
        }
        (profile, installed) = deploy(session, &content(&bundle, &path), (&folder, time), Purpose::Repair)?;
    }
    Ok(Unbundled {
        environment: bundle.file.environment,
        generation: installed.number,
        digest: installed.built.generation.digest.to_string(),
        built: installed.built.is_new,
        folder: profile.root().to_owned(),
        sha256,
        warnings: installed.warnings,
    })
}

fn content<'a>(bundle: &'a UnpackedBundle, path: &'a Path) -> StoredBundle<'a> {
    StoredBundle { file: &bundle.file, project: &bundle.project, trees: &bundle.trees, origin: path }
}

/// Fails if a folder has a project of its own, which is no deployment.
fn refuse_checkout(folder: &Path) -> Result<()> {
    match fs::lstat(&folder.join(MANIFEST))? {
        Some(stat) if stat.kind == Kind::File => Err(IsCheckout(folder.to_owned()).into()),
        _ => Ok(()),
    }
}

/// A bundle that is not the expected one.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` is not the expected bundle: expected {expected}, found {found}", file.display())]
#[diagnostic(code(larder::bundle::other_digest), help("nothing was changed: find out who changed the file"))]
struct OtherBundle {
    file: PathBuf,
    expected: String,
    found: String,
}

/// A folder that is no deployment.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("`{}` has a project of its own: its larder.kdl did not come in a bundle", .0.display())]
#[diagnostic(code(larder::bundle::checkout), help("name an empty folder, or a deployment: `larder unbundle FILE DIR`"))]
struct IsCheckout(PathBuf);

impl Failure for OtherBundle {
    fn exit(&self) -> Exit {
        Exit::Integrity
    }
}

impl Failure for IsCheckout {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

//! `larder publish`: a package is packed, signed and added to a registry.

use serde::Serialize;

use super::compatibility::{self, Baseline};
use super::packages::{OwnPackage, prepare};
use super::registry::target::RegistryTarget;
use super::registry::{server, submit};
use super::{Event, Project, Result, Session, key};
use crate::model::{Digest, Ecosystem, PackageId};
use crate::package::Submission;

/// What is asked of `publish`.
#[derive(Clone, Debug, Default)]
pub struct PublishOptions {
    /// The registry: a name in larder.kdl, or a folder.
    pub registry: Option<String>,
    /// The publisher's key: a name, `env=NAME` or `file=PATH`.
    pub sign: Option<String>,
    /// Whether nothing is published.
    pub dry_run: bool,
    /// Whether it may take away what the published version has.
    pub allow_breaking: bool,
    /// Paths of files that may look like secrets.
    pub allowed_secrets: Vec<String>,
}

/// `larder publish --json`: see `schema/publish.json`.
#[derive(Debug, Serialize)]
pub struct Publication {
    /// The identity of the registry.
    pub registry: String,
    /// The package.
    pub package: String,
    /// The version.
    pub version: String,
    /// The archive's file name.
    pub archive: String,
    /// The size of the archive in bytes.
    pub size: u64,
    /// The SHA-256 digest of the archive, in hexadecimal.
    pub sha256: String,
    /// The digest of the files, by which the version is known.
    pub tree: String,
    /// The files that everybody can read who can read the registry, sorted.
    pub files: Vec<String>,
    /// The public key of the publisher's signature.
    pub signed_by: Option<String>,
    /// `added`, `submitted`, `unchanged`, or `none` for a dry run.
    pub outcome: &'static str,
}

/// Publishes the package whose folder larder was started in.
pub fn publish(session: &Session<'_>, options: &PublishOptions) -> Result<Publication> {
    let publication = add_to_registry(session, options)?;
    if publication.outcome == submit::SubmissionOutcome::Unchanged.as_str() {
        (session.context().reporter)(Event::Unchanged);
    }
    Ok(publication)
}

/// Packs and signs the package whose folder larder was started in, and adds it to a registry.
pub(super) fn add_to_registry(session: &Session<'_>, options: &PublishOptions) -> Result<Publication> {
    let context = session.context();
    let own = OwnPackage::of(context)?;
    let prepared = prepare(&own, &options.allowed_secrets)?;
    let body = &prepared.body;
    (context.reporter)(Event::Concerns(format!("{}@{}", body.name, body.version)));
    let id = PackageId::new(Ecosystem::PRIVATE, body.name.clone());
    let project = Project::open(context).ok();
    let target = RegistryTarget::find(context, project.as_ref(), options.registry.as_deref(), &id)?;
    if !options.allow_breaking
        && let Some(comparison) = compatibility::compare(session, &target, &prepared, &Baseline::Promised)?
        && let Some(refusal) = comparison.refusal()
    {
        return Err(refusal.into());
    }
    let (archive, text) = (prepared.archive(), body.to_json());
    let signer = options.sign.as_deref().map(|asked| key::find(context, asked)).transpose()?;
    let comment = format!("{} {}", body.name, body.version);
    let signatures = signer.iter().map(|signer| signer.sign(text.as_bytes(), &comment)).collect();
    let publication = Publication {
        registry: target.origin().to_owned(),
        package: body.name.to_string(),
        version: body.version.to_string(),
        archive: body.archive_name(),
        size: archive.len() as u64,
        sha256: Digest::sha256_of(&archive).to_hex(),
        tree: body.tree.to_string(),
        files: prepared.files.iter().map(|file| file.path.to_string()).collect(),
        signed_by: signer.and_then(|signer| Some(signer.public().ok()?.to_string())),
        outcome: "none",
    };
    let submission =
        Submission { kind: "publish".to_owned(), body: text, archive: Some(archive), publisher: None, signatures };
    let outcome = match (options.dry_run, &target) {
        (true, RegistryTarget::Folder(folder)) => submit::preview(folder, &submission)?,
        (true, RegistryTarget::Server(..)) => "none",
        (false, RegistryTarget::Folder(folder)) => submit::submit(context, folder, &submission)?.as_str(),
        (false, RegistryTarget::Server(project, registry)) => {
            let version = (publication.package.as_str(), publication.version.as_str());
            server::send(session, project, registry, version, &submission)?.as_str()
        }
    };
    Ok(Publication { outcome, ..publication })
}

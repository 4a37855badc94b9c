//! `larder init --consume`: a project that uses a private package.

use std::path::PathBuf;

use serde::Serialize;

use super::add::{self, AddRequest};
use super::init::{self, Guards, InitOptions};
use super::lock::Changes;
use super::login::LoginWanted;
use super::packages::GITIGNORE;
use super::session::MANIFEST;
use super::{Context, Project, Result, Session};
use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability};
use crate::import::ImportedRegistry;
use crate::manifest::edit::quoted;
use crate::manifest::{Manifest, RegistryUrl, seen_as};
use crate::model::{Ecosystem, Label, PackageName};

/// What is to be used, and where it is.
#[derive(Clone, Copy, Debug)]
pub struct ConsumeOptions<'a> {
    /// The private package's name.
    pub package: &'a str,
    /// The registry: a URL, or a folder.
    pub registry: &'a str,
    /// The project's name, instead of the folder's.
    pub name: Option<&'a str>,
}

/// `larder init --consume --json`: see `schema/init-consume.json`.
#[derive(Debug, Serialize)]
pub struct Consumed {
    /// The project's manifest.
    pub manifest: PathBuf,
    /// The package's name.
    pub package: String,
    /// Whether something was written.
    pub changed: bool,
}

/// Makes a project in the folder that larder was started in, adds the package to it and locks it. Where all of that is done
/// already, nothing is changed.
pub fn consume(session: &Session<'_>, options: &ConsumeOptions<'_>) -> Result<(Consumed, Option<Changes>)> {
    let context = session.context();
    let name = PackageName::larder(options.package).map_err(|error| BadPackage(error.to_string()))?;
    let url = RegistryUrl::parse(options.registry).map_err(BadRegistry)?;
    let path = context.folder.join(MANIFEST);
    let before = Before::of(context)?;
    if before.is_new {
        let registry = ImportedRegistry {
            ecosystem: Ecosystem::PRIVATE,
            name: name_of(&url),
            url: options.registry.to_owned(),
            packages: Vec::new(),
            priority: None,
            is_flat: false,
        };
        let options = InitOptions { name: options.name, guards: Guards::Required, registries: vec![registry] };
        init::init(context, options)?;
    }
    let project = Project::read(context.folder.clone())?;
    if !has_registry(&project.manifest, &url) {
        let line = format!("{} {} {}", Ecosystem::PRIVATE, quoted(&name_of(&url)), quoted(options.registry));
        return Err(OtherProject { line }.into());
    }
    let consumed = |changed| Consumed { manifest: path.clone(), package: name.to_string(), changed };
    if has_line(&project.manifest, &name) {
        return Ok((consumed(false), None));
    }
    let packages = [format!("{}:{name}", Ecosystem::PRIVATE)];
    let request = AddRequest { packages: &packages, ..AddRequest::default() };
    match add::add(session, &request) {
        Ok(changes) => Ok((consumed(true), Some(changes))),
        Err(error) if before.is_new => {
            before.restore(context)?;
            Err(match &url {
                RegistryUrl::Http(url) => LoginWanted::in_place_of(error, url),
                RegistryUrl::Folder(_) => error,
            })
        }
        Err(error) => Err(error),
    }
}

/// A folder as it was before a project was made of it.
struct Before {
    /// Whether it was no project.
    is_new: bool,
    gitignore: Option<Vec<u8>>,
}

impl Before {
    fn of(context: &Context<'_>) -> Result<Self> {
        let is_new = fs::stat(&context.folder.join(MANIFEST))?.is_none();
        Ok(Self { is_new, gitignore: fs::read_if_exists(&context.folder.join(GITIGNORE))? })
    }

    /// Takes back what making the project wrote.
    fn restore(&self, context: &Context<'_>) -> Result<()> {
        fs::remove_file(&context.folder.join(MANIFEST))?;
        let gitignore = context.folder.join(GITIGNORE);
        match &self.gitignore {
            Some(text) if fs::read_if_exists(&gitignore)?.as_ref() != Some(text) => {
                Ok(fs::write_atomic(&gitignore, text, Durability::Whole)?)
            }
            Some(_) => Ok(()),
            None => Ok(fs::remove_file(&gitignore)?),
        }
    }
}

fn has_registry(manifest: &Manifest, url: &RegistryUrl) -> bool {
    manifest.registries.iter().any(|registry| registry.ecosystem.is_published_with_larder() && registry.url == *url)
}

fn has_line(manifest: &Manifest, name: &PackageName) -> bool {
    let mut lines = manifest.dependencies.iter();
    lines.any(|line| line.ecosystem().is_published_with_larder() && seen_as(line) == name.as_str())
}

/// Returns the name by which a manifest calls a registry: its host, or its folder's name.
fn name_of(url: &RegistryUrl) -> String {
    let text = match url {
        RegistryUrl::Http(url) => url.host().to_owned(),
        RegistryUrl::Folder(folder) => folder.trim_end_matches('/').rsplit('/').next().unwrap_or_default().to_owned(),
    };
    if text.parse::<Label>().is_ok() { text } else { "private".to_owned() }
}

/// A name that no private package has.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{0}")]
#[diagnostic(code(larder::init::bad_package))]
struct BadPackage(String);

impl Failure for BadPackage {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// An address that no registry has.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{0}")]
#[diagnostic(code(larder::init::bad_registry))]
struct BadRegistry(String);

impl Failure for BadRegistry {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// A project that has not the registry.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is a larder.kdl already, and it has no such registry")]
#[diagnostic(
    code(larder::init::other_project),
    help("add `registries {{ {line}; }}` to it, then run this again, or use `larder add`")
)]
struct OtherProject {
    line: String,
}

impl Failure for OtherProject {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

//! A folder or a server that files of a registry are copied to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::diagnostic::{Exit, Failure};
use crate::fs::{self, Durability};
use crate::manifest::{Registry, RegistryUrl};
use crate::model::{Ecosystem, Label, Url};
use crate::ops::login::LoginWanted;
use crate::ops::registries::{self, logins};
use crate::ops::{Error, Project, Result, Session};
use crate::package::log::CHECKPOINT;
use crate::registry::{CachePolicy, FolderRegistry, Registries, RegistryOptions};

/// Where files are copied to.
pub(in crate::ops) enum Destination {
    Folder(PathBuf),
    Server { registries: Box<Registries>, label: Label, url: Url },
}

impl Destination {
    /// Finds what is meant: a registry's name in larder.kdl, a URL, or a folder.
    pub(in crate::ops) fn find(session: &Session<'_>, project: Option<&Project>, to: &str) -> Result<Self> {
        let context = session.context();
        let declared = project.and_then(|project| {
            let mut registries = project.manifest.registries.iter();
            Some((project, registries.find(|one| one.ecosystem.is_published_with_larder() && one.name.as_str() == to)?))
        });
        let (label, address) = match declared {
            Some((project, registry)) => match &registry.url {
                RegistryUrl::Folder(folder) => return Ok(Self::Folder(project.root.join(&**folder))),
                RegistryUrl::Http(url) => {
                    let registries = Box::new(registries::open(session, project, CachePolicy::default())?);
                    return Ok(Self::Server { registries, label: registry.name.clone(), url: url.clone() });
                }
            },
            // A path is taken as it is, whatever is in it.
            None if !to.trim().is_empty() && !to.contains("://") => return Ok(Self::Folder(context.folder.join(to))),
            None => (Label::unnamed(), RegistryUrl::parse(to).map_err(BadDestination)?),
        };
        let url = match &address {
            RegistryUrl::Folder(folder) => return Ok(Self::Folder(context.folder.join(&**folder))),
            RegistryUrl::Http(url) => url,
        };
        let url = url.clone();
        let credentials =
            if context.offline { BTreeMap::new() } else { logins::find(context, std::slice::from_ref(&url))? };
        let options = RegistryOptions {
            registries: vec![Registry::new(Ecosystem::PRIVATE, label.clone(), address)],
            credentials,
            client: session.client()?,
            ..RegistryOptions::default()
        };
        Ok(Self::Server { registries: Box::new(Registries::new(options)), label, url })
    }

    /// Fails if there is no registry.
    pub(in crate::ops) fn expect_registry(&self) -> Result<()> {
        match self {
            Self::Folder(folder) => Ok(FolderRegistry::open(folder, &[]).map(drop)?),
            // A server says so itself when a file is put.
            Self::Server { .. } => Ok(()),
        }
    }

    /// Returns a file that is there.
    pub(in crate::ops) fn read(&self, path: &str) -> Result<Option<Vec<u8>>> {
        match self {
            Self::Folder(folder) => Ok(fs::read_if_exists(&folder.join(path))?),
            Self::Server { registries, label, url } => registries.file(label, path).map_err(|error| {
                let error = Error::from(error);
                if *label == Label::unnamed() { LoginWanted::in_place_of(error, url) } else { error }
            }),
        }
    }

    /// Writes a file. Returns whether it was another one before, as far as that can be seen.
    pub(in crate::ops) fn write(&self, path: &str, content: &[u8]) -> Result<bool> {
        match self {
            Self::Folder(folder) => {
                let file = folder.join(path);
                if fs::read_if_exists(&file)?.as_deref() == Some(content) {
                    return Ok(false);
                }
                file.parent().map_or(Ok(()), fs::create_dir_all)?;
                fs::write_atomic(&file, content, Durability::Whole)?;
                Ok(true)
            }
            Self::Server { registries, label, url } => {
                // Of what is rewritten only the checkpoint is cheap to compare.
                if path == CHECKPOINT && registries.file(label, path)?.as_deref() == Some(content) {
                    return Ok(false);
                }
                let answer = registries.put_file(label, path, content.to_vec())?;
                if (200..300).contains(&answer.status) {
                    return Ok(true);
                }
                let (path, registry) = (path.to_owned(), url.masked());
                Err(NotTaken { path, url: answer.url, status: answer.status, registry }.into())
            }
        }
    }
}

impl std::fmt::Display for Destination {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Server { url, .. } => f.write_str(&url.masked()),
        }
    }
}

/// A destination that is neither a folder, nor a URL, nor a registry of the manifest.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{0}")]
#[diagnostic(code(larder::registry::bad_destination), help("name a folder, a URL, or a registry of larder.kdl"))]
struct BadDestination(String);

/// A server that does not take a file.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("the server does not take `{path}` ({status}): {url}")]
#[diagnostic(code(larder::registry::not_taken), help("{}", self.help()))]
struct NotTaken {
    path: String,
    url: String,
    status: u16,
    /// The URL of the registry.
    registry: String,
}

impl NotTaken {
    fn help(&self) -> String {
        match self.status {
            401 | 403 => format!(
                "`larder login {}`, or give the registry a `token` in larder.kdl; then push again, which goes on from here",
                self.registry
            ),
            404 | 405 | 501 => "the server takes no files by PUT: push into a folder that it serves".to_owned(),
            _ => {
                "push again later: it goes on from here, and readers see the older state until the checkpoint is there"
                    .to_owned()
            }
        }
    }
}

impl Failure for BadDestination {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

impl Failure for NotTaken {
    fn exit(&self) -> Exit {
        Exit::Network
    }
}

//! Which registry a command writes to.

use std::path::Path;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::manifest::{Registry, RegistryUrl};
use crate::model::{Label, PackageId};
use crate::ops::{Context, Project, Result};
use crate::registry::FolderRegistry;

/// A registry that is written to.
pub(in crate::ops) enum RegistryTarget<'p> {
    /// A folder on this machine.
    Folder(FolderRegistry),
    /// A server, by the registry's name in the project's larder.kdl.
    Server(&'p Project, Label),
}

impl<'p> RegistryTarget<'p> {
    /// Finds the registry that is meant: by `--registry`, the name of one in larder.kdl or a folder; else the one that claims the
    /// package; else the only one that there is.
    pub(in crate::ops) fn find(
        context: &Context<'_>,
        project: Option<&'p Project>,
        named: Option<&str>,
        package: &PackageId,
    ) -> Result<Self> {
        let declared: Vec<(&'p Project, &Registry)> = project
            .into_iter()
            .flat_map(|project| project.manifest.registries.iter().map(move |registry| (project, registry)))
            .filter(|(_, registry)| registry.ecosystem == package.ecosystem)
            .collect();
        if let Some(named) = named {
            let is_meant = |registry: &Registry| registry.name.as_str() == named || is_at(registry, named);
            return match declared.iter().find(|(_, registry)| is_meant(registry)) {
                Some((project, registry)) => Self::declared(project, registry),
                None => Self::undeclared(context, named, &declared),
            };
        }
        let claiming = declared.iter().find(|(_, registry)| registry.claim_on(package).is_some());
        match (claiming, declared.as_slice()) {
            (Some((project, registry)), _) => Self::declared(project, registry),
            (None, [(project, only)]) if only.packages.is_empty() => Self::declared(project, only),
            (None, _) => {
                let candidates = declared.iter().map(|(_, registry)| registry.name.to_string()).collect();
                Err(NoTarget { package: package.name.to_string(), candidates }.into())
            }
        }
    }

    fn declared(project: &'p Project, registry: &Registry) -> Result<Self> {
        match &registry.url {
            RegistryUrl::Folder(folder) => Self::folder(&project.root.join(&**folder)),
            RegistryUrl::Http(_) => Ok(Self::Server(project, registry.name.clone())),
        }
    }

    /// Opens a folder; what can be a name or a URL only is a registry that is not declared.
    fn undeclared(context: &Context<'_>, named: &str, declared: &[(&Project, &Registry)]) -> Result<Self> {
        let folder = match RegistryUrl::parse(named) {
            Ok(RegistryUrl::Folder(folder)) if named.contains("://") => context.folder.join(&*folder),
            _ => context.folder.join(named),
        };
        let is_name = !named.contains('/') && fs::stat(&folder)?.is_none();
        if is_name || named.starts_with("http://") || named.starts_with("https://") {
            let known = declared.iter().map(|(_, registry)| registry.name.to_string()).collect();
            return Err(Undeclared { named: named.to_owned(), known }.into());
        }
        Self::folder(&folder)
    }

    fn folder(root: &Path) -> Result<Self> {
        Ok(Self::Folder(FolderRegistry::open(root, &[])?))
    }

    /// Returns what the registry is called: its origin, or its name in larder.kdl.
    pub(in crate::ops) fn origin(&self) -> &str {
        match self {
            Self::Folder(registry) => &registry.description().origin,
            Self::Server(_, name) => name.as_str(),
        }
    }
}

fn is_at(registry: &Registry, url: &str) -> bool {
    RegistryUrl::parse(url).is_ok_and(|url| url.http().is_some() && url == registry.url)
}

/// A registry that larder.kdl does not declare, and no folder.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("there is no registry `{named}`")]
#[diagnostic(code(larder::publish::undeclared_registry), help("{}", self.help()))]
struct Undeclared {
    named: String,
    known: Vec<String>,
}

impl Undeclared {
    fn help(&self) -> String {
        let declared = match self.known.as_slice() {
            [] => "larder.kdl declares none of private packages".to_owned(),
            known => format!("larder.kdl declares {}", known.join(", ")),
        };
        format!("{declared}; declare it, or name a folder: `--registry ./FOLDER`")
    }
}

impl Failure for Undeclared {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

/// No registry is meant, or several may be.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("it is not clear which registry `{package}` belongs to{}", Self::listed(candidates))]
#[diagnostic(
    code(larder::publish::no_registry),
    help("name one: `--registry NAME` or `--registry FOLDER`; or let a registry's `packages` in larder.kdl claim it")
)]
struct NoTarget {
    package: String,
    candidates: Vec<String>,
}

impl NoTarget {
    fn listed(candidates: &[String]) -> String {
        if candidates.is_empty() { String::new() } else { format!(": there are {}", candidates.join(", ")) }
    }
}

impl Failure for NoTarget {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

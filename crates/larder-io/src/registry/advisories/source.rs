//! Where advisories come from.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::advisory::AskedVersions;
use crate::manifest::{AdvisoryForm, AdvisorySource, RegistryUrl};
use crate::model::{Ecosystem, Label, PerEcosystem, Url};

/// The public archives of OSV.
const PUBLIC: &str = "https://osv-vulnerabilities.storage.googleapis.com/";

/// The folder of each ecosystem's archive on a server, and whether a server must have it.
const ARCHIVES: PerEcosystem<Option<(&str, Presence)>> = PerEcosystem {
    npm: Some(("npm", Presence::Required)),
    pypi: Some(("PyPI", Presence::Required)),
    larder: Some(("larder", Presence::Optional)),
    ..PerEcosystem::NONE
};

/// Whether a server must have an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

/// One database's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum DatabaseSource {
    /// The archive of an ecosystem's records on a server: `npm/all.zip`.
    Archive { server: Url, path: String, presence: Presence },
    /// A folder with records, or with archives of records, at any depth.
    Folder(PathBuf),
    /// A registry that answers of the versions that it is asked about.
    Registry(AdvisoryQuestion),
}

/// What a registry is asked: which of these versions, which are locked from it, have known vulnerabilities.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AdvisoryQuestion {
    /// The registry's name.
    pub registry: Label,
    /// The ecosystem of its packages.
    pub ecosystem: Ecosystem,
    /// The registry's URL, for people.
    pub url: String,
    /// The versions.
    pub asked: AskedVersions,
}

impl DatabaseSource {
    /// Returns the name of its database. What a registry says of one lock is none about another.
    pub(super) fn key(&self) -> String {
        let mut hasher = blake3::Hasher::new();
        hasher.update(self.to_string().as_bytes());
        if let Self::Registry(question) = self {
            for (name, version) in question.asked.iter().flat_map(|(name, all)| all.iter().map(move |one| (name, one)))
            {
                hasher.update(format!("\n{name}@{version}").as_bytes());
            }
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }

    /// Returns whether it is on this machine.
    pub(super) fn is_folder(&self) -> bool {
        matches!(self, Self::Folder(_))
    }
}

impl fmt::Display for DatabaseSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive { server, path, .. } => write!(f, "{server}{path}"),
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::Registry(question) => write!(f, "{}", question.url),
        }
    }
}

/// Returns the sources of advisories about packages of these ecosystems that have records.
pub(super) fn sources(
    root: &Path,
    declared: &[AdvisorySource],
    ecosystems: &BTreeSet<Ecosystem>,
) -> Vec<DatabaseSource> {
    let public = PUBLIC.parse().ok().map(RegistryUrl::Http);
    let of_records = declared.iter().filter(|source| source.form == AdvisoryForm::Osv);
    let places: Vec<&RegistryUrl> = match declared {
        // Nobody but its owner has advisories about private packages.
        [] => public.iter().collect(),
        _ => of_records.map(|source| &source.url).collect(),
    };
    let is_public = declared.is_empty();
    let archives = || ecosystems.iter().filter_map(|ecosystem| *ARCHIVES.of(*ecosystem));
    let mut sources = Vec::new();
    for place in places {
        match place {
            RegistryUrl::Folder(folder) => sources.push(DatabaseSource::Folder(root.join(&**folder))),
            RegistryUrl::Http(server) => {
                let there = archives().filter(|(_, presence)| !is_public || *presence == Presence::Required);
                sources.extend(there.map(|(folder, presence)| DatabaseSource::Archive {
                    server: server.clone(),
                    path: format!("{folder}/all.zip"),
                    presence,
                }));
            }
        }
    }
    sources
}

//! Advisories: fetched from where a manifest says, kept in the cache, looked up by package.
//!
//! ```text
//! <cache>/advisories/v1/<hash of the source>     a database
//! ```
//!
//! | file | what it owns |
//! | --- | --- |
//! | `database` | the file of a source: an index by package, and the advisories behind it |
//! | `source` | where advisories come from: archives of a server, a folder, a registry that answers |
//! | `fetch` | a source → the content of a database |
//! | `error` | why a source cannot be used |

mod database;
mod error;
mod fetch;
mod source;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::advisory::{Advisory, Vulnerability, vulnerabilities};
use crate::fetch::Client;
use crate::fs;
use crate::manifest::AdvisorySource;
use crate::model::{Ecosystem, Label, PackageKey};

pub use error::AdvisoryError;
pub use source::AdvisoryQuestion;

use database::Database;
use error::{AdvisoryResult, failure};
use source::DatabaseSource;

/// The databases of a project.
#[derive(Debug)]
pub struct AdvisoryDatabases {
    folder: PathBuf,
    sources: Vec<DatabaseSource>,
}

/// Sends a question, as JSON, to a registry, and returns its answer.
pub(in crate::registry) type Ask<'a> = &'a dyn Fn(&Label, Vec<u8>) -> AdvisoryResult<Vec<u8>>;

/// What the databases know of packages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VulnerabilitiesHere {
    /// The vulnerabilities.
    pub found: Vec<Vulnerability>,
    /// The sources of records of which nothing is here.
    pub missing: Vec<String>,
    /// The registries that were not asked about just these versions.
    pub unasked: Vec<String>,
}

/// What is here of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DatabaseStatus {
    /// The source: a URL or a folder.
    pub source: String,
    /// When it was last asked, in seconds since 1970. `None` if it never was.
    pub fetched: Option<i64>,
    /// The number of advisories.
    pub advisories: u32,
    /// The number of packages that they are about.
    pub packages: u32,
    /// The number of records that could not be read.
    pub unreadable: u32,
    /// The first of them, each with the reason.
    pub faults: Vec<String>,
    /// Whether its content differs from what was here before.
    pub is_new: bool,
}

impl AdvisoryDatabases {
    /// Opens the databases for packages of these ecosystems; nothing is read yet. Without `declared` sources the public archives
    /// of OSV are used. Folders are relative to `root`. `questions` are those to registries that are declared as sources.
    pub fn open(
        cache: &Path,
        root: &Path,
        declared: &[AdvisorySource],
        ecosystems: &BTreeSet<Ecosystem>,
        questions: Vec<AdvisoryQuestion>,
    ) -> Self {
        let records = source::sources(root, declared, ecosystems).into_iter();
        let sources = records.chain(questions.into_iter().map(DatabaseSource::Registry)).collect();
        Self { folder: cache.join("advisories").join("v1"), sources }
    }

    /// Returns the files of the databases, whether they are there or not.
    pub fn files(&self) -> Vec<PathBuf> {
        self.sources.iter().map(|source| self.file(source)).collect()
    }

    /// Returns what is here of each source.
    pub fn status(&self) -> AdvisoryResult<Vec<DatabaseStatus>> {
        self.sources.iter().map(|source| Ok(status(source, self.current(source)?.as_ref(), false))).collect()
    }

    /// Asks the sources that were last asked before an instant, in seconds since 1970. A source that has nothing new only gets a new
    /// time. `ask` sends a question to a registry.
    pub fn update(&self, client: &Arc<Client>, ask: Ask<'_>, before: i64) -> AdvisoryResult<Vec<DatabaseStatus>> {
        let mut told = Vec::new();
        for source in &self.sources {
            let known = Database::open(&self.file(source)).map_err(failure)?;
            if let Some(known) = known.as_ref().filter(|known| known.fetched >= before && !source.is_folder()) {
                told.push(status(source, Some(known), false));
                continue;
            }
            fs::create_dir_all(&self.folder).map_err(failure)?;
            let content = fetch::fetch(source, client, ask, &self.folder, known.as_ref())?;
            let is_new = known.as_ref().is_none_or(|known| known.content != content.content);
            content.write(&self.file(source)).map_err(failure)?;
            told.push(status(source, Database::open(&self.file(source)).map_err(failure)?.as_ref(), is_new));
        }
        Ok(told)
    }

    /// Returns the vulnerabilities of packages that the databases know of, in the order of the packages.
    pub fn vulnerabilities<'a>(
        &self,
        packages: impl Iterator<Item = &'a PackageKey>,
    ) -> AdvisoryResult<VulnerabilitiesHere> {
        let (mut databases, mut missing, mut unasked) = (Vec::new(), Vec::new(), Vec::new());
        for source in &self.sources {
            match (self.current(source)?, source) {
                (Some(database), _) => databases.push(database),
                (None, DatabaseSource::Registry(_)) => unasked.push(source.to_string()),
                (None, DatabaseSource::Archive { .. } | DatabaseSource::Folder(_)) => missing.push(source.to_string()),
            }
        }
        let mut found = Vec::new();
        for package in packages.filter(|package| package.id.ecosystem.has_registries()) {
            let mut advisories: Vec<Advisory> = Vec::new();
            for database in &mut databases {
                advisories.extend(database.advisories(&package.id).map_err(failure)?);
            }
            found.extend(vulnerabilities(package, &advisories));
        }
        Ok(VulnerabilitiesHere { found, missing, unasked })
    }

    /// Returns the database of a source. That of a folder is made anew if a file of the folder changed.
    fn current(&self, source: &DatabaseSource) -> AdvisoryResult<Option<Database>> {
        let path = self.file(source);
        let known = Database::open(&path).map_err(failure)?;
        let DatabaseSource::Folder(folder) = source else { return Ok(known) };
        let fingerprint = fetch::fingerprint(folder)?;
        if known.as_ref().is_some_and(|known| known.content == fingerprint) {
            return Ok(known);
        }
        fs::create_dir_all(&self.folder).map_err(failure)?;
        fetch::read_folder(folder, fingerprint)?.write(&path).map_err(failure)?;
        Database::open(&path).map_err(failure)
    }

    fn file(&self, source: &DatabaseSource) -> PathBuf {
        self.folder.join(source.key())
    }
}

fn status(source: &DatabaseSource, database: Option<&Database>, is_new: bool) -> DatabaseStatus {
    DatabaseStatus {
        source: source.to_string(),
        fetched: database.map(|database| database.fetched),
        advisories: database.map_or(0, |database| database.advisory_count),
        packages: database.map_or(0, Database::package_count),
        unreadable: database.map_or(0, |database| database.unreadable),
        faults: database.map_or_else(Vec::new, |database| database.faults.clone()),
        is_new,
    }
}

#[cfg(test)]
mod tests;

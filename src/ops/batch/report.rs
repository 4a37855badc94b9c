//! What became of each entry of a list.

use serde::Serialize;

use crate::diagnostic::{Error, Exit};
use crate::model::Origin;
use crate::registry::{Mirrored, Registries};

use super::BatchOptions;
use super::choose::{Chosen, ListEntry};

/// `larder fetch --batch FILE --json`: see `schema/fetch-batch.json`.
#[derive(Debug, Serialize)]
pub struct BatchReport {
    /// The entries, in the list's order.
    pub packages: Vec<ReportedEntry>,
    /// How many of them are there now.
    pub succeeded: usize,
    /// How many could not be had.
    pub failed: usize,
    /// How many files they have.
    pub files: usize,
    /// How many of these were fetched: they were not there yet, or damaged.
    pub fetched: usize,
    /// How many bytes came.
    pub bytes: u64,
    /// The folder that they were copied into. `None` for the store.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// What a user should hear about.
    pub warnings: Vec<String>,
    #[serde(skip)]
    exit: Option<Exit>,
}

/// An entry of a list, with what became of it.
#[derive(Debug, Serialize)]
pub struct ReportedEntry {
    /// What the list calls it, after its ecosystem.
    pub name: String,
    /// The range that the list has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub asked: Option<String>,
    /// The version that was fetched: `npm:left-pad@1.3.0`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub package: Option<String>,
    /// Where it came from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Its files, by name.
    pub files: Vec<String>,
    /// Why it could not be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<FailedEntry>,
}

/// Why an entry could not be had.
#[derive(Debug, Serialize)]
pub struct FailedEntry {
    /// For machines: `larder::area::what`.
    pub code: String,
    /// A lowercase sentence.
    pub message: String,
    /// What can be done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
}

impl BatchReport {
    pub(super) fn new(options: &BatchOptions) -> Self {
        Self {
            packages: Vec::new(),
            succeeded: 0,
            failed: 0,
            files: 0,
            fetched: 0,
            bytes: 0,
            to: options.to.as_ref().map(|to| to.display().to_string()),
            warnings: Vec::new(),
            exit: None,
        }
    }

    /// Returns the exit code: that of damage, if an entry's file was not what was promised.
    pub fn exit(&self) -> Option<Exit> {
        self.exit
    }

    /// Counts files of which so many bytes came; none where the store had one.
    pub(super) fn count(&mut self, bytes: impl Iterator<Item = u64>) {
        for bytes in bytes {
            self.files += 1;
            self.fetched += usize::from(bytes > 0);
            self.bytes += bytes;
        }
    }

    pub(super) fn count_mirrored(&mut self, mirrored: Mirrored) {
        let Mirrored { files, fetched, bytes, documents: _ } = mirrored;
        (self.files, self.fetched, self.bytes) = (files, fetched, bytes);
    }

    /// Takes what became of the entries.
    pub(super) fn finish(&mut self, asked: Vec<ListEntry>, registries: &Registries) {
        self.warnings = registries.warnings();
        for one in asked {
            let entry = ReportedEntry {
                name: one.name,
                asked: one.range,
                package: None,
                from: None,
                files: Vec::new(),
                error: None,
            };
            self.packages.push(match one.chosen {
                Ok(chosen) => {
                    self.succeeded += 1;
                    self.warnings.extend(warning(&chosen));
                    let files = chosen.files.iter().map(|file| file.artifact.file.clone()).collect();
                    let from = chosen.package.origin.as_ref().and_then(Origin::registry).map(ToString::to_string);
                    ReportedEntry { package: Some(chosen.key.to_string()), from, files, ..entry }
                }
                Err(error) => {
                    self.failed += 1;
                    let is_damage = error.failure().exit() == Exit::Integrity || self.exit == Some(Exit::Integrity);
                    self.exit = Some(if is_damage { Exit::Integrity } else { Exit::Refused });
                    ReportedEntry { error: Some(FailedEntry::of(&error)), ..entry }
                }
            });
        }
    }
}

impl FailedEntry {
    fn of(error: &Error) -> Self {
        let failure = error.failure();
        let mut message = failure.to_string();
        if let Some(source) = std::error::Error::source(failure) {
            message = format!("{message}: {source}");
        }
        Self {
            code: failure.code().map(|code| code.to_string()).unwrap_or_default(),
            message,
            help: failure.help().map(|help| help.to_string()),
        }
    }
}

/// Says that a version should not be used any more.
fn warning(chosen: &Chosen) -> Option<String> {
    let facts = &chosen.package.facts;
    match (&facts.deprecated, facts.yanked) {
        (_, true) => Some(format!("{} was yanked from its registry", chosen.key)),
        (Some(why), false) => Some(format!("{} is deprecated: {why}", chosen.key)),
        (None, false) => None,
    }
}

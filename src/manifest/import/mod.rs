//! What other tools' files want, as lines of a larder manifest.
//!
//! Nothing is dropped silently: what larder does not take is listed with the reason.

mod package_json;
mod pep508;
mod pyproject;
mod requirements;
mod template;

use std::collections::{BTreeMap, BTreeSet};

use miette::Diagnostic;

use crate::diagnostic::{Exit, Failure};
use crate::model::{Ecosystem, Label, Marker};

use super::notation;
use super::requirement::requirement;

pub use package_json::package_json;
pub use pyproject::pyproject;
pub use requirements::requirements;
pub use template::{Template, template};

/// What was found in a file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Imported {
    /// The dependency lines, each valid in a manifest and none twice.
    pub lines: Vec<ImportedLine>,
    /// The groups that are for development only.
    pub dev_groups: BTreeSet<Label>,
    /// Globs of members.
    pub members: Vec<String>,
    /// The file's name for the project.
    pub name: Option<String>,
    /// The project's version, as written.
    pub version: Option<String>,
    /// The project's licence.
    pub license: Option<String>,
    /// Other files that the file includes, relative to its folder.
    pub includes: Vec<String>,
    /// The versions of Node that the file admits: `engines.node`.
    pub node: Option<String>,
    /// The versions of Python that the file admits: `requires-python`.
    pub python: Option<String>,
    /// What has no place in a manifest.
    pub not_taken: Vec<NotTaken>,
    /// The places of the lines, by what they are about.
    places: BTreeMap<Key, Vec<usize>>,
}

/// What a line is about: its group, its ecosystem and its package.
type Key = (Option<Label>, Ecosystem, String);

/// A dependency line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedLine {
    /// The group that it belongs to; none for `dependencies`.
    pub group: Option<Label>,
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// The name, with extras.
    pub name: String,
    /// The range; none for any version.
    pub range: Option<String>,
    /// `when=`
    pub when: Option<String>,
    /// `optional=#true`
    pub optional: bool,
}

/// Something that larder does not take, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotTaken {
    /// What it is, as written.
    pub what: String,
    /// Why, in a few words.
    pub why: String,
}

/// A file that cannot be read as what it should be.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
#[error("{file} cannot be read: {reason}")]
#[diagnostic(code(larder::manifest::import), help("mend the file, or begin without it"))]
pub struct ImportError {
    /// The kind of file: `package.json`.
    pub file: &'static str,
    /// What its parser said.
    pub reason: String,
}

impl Failure for ImportError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

impl Imported {
    /// Adds what another file wants. What both have is taken from the first.
    pub fn merge(&mut self, other: Self) {
        for line in other.lines {
            self.take(line);
        }
        self.dev_groups.extend(other.dev_groups);
        for glob in other.members {
            if !self.members.contains(&glob) {
                self.members.push(glob);
            }
        }
        self.name = self.name.take().or(other.name);
        self.version = self.version.take().or(other.version);
        self.license = self.license.take().or(other.license);
        self.node = self.node.take().or(other.node);
        self.python = self.python.take().or(other.python);
        self.not_taken.extend(other.not_taken);
    }

    /// Takes a line if a manifest can have it.
    fn take(&mut self, line: ImportedLine) {
        let marker = match line.when.as_deref().map(str::parse::<Marker>).transpose() {
            Ok(marker) => marker.unwrap_or_default(),
            Err(e) => return self.refuse(line.what(), e.to_string()),
        };
        if let Err(flaw) = requirement(line.ecosystem, &line.name, line.range.as_deref(), &marker) {
            return self.refuse(line.what(), flaw.to_string());
        }
        let places = self.places.entry(line.key()).or_default();
        let mut others = places.iter().map(|&place| &self.lines[place]);
        match others.find(|other| !other.marker().is_disjoint(&marker)) {
            Some(other) if *other == line => {}
            Some(other) => {
                let why = format!("`{}` was found before", other.what());
                self.refuse(line.what(), why);
            }
            None => {
                places.push(self.lines.len());
                self.lines.push(line);
            }
        }
    }

    /// Lists something as not taken.
    pub fn refuse(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.not_taken.push(NotTaken { what: what.into(), why: why.into() });
    }

    /// Returns the groups in the order of their names, each with its lines.
    fn groups(&self) -> BTreeMap<&Label, Vec<&ImportedLine>> {
        let mut groups: BTreeMap<&Label, Vec<&ImportedLine>> = BTreeMap::new();
        for line in &self.lines {
            if let Some(group) = &line.group {
                groups.entry(group).or_default().push(line);
            }
        }
        groups
    }
}

impl ImportedLine {
    fn what(&self) -> String {
        let range = self.range.as_deref().unwrap_or_default();
        format!("{} {} {range}", self.ecosystem, self.name).trim_end().to_owned()
    }

    fn marker(&self) -> Marker {
        self.when.as_deref().and_then(|when| when.parse().ok()).unwrap_or_default()
    }

    fn key(&self) -> Key {
        (self.group.clone(), self.ecosystem, notation::of(self.ecosystem).normal_name(&self.name))
    }
}

#[cfg(test)]
mod tests;

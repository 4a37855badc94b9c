//! Imports the dependencies of other tools' files into a manifest.
//!
//! Nothing is dropped silently: whatever larder does not import is listed with the reason.

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
use super::notation::parse_requirement;

pub use package_json::package_json;
pub use pyproject::pyproject;
pub use requirements::requirements;
pub use template::{Template, template};

/// The dependencies and settings of a file.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Imported {
    /// The dependency lines, each valid in a manifest and without duplicates.
    pub lines: Vec<ImportedLine>,
    /// The groups for development only.
    pub dev_groups: BTreeSet<Label>,
    /// Globs of members.
    pub members: Vec<String>,
    /// The project's name.
    pub name: Option<String>,
    /// The project's version, as written.
    pub version: Option<String>,
    /// The project's licence.
    pub license: Option<String>,
    /// The files that it includes, relative to its folder.
    pub includes: Vec<String>,
    /// The versions of Node that the file admits: `engines.node`.
    pub node: Option<String>,
    /// The versions of Python that the file admits: `requires-python`.
    pub python: Option<String>,
    /// The parts that were not imported.
    pub not_taken: Vec<NotTaken>,
    /// The indices of the lines for each group and package.
    indices: BTreeMap<LineKey, Vec<usize>>,
}

/// A line's group, ecosystem and normalised package name.
type LineKey = (Option<Label>, Ecosystem, String);

/// A dependency line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedLine {
    /// Its group. `None` for `dependencies`.
    pub group: Option<Label>,
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// The name, with extras.
    pub name: String,
    /// The range. `None` for any version.
    pub range: Option<String>,
    /// `when=`
    pub when: Option<String>,
    /// `optional=#true`
    pub optional: bool,
}

/// A part that was not imported, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NotTaken {
    /// The part, as written.
    pub what: String,
    /// The reason, in a few words.
    pub why: String,
}

/// A file that cannot be parsed.
#[derive(Clone, Debug, thiserror::Error, Diagnostic)]
#[error("{file} cannot be read: {reason}")]
#[diagnostic(code(larder::manifest::import), help("fix the file, or move it away and run again"))]
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
    /// Adds the contents of another file. The first file wins where both declare the same.
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

    /// Adds a line if it is valid in a manifest.
    fn take(&mut self, line: ImportedLine) {
        let marker = match line.when.as_deref().map(str::parse::<Marker>).transpose() {
            Ok(marker) => marker.unwrap_or_default(),
            Err(e) => return self.refuse(line.what(), e.to_string()),
        };
        if let Err(error) = parse_requirement(line.ecosystem, &line.name, line.range.as_deref(), &marker) {
            return self.refuse(line.what(), error.to_string());
        }
        let indices = self.indices.entry(line.key()).or_default();
        let mut others = indices.iter().map(|&index| &self.lines[index]);
        match others.find(|other| !other.marker().is_disjoint(&marker)) {
            Some(other) if *other == line => {}
            Some(other) => {
                let why = format!("`{}` was found before", other.what());
                self.refuse(line.what(), why);
            }
            None => {
                indices.push(self.lines.len());
                self.lines.push(line);
            }
        }
    }

    /// Lists a part as not imported.
    pub fn refuse(&mut self, what: impl Into<String>, why: impl Into<String>) {
        self.not_taken.push(NotTaken { what: what.into(), why: why.into() });
    }

    /// Returns the groups with their lines, sorted by name.
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

    fn key(&self) -> LineKey {
        (self.group.clone(), self.ecosystem, notation::for_ecosystem(self.ecosystem).normal_name(&self.name))
    }
}

#[cfg(test)]
mod tests;

//! What an import is made of, besides its own settings.

use serde::Serialize;

use crate::manifest::{built_in_name, normal_name, parse_requirement};
use crate::model::{Ecosystem, Label, Marker, Requirement, Source};

/// A line's group, ecosystem and normalised package name.
pub(super) type LineKey = (Option<Label>, Ecosystem, String);

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
    /// The catalog that has the range: `catalog=#true` where it has no name.
    pub catalog: Option<Option<String>>,
    /// `git=` or `url=`.
    pub source: Option<Source>,
    /// `when=`
    pub when: Option<String>,
    /// `optional=#true`
    pub optional: bool,
}

/// A `path` line.
#[derive(Default)]
pub(super) struct FolderLine<'a> {
    pub(super) folder: &'a str,
    /// The extras, separated by commas.
    pub(super) extras: &'a str,
    /// The name under which the package is asked for, if that is given.
    pub(super) seen_as: Option<&'a str>,
    pub(super) when: Option<String>,
}

/// An override by the npm package in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FolderOverride {
    /// What is overridden: `parent>name@<3`.
    pub(super) selector: String,
    /// The folder, relative to the root.
    pub(super) folder: String,
    /// Whether its tool makes a link to the folder, though there be nothing.
    pub(super) is_link: bool,
}

/// The versions of Node and Python that files of a project admit or name.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Runtimes {
    /// npm ranges of Node that are admitted: each `engines.node`.
    pub node: Vec<String>,
    /// PEP 440 specifiers of Python that are admitted: each `requires-python`.
    pub python: Vec<String>,
    /// The version of Node that a version file names: `.nvmrc`, `.node-version`.
    pub node_file: Option<String>,
    /// The version of Python that a version file names: `.python-version`.
    pub python_file: Option<String>,
}

impl Runtimes {
    /// Adds those of another file. The first version file wins.
    pub fn merge(&mut self, other: Self) {
        self.node.extend(other.node);
        self.python.extend(other.python);
        self.node_file = self.node_file.take().or(other.node_file);
        self.python_file = self.python_file.take().or(other.python_file);
    }
}

/// A range of a catalog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogRange {
    /// The catalog; none for the default one.
    pub catalog: Option<String>,
    /// The package's ecosystem.
    pub ecosystem: Ecosystem,
    /// The package.
    pub name: String,
    /// Its range.
    pub range: String,
}

impl CatalogRange {
    /// Returns it as a catalog of the root has it, where this is how one of `folder` has it.
    pub(super) fn placed(mut self, folder: &str) -> Self {
        let link = self.range.split_once(':').filter(|(scheme, _)| matches!(*scheme, "file" | "link" | "portal"));
        let placed = link
            .filter(|(_, path)| !path.starts_with(['/', '~']))
            .map(|(scheme, path)| format!("{scheme}:{folder}/{path}"));
        if let Some(placed) = placed {
            self.range = placed;
        }
        self
    }
}

/// A registry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedRegistry {
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// Its name.
    pub name: String,
    /// Its URL.
    pub url: String,
    /// The packages that come from it and from nowhere else: names and globs.
    pub packages: Vec<String>,
    /// Its `priority` among the registries without `packages`.
    pub priority: Option<i64>,
    /// Whether it is a folder or a page of files: `form "flat"`.
    pub is_flat: bool,
}

impl ImportedRegistry {
    /// Returns whether it is asked for whatever no registry claims.
    pub(super) fn is_general(&self) -> bool {
        let is_usual = built_in_name(self.ecosystem) == Some(&self.name);
        self.packages.is_empty() && (self.priority.is_some() || is_usual)
    }
}

/// A dependency that a package uses and does not declare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedExtension {
    /// The ecosystem of both.
    pub ecosystem: Ecosystem,
    /// The dependent.
    pub package: String,
    /// The dependency.
    pub name: String,
    /// Its range. Empty for any version.
    pub range: String,
    /// `when=`
    pub when: Option<String>,
}

/// A package that is patched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedPatch {
    /// Its ecosystem.
    pub ecosystem: Ecosystem,
    /// The package.
    pub name: String,
    /// The version that the patch is for.
    pub version: String,
    /// The patch, relative to the root.
    pub file: String,
}

/// A part that was not imported, with the reason.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotTaken {
    /// The part, as written.
    pub what: String,
    /// The reason, in a few words.
    pub why: String,
    /// Whether leaving it out lets in what it keeps out: a source, an index, a cutoff.
    #[serde(skip)]
    pub guards: bool,
}

impl NotTaken {
    /// Lists a part that keeps nothing out.
    pub fn new(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into(), guards: false }
    }

    /// Returns the folders that it is about, if it is about any: `the folder a`, `the projects in a, b and c`, `a: …`.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        let named = ["the folder ", "the project in ", "the projects in ", "dependencies of "];
        let list = named.iter().find_map(|start| self.what.strip_prefix(start)).unwrap_or_default();
        let folders = list.split([' ', ',']).filter(|word| !word.is_empty() && *word != "and");
        folders.chain(self.what.split_once(": ").map(|(folder, _)| folder))
    }

    /// Lists a part that keeps something out.
    pub fn guard(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { guards: true, ..Self::new(what, why) }
    }
}

/// Where a package is asked for once more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat {
    /// In the same file: both hold.
    InFile,
    /// In another file, which may say the same again.
    InAnotherFile,
}

/// The most lines of one package into which conditions divide what a file asks for.
pub(super) const MAX_PARTS: usize = 8;

impl ImportedLine {
    /// Returns the requirement of the line; `None` if a catalog has its range.
    pub fn requirement(&self) -> Option<Requirement> {
        parse_requirement(self.ecosystem, &self.name, self.range.as_deref(), &self.marker()).ok()
    }

    /// Returns the line as messages name it.
    pub fn what(&self) -> String {
        let source = self.source.as_ref().map(ToString::to_string).unwrap_or_default();
        let range = self.range.as_deref().unwrap_or(&source);
        format!("{} {} {range}", self.ecosystem, self.name).trim_end().to_owned()
    }

    /// Returns whether it asks for one version of a Python package: `==1.2.3`.
    pub(super) fn is_pin(&self) -> bool {
        let version = self.range.as_deref().and_then(|range| range.trim().strip_prefix("=="));
        self.ecosystem.has_markers() && version.is_some_and(|version| !version.contains(['*', ',']))
    }

    pub(super) fn marker(&self) -> Marker {
        self.when.as_deref().and_then(|when| when.parse().ok()).unwrap_or_default()
    }

    /// Returns the one line that asks for what this line and `other` of the same package ask for, as two requirements of one file do: the
    /// extras of both, and, where ranges can be joined, both ranges. Returns `None` if no line says that.
    pub(super) fn joined(&self, other: &Self) -> Option<Self> {
        let rest = |line: &Self| (line.when.clone(), line.catalog.clone(), line.source.clone(), line.optional);
        let can_join = self.ecosystem.has_markers() || self.ecosystem.is_local();
        if !can_join || rest(self) != rest(other) {
            return None;
        }
        let range = match (&self.range, &other.range) {
            (Some(one), Some(another)) if one != another => Some(format!("{one},{another}")),
            (one, another) => one.clone().or_else(|| another.clone()),
        };
        Some(Self { name: self.with_extras_of(other), range, ..self.clone() })
    }

    /// Returns what this line and `other`, whose conditions can hold together, ask for where both hold, where only this one's does and
    /// where only the other's does; `None` where no marker says that, and where one asks for one version: what else is asked for contradicts it.
    pub(super) fn divided(&self, other: &Self) -> Option<[Option<Self>; 3]> {
        if self.is_pin() || other.is_pin() {
            return None;
        }
        let (own, theirs) = (self.marker(), other.marker());
        let under = |line: &Self, marker: Marker| {
            let when = Some(marker.to_string()).filter(|text| !text.is_empty());
            (!marker.is_never()).then(|| Self { when, ..line.clone() })
        };
        // What always holds holds nowhere without the other.
        let without = |line: &Self, marker: &Marker, other: &Marker| -> Option<Option<Self>> {
            if other.is_always() { Some(None) } else { Some(under(line, marker.clone().and(other.negated()?))) }
        };
        let both = own.clone().and(theirs.clone());
        let alike = Self { when: None, ..self.clone() };
        let joined = alike.joined(&Self { when: None, ..other.clone() })?;
        Some([under(&joined, both), without(self, &own, &theirs)?, without(other, &theirs, &own)?])
    }

    /// Returns the line that `joined` returns if its range is the one of this line: what another file says adds extras, and moves
    /// nothing.
    pub(super) fn with_extras_from(&self, other: &Self) -> Option<Self> {
        self.joined(other).filter(|joined| joined.range == self.range)
    }

    /// Returns the name with the extras of both.
    fn with_extras_of(&self, other: &Self) -> String {
        let split = |name: &str| match name.strip_suffix(']').and_then(|name| name.split_once('[')) {
            Some((bare, extras)) => (bare.to_owned(), extras.to_owned()),
            None => (name.to_owned(), String::new()),
        };
        let (bare, own) = split(&self.name);
        let theirs = split(&other.name).1;
        let mut extras: Vec<&str> = Vec::new();
        for extra in own.split(',').chain(theirs.split(',')).map(str::trim).filter(|extra| !extra.is_empty()) {
            if !extras.contains(&extra) {
                extras.push(extra);
            }
        }
        if extras.is_empty() { bare } else { format!("{bare}[{}]", extras.join(",")) }
    }

    pub(super) fn key(&self) -> LineKey {
        (self.group.clone(), self.ecosystem, normal_name(self.ecosystem, &self.name))
    }
}

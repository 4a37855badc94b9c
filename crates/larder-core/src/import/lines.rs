//! What was imported besides dependencies, as lines of a manifest: for a new one, and for one that is there.

use crate::manifest::edit::{Block, quoted};
use crate::manifest::{FallbackMode, Hoisting, parse_folder};
use crate::model::{Ecosystem, Source, SourceError};

use super::{CatalogRange, Imported, ImportedExtension, ImportedLine, ImportedPatch, ImportedRegistry, npm, pypi};

/// A line that is no dependency, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportedBlockLine {
    /// The block.
    pub block: Block,
    /// The words that the line begins with, without quotes: lines that share them say something about the same.
    pub key: Vec<String>,
    /// The line.
    pub line: String,
}

impl ImportedBlockLine {
    fn new(block: Block, key: &[&str], line: String) -> Self {
        Self { block, key: key.iter().map(|word| (*word).to_owned()).collect(), line }
    }

    /// Returns whether a line that is there says the same, however it is quoted and spaced.
    pub fn says(&self, written: &str) -> bool {
        let words = |text: &str| {
            text.replace(['"', ';', '{', '}'], " ").split_whitespace().map(str::to_owned).collect::<Vec<_>>()
        };
        words(&self.line) == words(written)
    }
}

impl Imported {
    /// Returns everything besides dependencies that a manifest can have, each part as a line.
    pub fn parts(&self) -> Vec<ImportedBlockLine> {
        let mut parts = Vec::new();
        for registry in &self.registries {
            let key = [registry.ecosystem.as_str(), &registry.name];
            let settings = registry_settings(registry);
            let block = if settings.is_empty() { String::new() } else { format!(" {{ {}; }}", settings.join("; ")) };
            parts.push(ImportedBlockLine::new(
                Block::Named("registries"),
                &key,
                format!("{}{block}", registry_head(registry)),
            ));
        }
        for range in &self.catalogs {
            let block = match &range.catalog {
                None => Block::Named("catalog"),
                Some(name) => Block::Argued("catalog", name.clone()),
            };
            parts.push(ImportedBlockLine::new(block, &[range.ecosystem.as_str(), &range.name], catalog_line(range)));
        }
        let mut resolution =
            |key: &[&str], line| parts.push(ImportedBlockLine::new(Block::Named("resolution"), key, line));
        if let Some(instant) = &self.released_before {
            resolution(&["released-before"], released_before_line(instant));
        }
        if let Some(line) = self.age_line() {
            parts.push(ImportedBlockLine::new(Block::Named("policy"), &["age"], line));
        }
        let mut resolution =
            |key: &[&str], line| parts.push(ImportedBlockLine::new(Block::Named("resolution"), key, line));
        if self.has_provided_peers {
            resolution(&["npm-peers"], PROVIDED_PEERS.to_owned());
        }
        if self.allows_prereleases {
            resolution(&["prereleases"], PRERELEASES.to_owned());
        }
        if self.hoisting.fallback == FallbackMode::Off {
            resolution(&["fallback"], FALLBACK_OFF.to_owned());
        }
        if let Some(line) = hoist_line(&self.hoisting) {
            resolution(&["hoist", "npm"], line);
        }
        for (ecosystem, name, range) in &self.overrides {
            resolution(&["override", ecosystem.as_str(), name], override_line(*ecosystem, name, range.as_deref()));
        }
        for extension in &self.extensions {
            let key = [
                "extend",
                extension.ecosystem.as_str(),
                &extension.package,
                extension.ecosystem.as_str(),
                &extension.name,
            ];
            resolution(&key, extension_line(extension));
        }
        for patch in &self.patches {
            parts.push(ImportedBlockLine::new(
                Block::Top,
                &["patch", patch.ecosystem.as_str(), &patch.name, &patch.version],
                patch_line(patch),
            ));
        }
        for (ecosystem, line) in &self.blocks {
            parts.push(ImportedBlockLine::new(Block::Top, &[ecosystem.as_str()], line.clone()));
        }
        if !self.members.is_empty() {
            parts.push(ImportedBlockLine::new(Block::Top, &["members"], members_line(&self.members)));
        }
        parts
    }
}

impl Imported {
    /// Makes the archives and folders that lines name relative to the root: those of a file in `folder`, or of one that lies outside of the
    /// project.
    pub fn place_files(&mut self, folder: Option<&str>) {
        self.indices.clear();
        for line in std::mem::take(&mut self.lines) {
            if line.ecosystem.is_local() {
                let spec = parse_folder(&line.name).ok();
                match spec.and_then(|spec| spec.placed(folder?)) {
                    Some(spec) => self.take(ImportedLine { name: spec.seen_from(""), ..line }),
                    None => self.refuse(line.what(), format!("it {}", SourceError::OutOfProject)),
                }
                continue;
            }
            let Some(Source::File(file)) = &line.source else {
                self.take(line);
                continue;
            };
            match folder.ok_or(SourceError::OutOfProject).and_then(|folder| file.placed(folder)) {
                Ok(file) => self.take(ImportedLine { source: Some(Source::File(file)), ..line }),
                Err(error) => self.refuse(line.what(), format!("it {error}")),
            }
        }
        self.move_below(folder.unwrap_or_default());
    }
}

impl Imported {
    /// Returns the line of the policy that demands an age of versions.
    pub(super) fn age_line(&self) -> Option<String> {
        self.age.line([npm::ECOSYSTEM, pypi::ECOSYSTEM])
    }
}

/// Returns the line of a registry, without its block.
pub(super) fn registry_head(registry: &ImportedRegistry) -> String {
    format!("{} {} {}", registry.ecosystem, quoted(&registry.name), quoted(&registry.url))
}

/// Returns the lines of a registry's block.
pub(super) fn registry_settings(registry: &ImportedRegistry) -> Vec<String> {
    let packages = (!registry.packages.is_empty()).then(|| format!("packages {}", words(&registry.packages)));
    let priority = registry.priority.map(|priority| format!("priority {priority}"));
    let form = registry.is_flat.then(|| "form \"flat\"".to_owned());
    packages.into_iter().chain(priority).chain(form).collect()
}

pub(super) fn catalog_line(range: &CatalogRange) -> String {
    format!("{} {} {}", range.ecosystem, quoted(&range.name), quoted(&range.range))
}

pub(super) fn released_before_line(instant: &str) -> String {
    format!("released-before {}", quoted(instant))
}

/// The line that leaves missing peers out.
pub(super) const PROVIDED_PEERS: &str = "npm-peers \"provided\"";

/// The line that takes pre-releases as other versions.
pub(super) const PRERELEASES: &str = "prereleases \"allow\"";

/// The line that turns the fallback off.
pub(super) const FALLBACK_OFF: &str = "fallback \"off\"";

/// Returns the line with the names that are hoisted, if there are any.
fn hoist_line(hoisting: &Hoisting) -> Option<String> {
    (!hoisting.names.is_empty()).then(|| format!("hoist npm {}", words(&hoisting.names)))
}

/// Returns lines of a readable length with the names that are hoisted.
pub(super) fn hoist_lines(hoisting: &Hoisting) -> Vec<String> {
    /// The bytes of names that a line has.
    const LONGEST: usize = 90;

    let mut lines: Vec<String> = Vec::new();
    for name in hoisting.names.iter().map(|name| quoted(name)) {
        match lines.last_mut() {
            Some(line) if line.len() + name.len() < LONGEST => {
                line.push(' ');
                line.push_str(&name);
            }
            _ => lines.push(format!("hoist npm {name}")),
        }
    }
    lines
}

pub(super) fn override_line(ecosystem: Ecosystem, name: &str, range: Option<&str>) -> String {
    let range = range.map(|range| format!(" {}", quoted(range))).unwrap_or_default();
    format!("override {ecosystem} {}{range}", quoted(name))
}

pub(super) fn extension_line(extension: &ImportedExtension) -> String {
    let ImportedExtension { ecosystem, package, .. } = extension;
    format!("extend {ecosystem} {} {{ {}; }}", quoted(package), extended_line(extension))
}

/// Returns the line of the dependency in an `extend` block.
pub(super) fn extended_line(extension: &ImportedExtension) -> String {
    let ImportedExtension { ecosystem, name, range, when, .. } = extension;
    let range = if range.is_empty() { String::new() } else { format!(" {}", quoted(range)) };
    let when = when.as_deref().map(|when| format!(" when={}", quoted(when))).unwrap_or_default();
    format!("{ecosystem} {}{range}{when}", quoted(name))
}

pub(super) fn patch_line(patch: &ImportedPatch) -> String {
    let ImportedPatch { ecosystem, name, version, file } = patch;
    format!("patch {ecosystem} {} {} {}", quoted(name), quoted(version), quoted(file))
}

pub(super) fn members_line(globs: &[String]) -> String {
    format!("members {}", words(globs))
}

fn words(texts: &[String]) -> String {
    texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(" ")
}

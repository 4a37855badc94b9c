//! Several lockfiles beside one manifest: that of the tool which the project names holds, else the one that fits what the manifest asks for.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::folders::{dependent_in, file_name, folder_of};
use super::workspace::{PACKAGE_JSON, members_of};
use crate::fs;
use crate::import::locks::{self, DeclaredRanges, LockedVersions};
use crate::import::{package_json, package_manager, package_ranges, python_tool};
use crate::model::{Dependent, NpmRange, PackageName, Settings};
use crate::ops::Result;
use crate::ops::project::inputs;

/// Lockfiles, by their names, each with the tool that writes it, from what holds first where nothing else tells.
const TOOLS: [(&str, &str); 9] = [
    ("npm-shrinkwrap.json", "npm"),
    ("package-lock.json", "npm"),
    ("pnpm-lock.yaml", "pnpm"),
    ("yarn.lock", "yarn"),
    ("bun.lock", "bun"),
    ("uv.lock", "uv"),
    ("poetry.lock", "poetry"),
    ("pdm.lock", "pdm"),
    ("pylock.toml", ""),
];

/// The settings that are there for one tool alone.
const SETTINGS: [(&str, &str); 5] = [
    ("pnpm", "pnpm-workspace.yaml"),
    ("yarn", ".yarnrc.yml"),
    ("yarn", ".yarnrc"),
    ("yarn", ".yarn"),
    ("bun", "bunfig.toml"),
];

/// Returns those of the lockfiles in a folder that are passed over, by their paths, each with the name of the one that decides in its place.
pub(super) fn passed_over(
    root: &Path,
    folder: &str,
    found: &[(String, &'static str)],
) -> Result<BTreeMap<String, String>> {
    let mut by_manifest: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (path, manifest) in found {
        by_manifest.entry(manifest).or_default().push(path);
    }
    let mut passed_over = BTreeMap::new();
    for (manifest, paths) in by_manifest.into_iter().filter(|(_, paths)| paths.len() > 1) {
        let Some(text) = inputs::text(&root.join(folder).join(manifest))? else { continue };
        let asked = Asked::read(root, folder)?;
        let mut ranked = Vec::new();
        for path in paths {
            let weight = Weight::of(root, (folder, manifest, &text), &asked, path)?;
            ranked.push((weight, path));
        }
        ranked.sort();
        let decides = file_name(ranked[0].1);
        passed_over.extend(ranked[1..].iter().map(|(_, path)| ((*path).to_owned(), decides.to_owned())));
    }
    Ok(passed_over)
}

/// How little speaks for a lockfile: the least decides.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Weight {
    is_unreadable: bool,
    is_unnamed: bool,
    misfits: usize,
    lacks_settings: bool,
    place: usize,
}

impl Weight {
    fn of(root: &Path, (folder, manifest, text): (&str, &str, &str), asked: &Asked, path: &str) -> Result<Self> {
        let name = file_name(path);
        let place = TOOLS.iter().position(|(file, _)| *file == name).unwrap_or(TOOLS.len());
        let tool = TOOLS.get(place).map_or("", |(_, tool)| *tool);
        if manifest != PACKAGE_JSON {
            let named = python_tool(text, tool);
            let is_unreadable = asked.read_lock(root, folder, path)?.is_none();
            let (is_unnamed, lacks_settings) = (!named.by_table, !named.by_backend);
            return Ok(Self { is_unreadable, is_unnamed, misfits: 0, lacks_settings, place });
        }
        let mut has_settings = false;
        for (_, file) in SETTINGS.into_iter().filter(|(of, _)| *of == tool) {
            has_settings |= fs::stat(&root.join(folder).join(file))?.is_some();
        }
        let misfits = asked.misfits(root, folder, path)?;
        Ok(Self {
            is_unreadable: misfits.is_none(),
            is_unnamed: named_manager(root, folder)?.is_none_or(|named| named != tool),
            misfits: misfits.unwrap_or_default(),
            lacks_settings: !has_settings,
            place,
        })
    }
}

/// Returns the package manager that the nearest package.json names, in a folder or above it.
fn named_manager(root: &Path, folder: &str) -> Result<Option<String>> {
    let mut folder = folder;
    loop {
        let text = inputs::text(&root.join(folder).join(PACKAGE_JSON))?;
        if let Some(named) = text.and_then(|text| package_manager(&text)) {
            return Ok(Some(named));
        }
        if folder.is_empty() {
            return Ok(None);
        }
        folder = folder_of(folder);
    }
}

/// What the package.json files ask for that a lockfile speaks for.
struct Asked {
    declared: Vec<DeclaredRanges>,
    /// The names of members: links, of which lockfiles have no versions.
    own: BTreeSet<String>,
}

impl Asked {
    /// Reads the package.json files of a folder and of the members of its workspace that have no lockfiles of their own. One that cannot be
    /// read asks for nothing.
    fn read(root: &Path, folder: &str) -> Result<Self> {
        let mut asked = Self { declared: Vec::new(), own: BTreeSet::new() };
        let members = members_of(root, folder)?;
        for folder in std::iter::once(folder).chain(members.iter().map(|member| &**member)) {
            let Some(text) = inputs::text(&root.join(folder).join(PACKAGE_JSON))? else { continue };
            let Ok(ranges) = package_ranges(&text) else { continue };
            asked.own.extend(package_json(&text).ok().and_then(|found| found.name));
            asked.declared.push(DeclaredRanges { dependent: dependent_in(folder), ranges });
        }
        Ok(asked)
    }

    /// Reads a lockfile. Returns `None` if it cannot be read.
    fn read_lock(&self, root: &Path, folder: &str, path: &str) -> Result<Option<LockedVersions>> {
        let bytes = inputs::read(&root.join(path), inputs::LOCK_SIZE)?;
        let lock = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
        Ok(lock.and_then(|lock| locks::read(path, &lock, folder, &self.declared, &Settings::default()).ok()))
    }

    /// Returns how many of the ranges a lockfile has no version for; `None` if it cannot be read.
    fn misfits(&self, root: &Path, folder: &str, path: &str) -> Result<Option<usize>> {
        let Some(versions) = self.read_lock(root, folder, path)? else { return Ok(None) };
        let is_misfit = |dependent: &Dependent, (name, range): &(String, String)| {
            let (Ok(id), Ok(range)) = (PackageName::npm(name), range.parse::<NpmRange>()) else { return false };
            if range.tag().is_some() || range.as_str().contains(':') || self.own.contains(name) {
                return false;
            }
            versions.line(dependent, &id).is_none_or(|version| !version.is_in_range(&range))
        };
        let of_one = |one: &DeclaredRanges| one.ranges.iter().filter(|range| is_misfit(&one.dependent, range)).count();
        Ok(Some(self.declared.iter().map(of_one).sum()))
    }
}

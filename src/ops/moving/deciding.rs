//! Several lockfiles beside one manifest: that of the tool which the project names holds, else the one that fits what the manifest asks for.

use std::collections::BTreeMap;
use std::path::Path;

use super::folders::{dependent_in, file_name, folder_of};
use crate::fs;
use crate::import::locks::{self, DeclaredRanges, LockedVersions};
use crate::import::{package_manager, package_ranges, python_tool};
use crate::model::{NpmRange, PackageName, Settings};
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
const SETTINGS: [(&str, &str); 3] = [("pnpm", "pnpm-workspace.yaml"), ("yarn", ".yarnrc.yml"), ("bun", "bunfig.toml")];

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
        let mut ranked = Vec::new();
        for path in paths {
            let weight = Weight::of(root, (folder, manifest, &text), path)?;
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
    is_unnamed: bool,
    misfits: usize,
    lacks_settings: bool,
    place: usize,
}

impl Weight {
    fn of(root: &Path, (folder, manifest, text): (&str, &str, &str), path: &str) -> Result<Self> {
        let name = file_name(path);
        let place = TOOLS.iter().position(|(file, _)| *file == name).unwrap_or(TOOLS.len());
        let tool = TOOLS.get(place).map_or("", |(_, tool)| *tool);
        if manifest != "package.json" {
            let named = python_tool(text, tool);
            return Ok(Self { is_unnamed: !named.by_table, misfits: 0, lacks_settings: !named.by_backend, place });
        }
        let settings = SETTINGS.into_iter().find(|(of, _)| *of == tool);
        let has_settings = match settings {
            Some((_, file)) => fs::stat(&root.join(folder).join(file))?.is_some(),
            None => false,
        };
        Ok(Self {
            is_unnamed: named_manager(root, folder)?.is_none_or(|named| named != tool),
            misfits: misfits(root, (folder, text), path)?,
            lacks_settings: !has_settings,
            place,
        })
    }
}

/// Returns the package manager that the nearest package.json names, in a folder or above it.
fn named_manager(root: &Path, folder: &str) -> Result<Option<String>> {
    let mut folder = folder;
    loop {
        let text = inputs::text(&root.join(folder).join("package.json"))?;
        if let Some(named) = text.and_then(|text| package_manager(&text)) {
            return Ok(Some(named));
        }
        if folder.is_empty() {
            return Ok(None);
        }
        folder = folder_of(folder);
    }
}

/// Returns how many ranges of a package.json a lockfile has no version for. One that cannot be read fits nothing.
fn misfits(root: &Path, (folder, text): (&str, &str), path: &str) -> Result<usize> {
    let Ok(ranges) = package_ranges(text) else { return Ok(0) };
    let dependent = dependent_in(folder);
    let declared = [DeclaredRanges { dependent: dependent.clone(), ranges: ranges.clone() }];
    let bytes = inputs::read(&root.join(path), inputs::LOCK_SIZE)?;
    let lock = bytes.and_then(|bytes| String::from_utf8(bytes).ok());
    let read = |lock: String| locks::read(path, &lock, folder, &declared, &Settings::default()).ok();
    let Some(versions): Option<LockedVersions> = lock.and_then(read) else { return Ok(usize::MAX) };
    let is_misfit = |(name, range): &&(String, String)| {
        let (Ok(name), Ok(range)) = (PackageName::npm(name), range.parse::<NpmRange>()) else { return false };
        if range.tag().is_some() || range.as_str().contains(':') {
            return false;
        }
        let version = versions.line(&dependent, &name);
        version.is_none_or(|version| !version.is_in_range(&range))
    };
    Ok(ranges.iter().filter(is_misfit).count())
}

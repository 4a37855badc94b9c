//! Version and changelog in the files of a unit. Both are written as often as they have to be: a second time changes nothing.

use std::collections::BTreeMap;
use std::path::Path;

use semver::Version;

use super::planned::PlannedUnit;
use super::record::ReleaseRecord;
use super::units;
use crate::fs::{self, Durability};
use crate::manifest::edit;
use crate::ops::Result;
use crate::ops::packages::below;
use crate::ops::project::inputs;
use crate::ops::session::MANIFEST;
use crate::release;

/// The changelog.
const CHANGELOG: &str = "CHANGELOG.md";

/// Writes the files of a release.
pub(super) fn write(root: &Path, record: &ReleaseRecord) -> Result<()> {
    let halves = halves(root)?;
    for unit in &record.units {
        for (file, text) in edited(root, unit, &halves, record)? {
            let path = root.join(file);
            if inputs::text(&path)?.as_deref() != Some(&*text) {
                fs::write_atomic(&path, text.as_bytes(), Durability::Whole)?;
            }
        }
    }
    Ok(())
}

/// Returns the files that a release may have changed, relative to the root.
pub(super) fn named(root: &Path, record: &ReleaseRecord) -> Result<Vec<String>> {
    let (halves, mut files) = (halves(root)?, Vec::new());
    for unit in &record.units {
        files.extend(edited(root, unit, &halves, record)?.into_iter().map(|(file, _)| file));
    }
    Ok(files)
}

/// Removes a changelog that has nothing but the release.
pub(super) fn remove_new_changelog(root: &Path, record: &ReleaseRecord, file: &str) -> Result<()> {
    let path = root.join(file);
    let text = inputs::text(&path)?;
    let is_own = |unit: &PlannedUnit| {
        let version = unit.version.parse().ok()?;
        (text.as_deref() == Some(&*release::insert_section("", &version, &unit.section))).then_some(())
    };
    if record.units.iter().any(|unit| is_own(unit).is_some()) {
        fs::remove_file(&path)?;
    }
    Ok(())
}

/// The folders of the halves of private packages, by the folder of the unit.
type Halves = BTreeMap<String, Vec<String>>;

fn halves(root: &Path) -> Result<Halves> {
    Ok(units::find(root)?.into_iter().map(|unit| (unit.folder, unit.halves)).collect())
}

/// How many digits of a commit stand in the metadata of a version.
const COMMIT_DIGITS: usize = 12;

/// Returns the files of a unit with their texts. A pre-release has no section in the changelog, and the commit in its version's metadata.
fn edited(root: &Path, unit: &PlannedUnit, halves: &Halves, record: &ReleaseRecord) -> Result<Vec<(String, String)>> {
    let version: Version = unit
        .version
        .parse()
        .map_err(|_| super::ReleaseError::BadRecord { reason: format!("`{}` is no version", unit.version) })?;
    let mut files = Vec::new();
    let name = below(&unit.folder, MANIFEST);
    if let Some(text) = inputs::text(&root.join(&name))? {
        let commit = record.base.get(..COMMIT_DIGITS).filter(|_| record.prerelease);
        let own = commit.map_or_else(|| unit.version.clone(), |commit| format!("{}+{commit}", unit.version));
        files.extend(edit::set_version(&name, &text, &own)?.map(|text| (name, text)));
    }
    for folder in std::iter::once(&unit.folder).chain(halves.get(&unit.folder).into_iter().flatten()) {
        let name = below(folder, "package.json");
        if let Some(text) = inputs::text(&root.join(&name))? {
            let edited = release::set_package_json_version(&name, &text, &unit.version)?;
            files.extend(edited.map(|text| (name, text)));
        }
        let name = below(folder, "pyproject.toml");
        if let (Some(text), Some(version)) = (inputs::text(&root.join(&name))?, release::pypi_version(&version)) {
            let edited = release::set_pyproject_version(&name, &text, &version)?;
            files.extend(edited.map(|text| (name, text)));
        }
    }
    if !record.prerelease {
        let name = below(&unit.folder, CHANGELOG);
        let text = inputs::text(&root.join(&name))?.unwrap_or_default();
        files.push((name, release::insert_section(&text, &version, &unit.section)));
    }
    Ok(files)
}

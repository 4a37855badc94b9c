//! Reports on disk.
//!
//! ```text
//! <project>/reports/dependency-health/dependency-health-20260131_120000.json
//! ```

use std::path::{Path, PathBuf};

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::fs::{self, Durability};
use crate::ops::Result;

const PREFIX: &str = "dependency-health-";
const SUFFIX: &str = ".json";
const TIME: &str = "%Y%m%d_%H%M%S";

/// For so long reports are kept.
const KEPT: SignedDuration = SignedDuration::from_hours(30 * 24);

fn folder(root: &Path) -> PathBuf {
    root.join("reports").join("dependency-health")
}

/// Writes a report. Returns its path, relative to the project.
pub(super) fn write(root: &Path, now: Timestamp, text: &str) -> Result<String> {
    let folder = folder(root);
    fs::create_dir_all(&folder)?;
    let name = format!("{PREFIX}{}{SUFFIX}", now.strftime(TIME));
    fs::write_atomic(&folder.join(&name), text.as_bytes(), Durability::Lazy)?;
    Ok(format!("reports/dependency-health/{name}"))
}

/// Returns the text of the latest report. Returns `None` if there is none.
pub(super) fn latest(root: &Path) -> Result<Option<String>> {
    let latest = all(root)?.into_iter().max();
    Ok(latest.map(|(_, path)| fs::read_to_string(&path)).transpose()?)
}

/// Removes the reports that are older than 30 days. Returns their number.
pub(super) fn clean_up(root: &Path, now: Timestamp) -> Result<usize> {
    let mut removed = 0;
    for (time, path) in all(root)? {
        if now.duration_since(time) > KEPT {
            fs::remove_file(&path)?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Returns the reports, with the time that the name of each says. Other files are left alone.
fn all(root: &Path) -> Result<Vec<(Timestamp, PathBuf)>> {
    let folder = folder(root);
    let found = match fs::read_dir(&folder) {
        Err(error) if error.is_not_found() => return Ok(Vec::new()),
        found => found?,
    };
    let time = |path: &Path| {
        let name = path.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
        DateTime::strptime(TIME, name).ok()?.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
    };
    Ok(found.into_iter().filter_map(|entry| Some((time(&entry.path)?, folder.join(&entry.path)))).collect())
}

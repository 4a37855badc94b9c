//! Taking out of the cache what nobody asks for any more.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::fs::{self, FsError, Kind};
use crate::model::PackageName;

use super::cache;

/// Cached answers.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Stale {
    /// Their files.
    pub answers: Vec<PathBuf>,
    /// Their size.
    pub bytes: u64,
}

/// Finds the answers that are not about one of these packages and were not renewed within `idle`. Hands each, with its
/// path, to `found`.
pub fn stale(
    folder: &Path,
    named: &BTreeSet<PackageName>,
    idle: Duration,
    found: impl Fn(&Path) -> Result<(), FsError>,
) -> Result<Stale, FsError> {
    let files: BTreeSet<String> = named.iter().map(|name| cache::safe(name.as_str())).collect();
    let metadata = folder.join("metadata");
    let mut stale = Stale::default();
    let all = match fs::walk(&metadata, |_| true) {
        Err(error) if error.is_not_found() => return Ok(stale),
        all => all?,
    };
    for file in all.iter().filter(|file| file.kind == Kind::File) {
        let path = metadata.join(&file.path);
        let wanted = file.path.file_name().and_then(|name| name.to_str()).is_some_and(|name| files.contains(name));
        let Some(stat) = fs::lstat(&path)?.filter(|_| !wanted) else { continue };
        // What a killed run had half-written is no answer.
        if fs::is_temporary(&file.path) || age(stat.mtime) >= idle {
            stale.bytes += stat.size;
            found(&path)?;
            stale.answers.push(path);
        }
    }
    Ok(stale)
}

fn age(mtime: i64) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_nanos(mtime.max(0).unsigned_abs()))
}

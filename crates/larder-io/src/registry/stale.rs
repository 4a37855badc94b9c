//! Finding cached answers that are not used any more.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::fs::{self, FsError, Kind};
use crate::model::PackageName;

use super::{cache, source};

/// Cached answers that are not used any more.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct StaleAnswers {
    /// Their files.
    pub answers: Vec<PathBuf>,
    /// Their total size.
    pub bytes: u64,
}

/// Finds the cached answers that are not about one of the `used` packages and were not written within `idle`, and the files of
/// `further` folders of the cache that were not. Calls `found` with the path of each.
pub fn find_stale(
    folder: &Path,
    used: &BTreeSet<PackageName>,
    further: &[&str],
    idle: Duration,
    found: impl Fn(&Path) -> Result<(), FsError>,
) -> Result<StaleAnswers, FsError> {
    let files: BTreeSet<String> = used.iter().map(|name| cache::file_name(name.as_str())).collect();
    let mut stale = StaleAnswers::default();
    let answers = std::iter::once(&"metadata").chain(further).map(|name| (folder.join(name), true));
    // What sources say is asked for by their digests, which no package has in its name.
    for (folder, may_be_stale) in answers.chain([(folder.join(source::FOLDER), false)]) {
        let all = match fs::walk(&folder, |_| true) {
            Err(error) if error.is_not_found() => continue,
            all => all?,
        };
        for file in all.iter().filter(|file| file.kind == Kind::File) {
            let path = folder.join(&file.path);
            let is_used = file.path.file_name().and_then(|name| name.to_str()).is_some_and(|name| files.contains(name));
            let Some(stat) = fs::lstat(&path)?.filter(|_| !is_used) else { continue };
            // A temporary file was left behind by a killed run.
            if fs::is_temporary(&file.path) || may_be_stale && age(stat.mtime) >= idle {
                stale.bytes += stat.size;
                found(&path)?;
                stale.answers.push(path);
            }
        }
    }
    Ok(stale)
}

fn age(mtime: i64) -> Duration {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    now.saturating_sub(Duration::from_nanos(mtime.max(0).unsigned_abs()))
}

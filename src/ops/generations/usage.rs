//! When environments were last used: by `larder run`, and by `larder use`.
//!
//! `.larder/used-<environment>` is a file without content whose time says so. It is set at most once an hour: a run costs one look.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::fs;
use crate::profile;

/// For so long the time is not set again.
const PRECISION: Duration = Duration::from_secs(60 * 60);

/// Notes that an environment is used now. A stamp that cannot be written is no reason not to run.
pub(in crate::ops) fn stamp(root: &Path, environment: &str) {
    let path = file(root, environment);
    match since(root, environment) {
        Some(since) if since < PRECISION => {}
        Some(_) => drop(fs::touch(&path)),
        // A link or a folder of that name is not larder's.
        None if matches!(fs::lstat(&path), Ok(None)) => drop(fs::write_new(&path, b"", 0o644)),
        None => {}
    }
}

/// Returns for how long an environment was not used; `None` if that is not known.
pub(in crate::ops) fn since(root: &Path, environment: &str) -> Option<Duration> {
    let stat = fs::lstat(&file(root, environment)).ok()??;
    (stat.kind == fs::Kind::File).then_some(())?;
    let used = Duration::from_nanos(stat.mtime.max(0).unsigned_abs());
    Some(SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().saturating_sub(used))
}

fn file(root: &Path, environment: &str) -> PathBuf {
    profile::own_folder(root).join(format!("used-{environment}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_set_once_an_hour_and_never_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        stamp(root, "development");
        assert_eq!(since(root, "development"), None, "there is no project");
        fs::create_dir_all(&root.join(".larder")).unwrap();
        stamp(root, "development");
        assert!(since(root, "development").unwrap() < Duration::from_secs(60));
        let dir = fs::Dir::open(&root.join(".larder")).unwrap();
        let set = |seconds: u64| {
            let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
            let time = now.saturating_sub(Duration::from_secs(seconds));
            dir.set_mtime("used-development", i64::try_from(time.as_nanos()).unwrap()).unwrap();
        };
        set(1800);
        stamp(root, "development");
        assert!(since(root, "development").unwrap() >= Duration::from_secs(1800), "it was set within the hour");
        set(7200);
        stamp(root, "development");
        assert!(since(root, "development").unwrap() < Duration::from_secs(60));
        fs::write_new(&root.join("elsewhere"), b"", 0o644).unwrap();
        fs::symlink(&root.join("elsewhere"), &root.join(".larder/used-production")).unwrap();
        stamp(root, "production");
        assert_eq!(since(root, "production"), None);
    }
}

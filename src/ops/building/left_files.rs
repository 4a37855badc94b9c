//! What scripts left in a package's folder, taken into the store.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::build::{BuildError, NpmPackage};
use crate::fetch;
use crate::fs::{self, Kind};
use crate::model::{Digest, EntryPath};
use crate::ops::Result;
use crate::store::{Store, Tree, WriteError};

/// Takes what scripts left in a package's folder into the store: all files, or these.
pub(super) fn take(
    store: &Store,
    package: &NpmPackage,
    output: &Digest,
    files: Option<&BTreeSet<String>>,
) -> Result<Tree> {
    let folder = &package.layout.join(&package.package);
    let refused = |path: &Path, problem: &str| BuildError::Output {
        package: package.name.clone(),
        problem: format!("`{}` {problem}", path.display()),
        log: package.log.clone(),
    };
    let mut staging = store.stage(None, |_| {})?;
    for found in fs::walk(folder, |_| true)? {
        let text = found.path.to_str().ok_or_else(|| refused(&found.path, "has a name that is not UTF-8"))?;
        if files.is_some_and(|files| !files.contains(text)) {
            continue;
        }
        let path = EntryPath::parse(text).map_err(|error| refused(&found.path, &error.to_string()))?;
        let place: PathBuf = folder.join(&found.path);
        let stat = fs::lstat(&place)?.filter(|stat| stat.kind == Kind::File);
        let Some(stat) = stat.filter(|_| found.kind == Kind::File) else { continue };
        let mut file = fs::open(&place)?;
        staging.stream(&path, stat.is_program(), &mut file).map_err(|error| match error {
            WriteError::Source(error) => refused(&found.path, &format!("cannot be read: {error}")).into(),
            WriteError::Fs(error) => crate::ops::Error::from(error),
        })?;
    }
    let has_twins = fetch::has_twins(staging.entries().iter().map(|entry| &*entry.path));
    staging.note_twins(has_twins);
    staging.set_package(package.name.clone());
    Ok(staging.commit(output)?)
}

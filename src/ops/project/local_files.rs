//! The archives of the checkout that lines name as packages: whether they are those that were locked.

use std::path::Path;

use super::Project;
use crate::fetch::has_digest;
use crate::fs;
use crate::lock::{Lockfile, StaleReason};
use crate::model::{Digest, LocalFile, Package, Source};
use crate::ops::Result;
use crate::profile;

impl Project {
    /// Notes the archives, which may not lead out of the project.
    pub(super) fn watch_local_files(&mut self) -> Result<()> {
        for file in self.sources.values().filter_map(Source::local_file) {
            profile::check_stays_inside(&self.root, Path::new(file.path()))?;
            self.watched.note(self.root.join(file.path()))?;
        }
        Ok(())
    }

    /// Returns the locked packages whose archives have changed or are gone.
    pub(in crate::ops) fn changed_files(&self, lockfile: &Lockfile) -> Vec<StaleReason> {
        let mut changed = Vec::new();
        for (package, locked) in &lockfile.graph.packages {
            let Some(file) = local_file(locked) else { continue };
            if !self.is_as_locked(file, locked.artifacts.first().and_then(|artifact| artifact.digest.as_ref())) {
                let there = fs::stat(&self.root.join(file.path())).is_ok_and(|stat| stat.is_some());
                changed.push(StaleReason::File { file: file.path().into(), package: package.clone(), there });
            }
        }
        changed
    }

    /// Returns whether an archive is there and has the digest that is locked.
    pub(in crate::ops) fn is_as_locked(&self, file: &LocalFile, locked: Option<&Digest>) -> bool {
        locked.is_some_and(|locked| has_digest(&self.root.join(file.path()), locked).unwrap_or(false))
    }
}

/// Returns the archive of the checkout that a package is locked from.
fn local_file(package: &Package) -> Option<&LocalFile> {
    package.origin.as_ref()?.source()?.source.local_file()
}

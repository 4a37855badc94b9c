//! The runtimes that larder brings: chosen for the lock, and had for an environment.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `choice` | which versions are locked |
//! | `gathered` | the archives of this platform, unpacked |
//! | `error` | why a runtime cannot be locked |

mod choice;
mod error;
mod gathered;

use std::borrow::Cow;

use crate::lock::Lockfile;
use crate::model::Runtimes;
use crate::ops::Project;

pub(super) use choice::{NewestRuntime, RuntimeChoice, choose, newest};
pub(super) use gathered::{GatheredRuntimes, gather};

/// Returns the project as it is solved with these runtimes: with the full version of what larder brings.
pub(super) fn applied<'p>(project: &'p Project, runtimes: &Runtimes) -> Cow<'p, Project> {
    match project.manifest.settings.with_runtimes(runtimes) {
        Cow::Borrowed(_) => Cow::Borrowed(project),
        Cow::Owned(settings) => {
            let mut project = project.clone();
            project.manifest.settings = settings;
            Cow::Owned(project)
        }
    }
}

/// Returns a lock that was solved with the runtimes, as it is written: with what the manifest declares, and the runtimes.
pub(super) fn locked(mut lockfile: Lockfile, declared: &Project, runtimes: Runtimes) -> Lockfile {
    lockfile.settings.node.clone_from(&declared.manifest.settings.node);
    lockfile.settings.python.clone_from(&declared.manifest.settings.python);
    Lockfile { runtimes, ..lockfile }
}

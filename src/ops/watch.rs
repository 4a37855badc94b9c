//! `larder watch`: syncs when a manifest of the project, of a member or of a local package changes.
//!
//! Files are looked at, and nothing is asked of the system that not every system has. A change counts when nothing has changed for a
//! moment, so that an editor that writes in steps, or a switch of branches, is one change.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::operation_log::{Operation, Trace, watched};
use super::project::{self, watched::Watched};
use super::session::{LOCKFILE, MANIFEST};
use super::sync::{self, SyncOptions, Synced};
use super::{Context, Project, Result, Session};
use crate::fs::{self, Stat};

/// How often files are looked at.
const PERIOD: Duration = Duration::from_millis(250);

/// For so long nothing has to change.
const QUIET: Duration = Duration::from_millis(400);

/// Syncs, and again whenever something changes, until the process is ended. `tell` hears how each ended.
pub fn watch(context: &Context<'_>, tell: &dyn Fn(&Result<Synced>)) -> Result<()> {
    let root = project::find_root(context)?;
    let mut stood = Stood::of(&root);
    loop {
        // A session of its own: what registries answered a while ago is not what they answer now.
        let operation =
            Operation { name: "watch", subjects: Vec::new(), folder: Some(root.clone()), trace: Trace::Changes };
        let synced = watched(context, &operation, |context| sync::sync(&Session::new(context), SyncOptions::default()));
        tell(&synced);
        if synced.is_ok() {
            // The sync may have written the lock.
            stood.note_lock(&root);
        }
        stood = stood.wait(&root);
    }
}

/// How the watched files stood.
struct Stood(Vec<(PathBuf, Option<Stat>)>);

impl Stood {
    /// Looks at what the project is read from. Where it cannot be read, its manifest may be mended.
    fn of(root: &Path) -> Self {
        let mut watched = Watched::default();
        match Project::read(root.to_owned()) {
            Ok(project) => watched.add(project.watched),
            Err(_) => drop(watched.note(root.join(MANIFEST))),
        }
        let files = watched.iter().map(|(path, stat)| (path.to_owned(), stat.copied())).collect::<Vec<_>>();
        let mut stood = Self(files);
        stood.note_lock(root);
        stood
    }

    fn note_lock(&mut self, root: &Path) {
        let lockfile = root.join(LOCKFILE);
        self.0.retain(|(path, _)| *path != lockfile);
        let stat = fs::stat(&lockfile).ok().flatten();
        self.0.push((lockfile, stat));
    }

    fn has_changed(&self) -> bool {
        self.0.iter().any(|(path, stat)| fs::stat(path).ok().flatten() != *stat)
    }

    /// Waits until something has changed and stands still. Returns how it stands then.
    fn wait(self, root: &Path) -> Self {
        while !self.has_changed() {
            std::thread::sleep(PERIOD);
        }
        let mut now = Self::of(root);
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < QUIET {
            std::thread::sleep(PERIOD / 5);
            if now.has_changed() {
                now = Self::of(root);
                quiet_since = Instant::now();
            }
        }
        now
    }
}

//! Manifest, lock and generations of a project, as they stand.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::fs::{self, File, Stat};
use crate::model::{Label, TreeDigest};
use crate::ops::project::inputs;
use crate::ops::session::{LOCKFILE, MANIFEST};
use crate::profile;

/// A project as it stood before a command. Nothing is read: files that are replaced later are still open here.
#[derive(Debug)]
pub(super) struct Observed {
    root: PathBuf,
    manifest: Option<OpenFile>,
    lockfile: Option<OpenFile>,
    /// The current generations of the environments that are looked at.
    generations: BTreeMap<Label, Option<u64>>,
    active: Option<Label>,
}

/// What a value was, and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Transition<T> {
    /// Before the command.
    pub(super) from: Option<T>,
    /// After it.
    pub(super) to: Option<T>,
}

/// What a command changed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ObservedChanges {
    /// The digests of the manifest, where it changed.
    pub(super) manifest: Option<Transition<TreeDigest>>,
    /// The digests of the lock, where anything changed.
    pub(super) lock: Option<Transition<TreeDigest>>,
    /// The current generations of environments where they changed.
    pub(super) generations: BTreeMap<Label, Transition<u64>>,
    /// The active environment, where it changed.
    pub(super) active: Option<Transition<Label>>,
}

impl ObservedChanges {
    /// Returns whether nothing changed.
    pub(super) fn is_empty(&self) -> bool {
        self.manifest.is_none() && self.lock.is_none() && self.generations.is_empty() && self.active.is_none()
    }
}

impl Observed {
    /// Looks at the project in `root`: at the active environment and at those that are named. No folder is listed, so that a switch
    /// takes as long in a large project as in a small one. What cannot be looked at is not there: the command itself will say why.
    pub(super) fn of<'n>(root: &Path, named: impl IntoIterator<Item = &'n str>) -> Self {
        let active = profile::active(root);
        let looked_at = named.into_iter().filter_map(|name| name.parse().ok()).chain(active.clone());
        Self {
            root: root.to_owned(),
            manifest: OpenFile::open(&root.join(MANIFEST), inputs::MANIFEST_SIZE),
            lockfile: OpenFile::open(&root.join(LOCKFILE), inputs::LOCK_SIZE),
            generations: looked_at.map(|name: Label| (name.clone(), current(root, &name))).collect(),
            active,
        }
    }

    /// Returns what changed since.
    pub(super) fn changes(self) -> ObservedChanges {
        let active_now = profile::active(&self.root);
        let mut changes = ObservedChanges {
            manifest: compare(self.manifest, &self.root.join(MANIFEST), inputs::MANIFEST_SIZE, false),
            active: transition(self.active, active_now.clone()),
            ..ObservedChanges::default()
        };
        let mut before = self.generations;
        // The first sync of a project builds one that nobody named.
        if let Some(name) = active_now {
            before.entry(name).or_insert(None);
        }
        for (name, from) in before {
            let to = current(&self.root, &name);
            changes.generations.extend(transition(from, to).map(|changed| (name, changed)));
        }
        let always = !changes.is_empty();
        changes.lock = compare(self.lockfile, &self.root.join(LOCKFILE), inputs::LOCK_SIZE, always);
        changes
    }
}

fn transition<T: PartialEq>(from: Option<T>, to: Option<T>) -> Option<Transition<T>> {
    (from != to).then_some(Transition { from, to })
}

/// Returns the digests of a file that was replaced; with `always`, also of one that was not.
fn compare(before: Option<OpenFile>, path: &Path, limit: u64, always: bool) -> Option<Transition<TreeDigest>> {
    let after = OpenFile::open(path, limit);
    let is_same = match (&before, &after) {
        (None, None) => return None,
        (Some(before), Some(after)) => before.stat == after.stat,
        _ => false,
    };
    if is_same && !always {
        return None;
    }
    let to = after.and_then(OpenFile::digest);
    let from = if is_same { to } else { before.and_then(OpenFile::digest) };
    (always || from != to).then_some(Transition { from, to })
}

/// Returns the number of an environment's current generation.
fn current(root: &Path, name: &Label) -> Option<u64> {
    profile::Profiles::open(root).ok()?.current_number(name).ok()?
}

/// A file that was opened and not read.
#[derive(Debug)]
struct OpenFile {
    file: File,
    stat: Stat,
    limit: u64,
}

impl OpenFile {
    fn open(path: &Path, limit: u64) -> Option<Self> {
        let (file, _) = fs::open_sized(path).ok()??;
        let stat = Stat::of(&file).ok()?;
        Some(Self { file, stat, limit })
    }

    fn digest(self) -> Option<TreeDigest> {
        let mut bytes = Vec::new();
        self.file.take(self.limit).read_to_end(&mut bytes).ok()?;
        Some(TreeDigest::of(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fs::Durability;

    #[test]
    fn what_was_replaced_is_known_by_its_digests_and_what_stands_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let write = |name: &str, text: &str| fs::write_atomic(&root.join(name), text.as_bytes(), Durability::Lazy);
        write(MANIFEST, "a").unwrap();
        write(LOCKFILE, "one").unwrap();
        assert!(Observed::of(root, []).changes().is_empty());

        let before = Observed::of(root, []);
        write(LOCKFILE, "two").unwrap();
        let digest = |text: &str| Some(TreeDigest::of(text.as_bytes()));
        let changes = before.changes();
        assert_eq!(changes.lock, Some(Transition { from: digest("one"), to: digest("two") }));
        assert_eq!(changes.manifest, None);

        // The same text in a new file is no change.
        let before = Observed::of(root, []);
        write(LOCKFILE, "two").unwrap();
        assert!(before.changes().is_empty());
        let before = Observed::of(root, []);
        write(MANIFEST, "b").unwrap();
        let changes = before.changes();
        assert_eq!(changes.lock, Some(Transition { from: digest("two"), to: digest("two") }));
        assert_eq!(changes.manifest, Some(Transition { from: digest("a"), to: digest("b") }));
    }
}

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
    generations: BTreeMap<Label, u64>,
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
pub(super) struct Changes {
    /// The digests of the manifest, where it changed.
    pub(super) manifest: Option<Transition<TreeDigest>>,
    /// The digests of the lock, where anything changed.
    pub(super) lock: Option<Transition<TreeDigest>>,
    /// The current generations of environments where they changed.
    pub(super) generations: BTreeMap<Label, Transition<u64>>,
    /// The active environment, where it changed.
    pub(super) active: Option<Transition<Label>>,
}

impl Changes {
    /// Returns whether nothing changed.
    pub(super) fn is_empty(&self) -> bool {
        self.manifest.is_none() && self.lock.is_none() && self.generations.is_empty() && self.active.is_none()
    }
}

impl Observed {
    /// Looks at the project in `root`. What cannot be looked at is not there: the command itself will say why.
    pub(super) fn of(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            manifest: OpenFile::open(&root.join(MANIFEST), inputs::MANIFEST_SIZE),
            lockfile: OpenFile::open(&root.join(LOCKFILE), inputs::LOCK_SIZE),
            generations: generations(root),
            active: profile::active(root),
        }
    }

    /// Returns what changed since.
    pub(super) fn changes(self) -> Changes {
        let generations_now = generations(&self.root);
        let mut changes = Changes {
            manifest: compare(self.manifest, &self.root.join(MANIFEST), inputs::MANIFEST_SIZE, false),
            active: transition(self.active, profile::active(&self.root)),
            ..Changes::default()
        };
        let names = self.generations.keys().chain(generations_now.keys());
        for name in names {
            let (from, to) = (self.generations.get(name).copied(), generations_now.get(name).copied());
            changes.generations.extend(transition(from, to).map(|changed| (name.clone(), changed)));
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

/// Returns the current generation of each environment.
fn generations(root: &Path) -> BTreeMap<Label, u64> {
    let current = || {
        let profiles = profile::Profiles::open(root).ok()?;
        let mut numbers = BTreeMap::new();
        for name in profiles.environments().ok()? {
            if let Some(number) = profiles.current_number(&name).ok()? {
                numbers.insert(name, number);
            }
        }
        Some(numbers)
    };
    current().unwrap_or_default()
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
        assert!(Observed::of(root).changes().is_empty());

        let before = Observed::of(root);
        write(LOCKFILE, "two").unwrap();
        let digest = |text: &str| Some(TreeDigest::of(text.as_bytes()));
        let changes = before.changes();
        assert_eq!(changes.lock, Some(Transition { from: digest("one"), to: digest("two") }));
        assert_eq!(changes.manifest, None);

        // The same text in a new file is no change.
        let before = Observed::of(root);
        write(LOCKFILE, "two").unwrap();
        assert!(before.changes().is_empty());
        let before = Observed::of(root);
        write(MANIFEST, "b").unwrap();
        let changes = before.changes();
        assert_eq!(changes.lock, Some(Transition { from: digest("two"), to: digest("two") }));
        assert_eq!(changes.manifest, Some(Transition { from: digest("a"), to: digest("b") }));
    }
}

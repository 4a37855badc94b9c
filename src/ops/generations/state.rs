//! The record that lets an unchanged project answer at once: what a sync looked at, and how it stood.
//!
//! One file per environment, `.larder/state-<environment>`, a line per fact, its words parted by tabs:
//!
//! ```text
//! larder 0.1.0
//! root /home/me/storefront
//! generation 12
//! lock fresh
//! variable LARDER_PYTHON /opt/python/bin/python3
//! file 1893 1790000000123456789 402118 /home/me/storefront/larder.kdl
//! none /home/me/storefront/packages/new/larder.kdl
//! link /home/me/storefront/node_modules .larder/active/node_modules
//! ```
//!
//! A sync whose facts all still hold has nothing to do. The record is a cache: without it, sync finds out the long way.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use crate::fs::{self, Durability, FsError, Stat};
use crate::profile;

use crate::ops::Variables;
use crate::ops::project::lockfile::LockUse;
use crate::ops::project::watched::Watched;

const VERSION: &str = concat!("larder ", env!("CARGO_PKG_VERSION"));

/// The variables that a sync's result depends on, besides those that say where things are.
const VARIABLES: [&str; 2] = ["LARDER_PYTHON", "LARDER_STORE"];

/// What is known of a lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ops) enum LockCheck {
    /// It is what the manifests ask for.
    Fresh,
    /// It was taken as it is. Such a one must not pass for a fresh one later.
    Unseen,
}

impl From<LockUse> for LockCheck {
    fn from(lock_use: LockUse) -> Self {
        match lock_use {
            LockUse::Update | LockUse::Locked => Self::Fresh,
            LockUse::Frozen(_) => Self::Unseen,
        }
    }
}

/// Facts as they are gathered, each before the thing that it is about is read.
#[derive(Clone, Debug, Default)]
pub(in crate::ops) struct Facts(String);

impl Facts {
    /// Starts with how the lock was treated, and the variables.
    pub(in crate::ops) fn new(variables: &Variables, lock: LockCheck) -> Self {
        let mut facts = Self::default();
        facts.line(match lock {
            LockCheck::Fresh => "lock\tfresh",
            LockCheck::Unseen => "lock\tunseen",
        });
        for name in VARIABLES {
            if let Some(value) = variables.text(name).filter(|value| !value.contains('\n')) {
                facts.line(&format!("variable\t{name}\t{value}"));
            }
        }
        facts
    }

    /// Notes how files and folders stood when a project was read from them.
    pub(in crate::ops) fn note_watched(&mut self, watched: &Watched) {
        for (path, stood) in watched.iter() {
            self.line(&file_fact(path, stood));
        }
    }

    /// Notes how a file or folder stands, or that it is not there.
    pub(in crate::ops) fn note(&mut self, path: &Path) -> Result<(), FsError> {
        self.line(&file_fact(path, fs::stat(path)?.as_ref()));
        Ok(())
    }

    /// Notes where a link points.
    pub(in crate::ops) fn note_link(&mut self, path: &Path) -> Result<(), FsError> {
        let target = fs::read_link(path)?;
        self.line(&link_fact(path, &target));
        Ok(())
    }

    fn line(&mut self, fact: &str) {
        self.0.push_str(fact);
        self.0.push('\n');
    }
}

fn link_fact(path: &Path, target: &Path) -> String {
    format!("link\t{}\t{}", path.display(), target.display())
}

fn file_fact(path: &Path, stood: Option<&Stat>) -> String {
    match stood {
        Some(stat) => format!("file\t{}\t{}\t{}\t{}", stat.size, stat.mtime, stat.ino, path.display()),
        None => format!("none\t{}", path.display()),
    }
}

/// Writes the record of a sync that ended well.
pub(in crate::ops) fn write(root: &Path, environment: &str, generation: u64, facts: &Facts) -> Result<(), FsError> {
    let mut text = String::with_capacity(facts.0.len() + 64);
    // A copy of a checkout has this file too, and its facts hold: about the other one.
    let _ = write!(text, "{VERSION}\nroot {}\ngeneration {generation}\n{}", whole(root)?.display(), facts.0);
    let path = record(root, environment);
    match fs::read_record(&path) {
        Ok(Some(known)) if known == text.as_bytes() => return Ok(()),
        // What is no file of ours is replaced.
        Err(error) if !error.is_wrong_kind() => return Err(error),
        _ => {}
    }
    fs::write_atomic(&path, text.as_bytes(), Durability::Lazy)
}

/// Forgets the last sync: what follows makes something else of the profile, and may be undone later.
pub(in crate::ops) fn forget(root: &Path, environment: &str) -> Result<(), FsError> {
    fs::remove_file(&record(root, environment))
}

/// Returns the generation that is current, where every recorded fact still holds. Doubt, of any kind, is `None`.
pub(in crate::ops) fn current(root: &Path, environment: &str, variables: &Variables, lock: LockCheck) -> Option<u64> {
    let text = String::from_utf8(fs::read_record(&record(root, environment)).ok()??).ok()?;
    let facts = text.strip_prefix(VERSION)?.strip_prefix('\n')?;
    let (lay, facts) = facts.strip_prefix("root ")?.split_once('\n')?;
    (Path::new(lay) == whole(root).ok()?).then_some(())?;
    let (generation, facts) = facts.strip_prefix("generation ")?.split_once('\n')?;
    let start = |lock| Facts::new(variables, lock).0;
    let facts = match (facts.strip_prefix(&start(LockCheck::Fresh)), lock) {
        (Some(facts), _) => facts,
        (None, LockCheck::Unseen) => facts.strip_prefix(&start(LockCheck::Unseen))?,
        (None, LockCheck::Fresh) => return None,
    };
    let holds = |fact: &str| match fact.split_once('\t') {
        Some(("file", rest)) => {
            let path = Path::new(rest.splitn(4, '\t').nth(3)?);
            (file_fact(path, fs::stat(path).ok()?.as_ref()) == fact).then_some(())
        }
        Some(("none", path)) => fs::stat(Path::new(path)).ok()?.is_none().then_some(()),
        Some(("link", rest)) => {
            let (path, target) = rest.split_once('\t')?;
            (fs::read_link(Path::new(path)).ok()? == Path::new(target)).then_some(())
        }
        _ => None,
    };
    // The link says so too: a generation that is not the current one would be run.
    let current = link_fact(&profile::current_link(Path::new(lay), environment), Path::new(generation));
    facts.lines().any(|fact| fact == current).then_some(())?;
    facts.lines().all(|fact| holds(fact).is_some()).then_some(())?;
    (!profile::has_leftovers(root).ok()?).then_some(())?;
    let generation = generation.parse().ok()?;
    profile::is_generation(root, environment, generation).ok()?.then_some(generation)
}

/// Returns the name of the active environment, from where its link points.
pub(in crate::ops) fn active(root: &Path) -> Option<String> {
    profile::active(root).map(|name| name.to_string())
}

fn whole(root: &Path) -> Result<PathBuf, FsError> {
    fs::canonicalize(root)
}

fn record(root: &Path, environment: &str) -> PathBuf {
    profile::sync_record(root, environment)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lock::Lockfile;
    use crate::model::{Dependent, Graph, Requirement, RootEdge, Settings};
    use crate::ops::{Project, Result};

    #[test]
    fn a_record_holds_until_something_it_saw_changes() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let (manifest, missing) = (root.join("larder.kdl"), root.join("other.kdl"));
        fs::create_dir_all(&root.join(".larder")).unwrap();
        fs::write_new(&manifest, b"project \"a\"", 0o644).unwrap();
        let variables = Variables::default();
        let mut facts = Facts::new(&variables, LockCheck::Fresh);
        let profile = root.join(".larder/node_modules/.profiles/development");
        fs::create_dir_all(&profile.join("3")).unwrap();
        fs::symlink(Path::new("3"), &profile.join("current")).unwrap();
        facts.note_link(&profile.join("current")).unwrap();
        facts.note(&manifest).unwrap();
        facts.note(&missing).unwrap();
        write(root, "development", 3, &facts).unwrap();
        assert_eq!(current(root, "development", &variables, LockCheck::Fresh), Some(3));
        assert_eq!(current(root, "production", &variables, LockCheck::Fresh), None);
        write(root, "development", 2, &facts).unwrap();
        assert_eq!(current(root, "development", &variables, LockCheck::Fresh), None);
        write(root, "development", 3, &facts).unwrap();

        fs::rename(&profile.join("3"), &root.join("elsewhere")).unwrap();
        fs::symlink(&root.join("elsewhere"), &profile.join("3")).unwrap();
        assert_eq!(current(root, "development", &variables, LockCheck::Fresh), None);
        fs::remove_file(&profile.join("3")).unwrap();
        fs::rename(&root.join("elsewhere"), &profile.join("3")).unwrap();
        assert_eq!(current(root, "development", &variables, LockCheck::Fresh), Some(3));

        let python = [("LARDER_PYTHON".into(), "/x".into())].into_iter().collect();
        assert_eq!(current(root, "development", &python, LockCheck::Fresh), None);
        fs::write_new(&missing, b"", 0o644).unwrap();
        assert_eq!(current(root, "development", &variables, LockCheck::Fresh), None);
    }

    #[test]
    fn what_is_saved_after_it_was_read_is_not_noted_as_synced() {
        let (root_manifest, member) = ("larder.kdl", "packages/member/package.json");
        for saved in [root_manifest, member, "tools/local/package.json", "packages/new/package.json"] {
            saved_in_between(saved, LockCheck::Fresh, Project::read);
        }
        let of_member = RootEdge {
            dependent: Dependent::Member("packages/member".into()),
            group: None,
            requirement: Requirement::from_pep508("left-out").unwrap(),
            optional: true,
            to: Vec::new(),
        };
        let graph = Graph { roots: vec![of_member], ..Graph::default() };
        let lockfile = Lockfile::new(Settings::default(), graph);
        for saved in [root_manifest, member] {
            saved_in_between(saved, LockCheck::Unseen, |root| Project::as_locked(root, &lockfile));
        }
    }

    /// Reads a project, saves a file, and records the sync of what was read.
    #[track_caller]
    fn saved_in_between(file: &str, lock: LockCheck, read: impl Fn(PathBuf) -> Result<Project>) {
        let folder = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(folder.path()).unwrap();
        let save = |file: &str, text: &str| {
            fs::create_dir_all(root.join(file).parent().unwrap()).unwrap();
            fs::write_atomic(&root.join(file), text.as_bytes(), Durability::Lazy).unwrap();
        };
        save(
            "larder.kdl",
            "project \"a\"\nplatforms \"linux-x64\"\nmembers \"packages/*\"\n\
             dependencies {\n    path \"tools/local\"\n}\nenvironment \"development\"\n",
        );
        save("packages/member/package.json", r#"{"name": "member", "version": "1.0.0"}"#);
        save("tools/local/package.json", r#"{"name": "local", "version": "1.0.0"}"#);
        let profile = root.join(".larder/node_modules/.profiles/development");
        fs::create_dir_all(&profile.join("3")).unwrap();
        fs::symlink(Path::new("3"), &profile.join("current")).unwrap();

        let variables = Variables::default();
        let project = read(root.clone()).unwrap();
        let record = || {
            let mut facts = Facts::new(&variables, lock);
            facts.note_watched(&project.watched);
            facts.note_link(&profile.join("current")).unwrap();
            write(&root, "development", 3, &facts).unwrap();
            current(&root, "development", &variables, lock)
        };
        assert_eq!(record(), Some(3), "nothing was saved");
        save(file, r#"{"name": "saved-in-between", "version": "1.0.1"}"#);
        assert_eq!(record(), None, "{file}, {lock:?}");
    }
}

//! Removing what no project needs: old generations, then what only they had, in the projects, the store and the cache.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde::Serialize;

use crate::fs;
use crate::lock::{self, Lockfile};
use crate::manifest::{self, ManifestKind};
use crate::model::{Label, PackageName, PatchedPackage, TreeDigest};
use crate::profile::{self, ProfileError, Retention};
use crate::registry;
use crate::store::{CollectMode, GcRoots, KnownProject, Store, UnreadableNote};

use super::assets::remembered::REMEMBERED_ASSETS;
use super::generations::state;
use super::project::{self, inputs};
use super::session::{LOCKFILE, MANIFEST};
use super::{Context, Result, dlx, generations::usage};

/// What to remove.
#[derive(Clone, Copy, Debug, Default)]
pub struct GcOptions {
    /// Only what was not used for so long.
    pub older_than: Option<Duration>,
    /// Whether it is only counted.
    pub dry_run: bool,
}

/// `larder gc --json`: see `schema/gc.json`.
#[derive(Debug, Default, Serialize)]
pub struct Collected {
    /// Whether nothing was removed.
    pub dry_run: bool,
    /// How many projects were looked at.
    pub projects: usize,
    /// The generations that went.
    pub generations: Vec<Retired>,
    /// How many realised packages went with them.
    pub packages: usize,
    /// What went from the projects.
    pub profile_bytes: u64,
    /// How many packages went from the store.
    pub store_entries: usize,
    /// Their size.
    pub store_bytes: u64,
    /// How many answers of registries went from the cache.
    pub cache_entries: usize,
    /// Their size.
    pub cache_bytes: u64,
    /// The sum.
    pub bytes: u64,
    /// Every folder and file that went: generations, environments, packages, trees of the store, cached answers.
    pub paths: Vec<String>,
    /// Projects whose folders are gone, and whose packages are not kept any more.
    pub forgotten: Vec<String>,
    /// What a user should hear about.
    pub warnings: Vec<String>,
}

/// A generation that went.
#[derive(Debug, Serialize)]
pub struct Retired {
    /// The project's folder.
    pub project: String,
    /// The environment.
    pub environment: Label,
    /// Its number.
    pub generation: u64,
}

/// For so long are kept: the packages of a project whose folder is gone, environments that are not declared any more, and
/// answers about packages that no lock names.
const PATIENCE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Removes what no project needs.
pub fn gc(context: &Context<'_>, options: GcOptions) -> Result<Collected> {
    let store = Store::open(&context.store);
    let mut unused = Vec::new();
    dlx::collect(context, options.older_than.unwrap_or(PATIENCE), &mut |folder| {
        unused.push(folder.display().to_string());
        if !options.dry_run {
            fs::remove_tree(folder)?;
            store.forget_project(folder)?;
        }
        Ok(())
    })?;
    let (mut known, lost) = store.projects()?;
    if let Ok(root) = project::find_root(context) {
        let root = fs::canonicalize(&root)?;
        if !known.iter().any(|project| project.root == root) {
            known.push(KnownProject { root, trees: BTreeSet::new(), unseen: Duration::ZERO });
        }
    }
    let mut run = Run {
        store: &store,
        options,
        idle: options.older_than.unwrap_or_default(),
        roots: GcRoots::default(),
        named: BTreeSet::new(),
        done: Collected { paths: unused, ..Collected::default() },
    };
    for note in &lost {
        run.lost(note)?;
    }
    for project in &known {
        run.project(project)?;
    }
    run.finish(context)
}

/// A collection under way.
struct Run<'a> {
    store: &'a Store,
    options: GcOptions,
    /// What was used within this time stays.
    idle: Duration,
    roots: GcRoots,
    /// The packages that locks name.
    named: BTreeSet<PackageName>,
    done: Collected,
}

impl Run<'_> {
    /// Keeps whatever a project that nobody knows may need.
    fn lost(&mut self, note: &UnreadableNote) -> Result<()> {
        if note.age < PATIENCE {
            self.idle = self.idle.max(PATIENCE);
            let file = note.file.display();
            let told = format!("{file} says nothing: a project that is not known was synced lately");
            self.done.warnings.push(format!("{told}; what was used in the last 30 days stays until its next sync"));
        } else if !self.options.dry_run {
            self.store.drop_note(note)?;
        }
        Ok(())
    }

    fn project(&mut self, known: &KnownProject) -> Result<()> {
        if fs::stat(&known.root.join(MANIFEST))?.is_none() {
            if known.unseen >= self.options.older_than.unwrap_or(PATIENCE) {
                self.done.forgotten.push(known.root.display().to_string());
                if !self.options.dry_run {
                    self.store.forget_project(&known.root)?;
                }
            } else {
                self.roots.trees.extend(&known.trees);
            }
            return Ok(());
        }
        self.done.projects += 1;
        let has_profiles = fs::lstat(&profile::own_folder(&known.root))?.is_some();
        let looked = match project::files_stay_inside(&known.root) {
            Ok(()) => [self.lock_of(&known.root), if has_profiles { self.generations(known) } else { Ok(()) }],
            Err(error) => [Err(error), Ok(())],
        };
        for result in looked {
            // What cannot be read may need anything that it was ever seen to need.
            if let Err(error) = result {
                self.roots.trees.extend(&known.trees);
                let told = error.failure().to_string();
                self.done.warnings.push(format!("{}: {told}; what it uses stays", known.root.display()));
            }
        }
        Ok(())
    }

    /// Keeps what the lock of a project names.
    fn lock_of(&mut self, root: &Path) -> Result<()> {
        let Some(bytes) = inputs::read(&root.join(LOCKFILE), inputs::LOCK_SIZE)? else { return Ok(()) };
        let text = String::from_utf8_lossy(&bytes);
        let lockfile = match lock::parse(LOCKFILE, &text) {
            Err(lock::LockfileError::Conflict { .. }) => lock::salvage(&text),
            parsed => parsed?,
        };
        self.keep(&lockfile);
        Ok(())
    }

    fn keep(&mut self, lockfile: &Lockfile) {
        for (key, package) in &lockfile.graph.packages {
            self.named.insert(key.id.name.clone());
            let patched = PatchedPackage::find(&lockfile.settings.patches, key);
            for digest in package.artifacts.iter().filter_map(|artifact| artifact.digest.as_ref()) {
                self.roots.artifacts.extend(patched.map(|patched| patched.applied_to(digest)));
                self.roots.artifacts.insert(digest.clone());
            }
        }
    }

    /// Removes the generations of a project that are past its `keep`, and keeps what the others are made of.
    fn generations(&mut self, known: &KnownProject) -> Result<()> {
        let profile = profile::Profiles::open(&known.root)?;
        let Some(held) = profile.try_lock()? else {
            self.roots.trees.extend(&known.trees);
            let busy = format!("{}: another larder works on it; its generations stay", known.root.display());
            self.done.warnings.push(busy);
            return self.trees_of(&profile, &[]).map(drop);
        };
        let declared = declared(&profile, self.options.older_than.unwrap_or(PATIENCE))?;
        let garbage = profile.find_garbage(&declared.kept, declared.gone)?;
        self.done.profile_bytes += profile.garbage_size(&garbage)?;
        self.done.packages += garbage.packages.len();
        self.done.paths.extend(profile.garbage_paths(&garbage).iter().map(|path| path.display().to_string()));
        if !self.options.dry_run {
            profile.remove_garbage(&held, &garbage)?;
            for environment in &garbage.environments {
                state::forget(profile.root(), environment.as_str())?;
            }
        }
        let trees = self.trees_of(&profile, &garbage.generations)?;
        if !self.options.dry_run && !trees.is_empty() {
            match self.store.write_project(profile.root(), &trees) {
                // What is noted for nothing is only kept for longer.
                Err(crate::store::StoreError::Fs(error)) if error.is_disk_full() => {}
                noted => noted?,
            }
        }
        held.release()?;
        self.done.generations.extend(garbage.generations.into_iter().map(|(environment, generation)| Retired {
            project: known.root.display().to_string(),
            environment,
            generation,
        }));
        Ok(())
    }

    /// Keeps the trees of a project's generations, apart from those that go.
    fn trees_of(&mut self, profile: &profile::Profiles, gone: &[(Label, u64)]) -> Result<BTreeSet<TreeDigest>> {
        let mut trees = BTreeSet::new();
        for environment in profile.environments()? {
            for number in profile.history(&environment)? {
                if gone.iter().any(|(other, gone)| (other, *gone) == (&environment, number)) {
                    continue;
                }
                match profile.generation(&environment, number) {
                    Ok(generation) => trees.extend(generation.trees()),
                    // Its lock names the same, but for the byte-code of an environment that nobody can check any more.
                    Err(ProfileError::BadRecord { .. }) => {
                        self.keep(&lock::parse(LOCKFILE, &profile.lock_text(&environment, number)?)?);
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        self.roots.trees.extend(&trees);
        Ok(trees)
    }

    fn finish(mut self, context: &Context<'_>) -> Result<Collected> {
        let how = if self.options.dry_run { CollectMode::DryRun } else { CollectMode::Remove };
        let freed = self.store.collect(&self.roots, self.idle, how)?;
        let idle = self.options.older_than.unwrap_or(PATIENCE);
        let stale = registry::find_stale(&context.cache, &self.named, &[REMEMBERED_ASSETS], idle, |path| match how {
            CollectMode::Remove if fs::is_temporary(path) => fs::remove_temporary(path),
            CollectMode::Remove => fs::remove_file(path),
            CollectMode::DryRun => Ok(()),
        })?;
        let done = &mut self.done;
        done.dry_run = self.options.dry_run;
        (done.store_entries, done.store_bytes) = (freed.trees.len(), freed.bytes);
        (done.cache_entries, done.cache_bytes) = (stale.answers.len(), stale.bytes);
        done.paths.extend(freed.trees.iter().chain(&stale.answers).map(|path| path.display().to_string()));
        done.bytes = done.profile_bytes + done.store_bytes + done.cache_bytes;
        Ok(self.done)
    }
}

/// What the manifest of a project says of its environments.
struct DeclaredEnvironments {
    /// How many generations they keep.
    kept: BTreeMap<Label, Retention>,
    /// Those that were built and are not declared any more, for long enough.
    gone: BTreeSet<Label>,
}

/// Asks the manifest of a project. An environment that is not declared any more keeps all of its generations for a while:
/// it may be declared on another branch, and one that is run is not idle. One that is active or has pinned generations is never forgotten.
fn declared(profile: &profile::Profiles, patience: Duration) -> Result<DeclaredEnvironments> {
    let idle = |name: &Label| -> std::result::Result<Option<Duration>, ProfileError> {
        let used = usage::since(profile.root(), name.as_str());
        Ok(profile.time_since_switch(name)?.map(|switched| used.map_or(switched, |used| used.min(switched))))
    };
    let text = inputs::manifest(&profile.root().join(MANIFEST))?;
    let manifest = manifest::parse(MANIFEST, &text, ManifestKind::Root)?;
    let kept = manifest.environments.iter().map(|environment| {
        let newest = usize::try_from(environment.keep).unwrap_or(usize::MAX);
        Ok((environment.name.clone(), Retention { newest, pinned: profile.pins(&environment.name)? }))
    });
    let kept: BTreeMap<Label, Retention> = kept.collect::<std::result::Result<_, ProfileError>>()?;
    let active = profile.active()?;
    let mut gone = BTreeSet::new();
    for name in profile.environments()?.into_iter().filter(|name| !kept.contains_key(name)) {
        let is_idle = idle(&name)?.is_some_and(|idle| idle >= patience);
        if is_idle && active.as_ref() != Some(&name) && profile.pins(&name)?.is_empty() {
            gone.insert(name);
        }
    }
    Ok(DeclaredEnvironments { kept, gone })
}

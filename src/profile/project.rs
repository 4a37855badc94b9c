//! A checkout with its profiles.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::fs::{self, Durability, FsError, Kind, PathState};
use crate::model::{Label, TreeDigest};
use crate::store::Tree;

use super::build::{self, Built, Input, Repeat, Site};
use super::generation::RECORD;
use super::head::HEAD;
use super::recall;
use super::roots::{self, Needs, RootLinks};
use super::verify::{self, Damage};
use super::{Generation, Key, ProfileError, ProjectLock};

/// A checkout with its profiles.
#[derive(Clone, Debug)]
pub struct Project {
    root: PathBuf,
    packages: PathBuf,
    profiles: PathBuf,
    /// The folders beside the checkout that its manifest names.
    beside: BTreeSet<Arc<str>>,
}

impl Project {
    /// Opens the checkout at `root`, which exists.
    ///
    /// # Errors
    /// When a link, or anything else that is no folder, lies where larder's own folders do. The folders of environments
    /// and generations are looked at as they are needed.
    pub fn open(root: &Path) -> Result<Self, ProfileError> {
        let root = fs::canonicalize(root)?;
        for folder in [PACKAGES, PROFILES] {
            check_way(&root, Path::new(folder))?;
        }
        Ok(Self { packages: root.join(PACKAGES), profiles: root.join(PROFILES), root, beside: BTreeSet::new() })
    }

    /// Lets local packages beside the checkout have a `node_modules` of this one. Which these are is for the manifest to
    /// say: a record in the checkout could name any folder.
    #[must_use]
    pub fn with_folders_beside<'f>(mut self, folders: impl Iterator<Item = &'f Arc<str>>) -> Self {
        self.beside = folders.filter(|folder| folder.starts_with("..")).cloned().collect();
        self
    }

    /// Returns the checkout's folder, without links in its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the active environment; none before the first sync.
    pub fn active(&self) -> Result<Option<Label>, ProfileError> {
        let Some(target) = self.own_link(&self.root.join(ACTIVE))? else { return Ok(None) };
        match active_in(&target) {
            Some(name) => Ok(Some(name)),
            None => Err(ProfileError::BadLink { path: ACTIVE.into() }),
        }
    }

    /// Returns the number of an environment's current generation.
    pub fn current_number(&self, environment: &Label) -> Result<Option<u64>, ProfileError> {
        let target = self.own_link(&self.profile(environment)?.join(CURRENT))?;
        Ok(target.and_then(|target| number(&target)))
    }

    /// Returns an environment's current generation.
    pub fn current(&self, environment: &Label) -> Result<Option<Generation>, ProfileError> {
        let Some(number) = self.current_number(environment)? else { return Ok(None) };
        self.generation(environment, number).map(Some)
    }

    /// Returns a generation of an environment.
    pub fn generation(&self, environment: &Label, number: u64) -> Result<Generation, ProfileError> {
        match Generation::read(&self.generation_folder(environment, number)?) {
            Err(ProfileError::Fs(error)) if error.is_not_found() => {
                Err(ProfileError::NoGeneration { environment: environment.clone(), number })
            }
            read => read,
        }
    }

    /// Returns the numbers of an environment's generations, ascending.
    pub fn history(&self, environment: &Label) -> Result<Vec<u64>, ProfileError> {
        let found = match fs::read_dir(&self.profile(environment)?) {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let folders = found.into_iter().filter(|found| found.kind == Kind::Folder);
        let mut numbers: Vec<u64> = folders.filter_map(|found| number(&found.path)).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Returns the environments that were ever built here, sorted: the folders that have a record of larder's in them.
    pub fn environments(&self) -> Result<Vec<Label>, ProfileError> {
        let mut environments = Vec::new();
        for name in self.profile_folders()? {
            if self.is_environment(&name)? {
                environments.push(name);
            }
        }
        Ok(environments)
    }

    /// Returns the folders among the profiles that have the name of an environment, sorted. A run that was killed may have
    /// built nothing in one yet.
    pub(super) fn profile_folders(&self) -> Result<Vec<Label>, ProfileError> {
        let found = match fs::read_dir(&self.profiles) {
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            found => found?,
        };
        let folders = found.into_iter().filter(|found| found.kind == Kind::Folder);
        Ok(folders.filter_map(|found| found.path.to_str()?.parse().ok()).collect())
    }

    /// Tells whether larder built something in the folder of this name.
    fn is_environment(&self, name: &Label) -> Result<bool, ProfileError> {
        let is = |path: PathBuf, kind| Ok::<_, ProfileError>(fs::lstat(&path)?.is_some_and(|stat| stat.kind == kind));
        if is(self.current_link(name), Kind::Symlink)? {
            return Ok(true);
        }
        for number in self.history(name)? {
            for record in [RECORD, HEAD] {
                if is(self.folder(name, number).join(record), Kind::File)? {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Returns a generation's folder.
    pub fn folder(&self, environment: &Label, number: u64) -> PathBuf {
        self.profiles.join(environment.as_str()).join(number.to_string())
    }

    /// Returns a generation's folder, which is one, or is not there.
    pub(super) fn generation_folder(&self, environment: &Label, number: u64) -> Result<PathBuf, ProfileError> {
        let way = Path::new(PROFILES).join(environment.as_str()).join(number.to_string());
        check_way(&self.root, &way)?;
        Ok(self.root.join(way))
    }

    /// Returns the link to an environment's current generation.
    pub fn current_link(&self, environment: &Label) -> PathBuf {
        self.profiles.join(environment.as_str()).join(CURRENT)
    }

    /// Builds a generation, unless the current one is what is wanted. `current` is not touched: see [`Self::switch`].
    pub fn build(&self, _lock: &ProjectLock, input: &Input<'_>) -> Result<Built, ProfileError> {
        let current = self.current_if_readable(input.environment)?;
        // What a rollback left behind is not come back to.
        let repeat = if self.rolled_back(input.environment)?.is_some() { Repeat::Never } else { Repeat::Finish };
        build::build(self.site(&self.profile(input.environment)?), input, current.as_ref(), repeat)
    }

    /// Makes a generation the current one of its environment: one rename.
    pub fn switch(
        &self,
        _lock: &ProjectLock,
        environment: &Label,
        number: u64,
        durability: Durability,
    ) -> Result<(), ProfileError> {
        let _span = tracing::info_span!("switch", %environment, number).entered();
        let new = self.head(environment, number)?;
        let link = self.current_link(environment);
        let is_active = self.active()?.as_ref() == Some(environment);
        let old = if is_active { self.active_links()? } else { RootLinks::new() };
        let needed = Needs::from(&new).links(&self.root);
        if is_active {
            roots::place(&self.root, &needed, &self.beside)?;
        }
        if durability == Durability::Synced {
            fs::sync_volume(&self.root)?;
        }
        fs::replace_symlink(&link, Path::new(&number.to_string()))?;
        if durability == Durability::Synced {
            fs::sync_volume(&self.root)?;
        }
        if is_active { roots::remove_stale(&self.root, &old, &needed) } else { Ok(()) }
    }

    /// Makes an environment the active one: one rename moves `node_modules`, Python, packages and `bin` together.
    pub fn activate(&self, _lock: &ProjectLock, environment: &Label) -> Result<(), ProfileError> {
        let new = self.current_head(environment)?.ok_or_else(|| ProfileError::NeverSynced(environment.clone()))?;
        let needed = Needs::from(&new).links(&self.root);
        let old = self.active_links()?;
        roots::place(&self.root, &needed, &self.beside)?;
        if self.active()?.as_ref() != Some(environment) {
            let target = format!("node_modules/.profiles/{environment}/{CURRENT}");
            fs::replace_symlink(&self.root.join(ACTIVE), Path::new(&target))?;
        }
        roots::remove_stale(&self.root, &old, &needed)
    }

    /// Makes sure that activating a generation with these needs would not meet something foreign. To be asked before
    /// anything is fetched: see [`Needs::of`].
    pub fn check_links(&self, needs: impl Into<Needs>) -> Result<(), ProfileError> {
        roots::check(&self.root, &needs.into().links(&self.root))
    }

    /// Compares every file of an environment's current generation with what it should be. `trees` finds a tree of the
    /// store.
    pub fn verify(
        &self,
        environment: &Label,
        trees: impl Fn(&TreeDigest) -> Option<std::sync::Arc<Tree>> + Sync,
    ) -> Result<Vec<Damage>, ProfileError> {
        let number = self.current_number(environment)?.ok_or_else(|| ProfileError::NeverSynced(environment.clone()))?;
        self.verify_generation(environment, number, trees)
    }

    /// Like [`Self::verify`], for any generation: a rollback checks what it goes back to.
    pub fn verify_generation(
        &self,
        environment: &Label,
        number: u64,
        trees: impl Fn(&TreeDigest) -> Option<std::sync::Arc<Tree>> + Sync,
    ) -> Result<Vec<Damage>, ProfileError> {
        let _span = tracing::info_span!("verify", %environment, number).entered();
        let generation = self.generation(environment, number)?;
        let head = self.head(environment, number)?;
        self.check_place(environment, number, &head)?;
        let folder = self.generation_folder(environment, number)?;
        let mut damage = verify::verify(&self.root, &self.packages, &folder, &generation, &trees)?;
        let is_current = self.current_number(environment)? == Some(number);
        if is_current && self.active()?.as_ref() == Some(environment) {
            damage.extend(verify::root_links(&self.root, &Needs::from(&head).links(&self.root))?);
        }
        Ok(damage)
    }

    /// Removes what lies in the place of the links `active` and `current`: all below `.larder` is larder's. So does a link
    /// there that leads elsewhere than larder's do.
    pub fn clear_links(&self, _lock: &ProjectLock, environment: &Label) -> Result<(), ProfileError> {
        self.profile(environment)?;
        let (active, current) = (self.root.join(ACTIVE), self.current_link(environment));
        let target = |link: &Path| match fs::lstat(link)? {
            Some(stat) if stat.kind == Kind::Symlink => fs::read_link(link),
            _ => Ok(PathBuf::new()),
        };
        if active_in(&target(&active)?).is_none() {
            fs::remove_tree(&active)?;
        }
        if number(&target(&current)?).is_none() {
            fs::remove_tree(&current)?;
        }
        Ok(())
    }

    /// Builds again what is harmed: each harmed package in its place, and a new generation where the generation itself
    /// is. The store has been healed before: harm through a hard link is the store's too.
    pub fn repair(&self, _lock: &ProjectLock, input: &Input<'_>, damage: &[Damage]) -> Result<Built, ProfileError> {
        let harmed: BTreeSet<&Key> = damage.iter().filter_map(|damage| damage.key.as_ref()).collect();
        let current = self.current_if_readable(input.environment)?;
        let profile = self.profile(input.environment)?;
        let site = self.site(&profile);
        let Some(generation) = &current else { return build::build(site, input, None, Repeat::Always(&harmed)) };
        let built = build::realise_again(site, input, generation, &harmed)?;
        // What is wrong in the checkout itself is mended by activating.
        let inside = |damage: &Damage| damage.key.is_none() && damage.path.starts_with(".larder");
        if built.made || !damage.iter().any(inside) {
            return Ok(built);
        }
        let rebuilt = build::build(site, input, Some(generation), Repeat::Always(&BTreeSet::new()))?;
        Ok(Built { realised: built.realised + rebuilt.realised, ..rebuilt })
    }

    /// Returns the folder of the realised packages.
    pub(super) fn packages(&self) -> &Path {
        &self.packages
    }

    /// Like [`Self::repair`], for the current generation where its own record is harmed: see [`recall::recall`].
    pub fn recall(
        &self,
        _lock: &ProjectLock,
        input: &Input<'_>,
        number: u64,
        trees: impl Fn(&TreeDigest) -> Option<std::sync::Arc<Tree>> + Sync,
    ) -> Result<Built, ProfileError> {
        self.generation_folder(input.environment, number)?;
        recall::recall(self.site(&self.profile(input.environment)?), input, number, &trees)
    }

    pub(super) fn site<'a>(&'a self, profile: &'a Path) -> Site<'a> {
        Site { root: &self.root, packages: &self.packages, profile }
    }

    /// Returns the folder of all environments' profiles.
    pub(super) fn profiles(&self) -> &Path {
        &self.profiles
    }

    /// Returns an environment's folder, which is one, or is not there.
    pub(super) fn profile(&self, environment: &Label) -> Result<PathBuf, ProfileError> {
        let way = Path::new(PROFILES).join(environment.as_str());
        check_way(&self.root, &way)?;
        Ok(self.root.join(way))
    }

    /// A harmed record must not keep a new generation from being built.
    fn current_if_readable(&self, environment: &Label) -> Result<Option<Generation>, ProfileError> {
        match self.current(environment) {
            Err(ProfileError::BadRecord { .. } | ProfileError::NoGeneration { .. }) => Ok(None),
            current => current,
        }
    }

    /// Returns where a link of larder's own leads.
    fn own_link(&self, path: &Path) -> Result<Option<PathBuf>, ProfileError> {
        match fs::read_link(path) {
            Ok(target) => Ok(Some(target)),
            Err(error) if error.is_not_found() => Ok(None),
            Err(error) => match fs::lstat(path)? {
                Some(stat) if stat.kind != Kind::Symlink => {
                    Err(ProfileError::BadLink { path: path.strip_prefix(&self.root).unwrap_or(path).to_owned() })
                }
                _ => Err(error.into()),
            },
        }
    }

    fn active_links(&self) -> Result<RootLinks, ProfileError> {
        let Some(active) = self.active()? else { return Ok(RootLinks::new()) };
        let current = match self.current_head(&active) {
            Err(ProfileError::BadRecord { .. } | ProfileError::NoGeneration { .. }) => None,
            current => current?,
        };
        Ok(current.map(|head| Needs::from(&head).links(&self.root)).unwrap_or_default())
    }
}

/// Makes sure that the way from the checkout to a folder of larder's own is one of folders, as far as there are any.
pub(super) fn check_way(root: &Path, way: &Path) -> Result<(), ProfileError> {
    match fs::inspect_below(root, way)? {
        PathState::Clear | PathState::Missing => Ok(()),
        PathState::Blocked { path, kind } => Err(ProfileError::NotOurs { path, kind }),
    }
}

/// Returns the environment that the link `active` names, where larder made it.
fn active_in(target: &Path) -> Option<Label> {
    let inside = target.to_str()?.strip_prefix("node_modules/.profiles/")?;
    inside.strip_suffix("/current")?.parse().ok()
}

/// Returns the number of a generation from its folder's name.
fn number(name: &Path) -> Option<u64> {
    let text = name.to_str()?;
    text.parse().ok().filter(|number: &u64| number.to_string() == text)
}

/// Returns the active environment of the checkout at `root`; none before the first sync, and where its link is not
/// larder's.
pub fn active(root: &Path) -> Option<Label> {
    check_way(root, Path::new(OWN)).ok()?;
    active_in(&fs::read_link(&root.join(ACTIVE)).ok()?)
}

/// Tells whether a generation's folder lies in the checkout at `root`, and neither it nor its packages are reached through
/// a link.
pub fn is_generation(root: &Path, environment: &str, number: u64) -> Result<bool, FsError> {
    let way = Path::new(PROFILES).join(environment).join(number.to_string());
    let packages = fs::lstat(&root.join(PACKAGES))?.is_none_or(|stat| stat.kind == Kind::Folder);
    Ok(packages && fs::inspect_below(root, &way)? == PathState::Clear)
}

/// Larder's own folder in a checkout.
pub(super) const OWN: &str = ".larder";
/// The folder of the realised packages.
pub(super) const PACKAGES: &str = ".larder/node_modules/.packages";
/// The folder of the environments.
pub(super) const PROFILES: &str = ".larder/node_modules/.profiles";
const ACTIVE: &str = ".larder/active";
/// The name of the link to an environment's current generation.
pub(super) const CURRENT: &str = "current";

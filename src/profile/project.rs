//! A checkout with its profiles.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::fs::{self, Durability, Kind};
use crate::model::{Label, TreeDigest};
use crate::store::Tree;

use super::build::{self, Built, Input, Repeat, Site};
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
}

impl Project {
    /// Opens the checkout at `root`, which exists.
    pub fn open(root: &Path) -> Result<Self, ProfileError> {
        let root = fs::canonicalize(root)?;
        let modules = root.join(".larder/node_modules");
        Ok(Self { packages: modules.join(".packages"), profiles: modules.join(".profiles"), root })
    }

    /// Returns the checkout's folder, without links in its path.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the active environment; none before the first sync.
    pub fn active(&self) -> Result<Option<Label>, ProfileError> {
        let Some(target) = self.own_link(&self.root.join(ACTIVE))? else { return Ok(None) };
        let name = target.parent().and_then(Path::file_name).and_then(|name| name.to_str());
        Ok(name.and_then(|name| name.parse().ok()))
    }

    /// Returns the number of an environment's current generation.
    pub fn current_number(&self, environment: &Label) -> Result<Option<u64>, ProfileError> {
        let target = self.own_link(&self.profile(environment).join(CURRENT))?;
        Ok(target.and_then(|target| target.to_str()?.parse().ok()))
    }

    /// Returns an environment's current generation.
    pub fn current(&self, environment: &Label) -> Result<Option<Generation>, ProfileError> {
        let Some(number) = self.current_number(environment)? else { return Ok(None) };
        self.generation(environment, number).map(Some)
    }

    /// Returns a generation of an environment.
    pub fn generation(&self, environment: &Label, number: u64) -> Result<Generation, ProfileError> {
        match Generation::read(&self.folder(environment, number)) {
            Err(ProfileError::Fs(error)) if error.is_not_found() => {
                Err(ProfileError::NoGeneration { environment: environment.clone(), number })
            }
            read => read,
        }
    }

    /// Returns the numbers of an environment's generations, ascending.
    pub fn history(&self, environment: &Label) -> Result<Vec<u64>, ProfileError> {
        let found = match fs::read_dir(&self.profile(environment)) {
            Ok(found) => found,
            Err(error) if error.is_not_found() => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let folders = found.into_iter().filter(|found| found.kind == Kind::Folder);
        let mut numbers: Vec<u64> = folders.filter_map(|found| found.path.to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        Ok(numbers)
    }

    /// Returns the environments that were ever built here, sorted.
    pub fn environments(&self) -> Result<Vec<Label>, ProfileError> {
        match fs::read_dir(&self.profiles) {
            Ok(found) => Ok(found.into_iter().filter_map(|found| found.path.to_str()?.parse().ok()).collect()),
            Err(error) if error.is_not_found() => Ok(Vec::new()),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns a generation's folder.
    pub fn folder(&self, environment: &Label, number: u64) -> PathBuf {
        self.profile(environment).join(number.to_string())
    }

    /// Returns the link to an environment's current generation.
    pub fn current_link(&self, environment: &Label) -> PathBuf {
        self.profile(environment).join(CURRENT)
    }

    /// Builds a generation, unless the current one is what is wanted. `current` is not touched: see [`Self::switch`].
    pub fn build(&self, _lock: &ProjectLock, input: &Input<'_>) -> Result<Built, ProfileError> {
        let current = self.current_if_readable(input.environment)?;
        // What a rollback left behind is not come back to.
        let repeat = if self.rolled_back(input.environment)?.is_some() { Repeat::Never } else { Repeat::Finish };
        build::build(self.site(&self.profile(input.environment)), input, current.as_ref(), repeat)
    }

    /// Makes a generation the current one of its environment: one rename.
    pub fn switch(
        &self,
        _lock: &ProjectLock,
        environment: &Label,
        number: u64,
        durability: Durability,
    ) -> Result<(), ProfileError> {
        let new = self.head(environment, number)?;
        let link = self.profile(environment).join(CURRENT);
        let is_active = self.active()?.as_ref() == Some(environment);
        let old = if is_active { self.active_links()? } else { RootLinks::new() };
        let needed = Needs::from(&new).links(&self.root);
        if is_active {
            roots::place(&self.root, &needed)?;
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
        roots::place(&self.root, &needed)?;
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
        let generation = self.generation(environment, number)?;
        let head = self.head(environment, number)?;
        self.check_place(environment, number, &head)?;
        let folder = self.folder(environment, number);
        let mut damage = verify::verify(&self.root, &self.packages, &folder, &generation, &trees)?;
        let is_current = self.current_number(environment)? == Some(number);
        if is_current && self.active()?.as_ref() == Some(environment) {
            damage.extend(verify::root_links(&self.root, &Needs::from(&head).links(&self.root))?);
        }
        Ok(damage)
    }

    /// Removes what lies in the place of the links `active` and `current`: all below `.larder` is larder's.
    pub fn clear_links(&self, _lock: &ProjectLock, environment: &Label) -> Result<(), ProfileError> {
        for link in [self.root.join(ACTIVE), self.profile(environment).join(CURRENT)] {
            if fs::lstat(&link)?.is_some_and(|stat| stat.kind != Kind::Symlink) {
                fs::remove_tree(&link)?;
            }
        }
        Ok(())
    }

    /// Builds again what is harmed: each harmed package in its place, and a new generation where the generation itself
    /// is. The store has been healed before: harm through a hard link is the store's too.
    pub fn repair(&self, _lock: &ProjectLock, input: &Input<'_>, damage: &[Damage]) -> Result<Built, ProfileError> {
        let harmed: BTreeSet<&Key> = damage.iter().filter_map(|damage| damage.key.as_ref()).collect();
        let current = self.current_if_readable(input.environment)?;
        let profile = self.profile(input.environment);
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
        recall::recall(self.site(&self.profile(input.environment)), input, number, &trees)
    }

    pub(super) fn site<'a>(&'a self, profile: &'a Path) -> Site<'a> {
        Site { root: &self.root, packages: &self.packages, profile }
    }

    /// Returns the folder of all environments' profiles.
    pub(super) fn profiles(&self) -> &Path {
        &self.profiles
    }

    pub(super) fn profile(&self, environment: &Label) -> PathBuf {
        self.profiles.join(environment.as_str())
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

const ACTIVE: &str = ".larder/active";
const CURRENT: &str = "current";

//! Switching: which generation of an environment is current, and which environment is active. Each is one rename.

use std::path::{Path, PathBuf};

use crate::fs::{self, Durability, Kind};
use crate::model::Label;

use super::ProfileError;
use super::fallback_link;
use super::paths::{ACTIVE, CURRENT, environment_of_link, generation_number};
use super::profiles::Profiles;
use super::project_lock::ProjectLock;
use super::root_links::{self, RequiredLinks, RootLinks};

impl Profiles {
    /// Makes a generation the current one of its environment: one rename.
    pub fn switch(
        &self,
        _lock: &ProjectLock,
        environment: &Label,
        number: u64,
        durability: Durability,
    ) -> Result<(), ProfileError> {
        let _span = tracing::info_span!("switch", %environment, number).entered();
        let new = self.summary(environment, number)?;
        let link = self.current_link(environment);
        let is_active = self.active()?.as_ref() == Some(environment);
        let old = if is_active { self.active_links()? } else { RootLinks::new() };
        let needed = RequiredLinks::from(&new).links(self.root());
        if is_active {
            fallback_link::settle(self.root(), new.fallback)?;
            root_links::create_links(self.root(), &needed, self.folders_beside())?;
        }
        if durability == Durability::Synced {
            fs::sync_volume(self.root())?;
        }
        fs::replace_symlink(&link, Path::new(&number.to_string()))?;
        if durability == Durability::Synced {
            fs::sync_volume(self.root())?;
        }
        if is_active { root_links::remove_stale(self.root(), &old, &needed) } else { Ok(()) }
    }

    /// Makes an environment the active one: one rename moves `node_modules`, Python, packages and `bin` together.
    pub fn activate(&self, _lock: &ProjectLock, environment: &Label) -> Result<(), ProfileError> {
        let new = self.current_summary(environment)?.ok_or_else(|| ProfileError::NeverSynced(environment.clone()))?;
        let needed = RequiredLinks::from(&new).links(self.root());
        let old = self.active_links()?;
        fallback_link::settle(self.root(), new.fallback)?;
        root_links::create_links(self.root(), &needed, self.folders_beside())?;
        if self.active()?.as_ref() != Some(environment) {
            let target = format!("node_modules/.profiles/{environment}/{CURRENT}");
            fs::replace_symlink(&self.root().join(ACTIVE), Path::new(&target))?;
        }
        root_links::remove_stale(self.root(), &old, &needed)
    }

    /// Makes sure that activating a generation with these needs would not meet something foreign. To be asked before
    /// anything is fetched: see [`RequiredLinks::of`].
    pub fn check_links(&self, needs: impl Into<RequiredLinks>) -> Result<(), ProfileError> {
        root_links::check(self.root(), &needs.into().links(self.root()))
    }

    /// Removes what lies in the place of the links `active` and `current`: all below `.larder` is larder's. So does a link
    /// there that leads elsewhere than larder's do.
    pub fn clear_links(&self, _lock: &ProjectLock, environment: &Label) -> Result<(), ProfileError> {
        self.profile(environment)?;
        let (active, current) = (self.root().join(ACTIVE), self.current_link(environment));
        let target = |link: &Path| match fs::lstat(link)? {
            Some(stat) if stat.kind == Kind::Symlink => fs::read_link(link),
            _ => Ok(PathBuf::new()),
        };
        if environment_of_link(&target(&active)?).is_none() {
            fs::remove_tree(&active)?;
        }
        if generation_number(&target(&current)?).is_none() {
            fs::remove_tree(&current)?;
        }
        Ok(())
    }

    fn active_links(&self) -> Result<RootLinks, ProfileError> {
        let Some(active) = self.active()? else { return Ok(RootLinks::new()) };
        let current = match self.current_summary(&active) {
            Err(ProfileError::BadRecord { .. } | ProfileError::NoGeneration { .. }) => None,
            current => current?,
        };
        Ok(current.map(|summary| RequiredLinks::from(&summary).links(self.root())).unwrap_or_default())
    }
}

//! A checkout whose profiles are looked at or switched. For an environment that was built, the manifest is not even read:
//! a switch takes as long in a large project as in a small one.

use std::path::PathBuf;

use crate::fs::Durability;
use crate::manifest::{self, Environment, ManifestKind};
use crate::model::Label;
use crate::profile::{self, ProjectLock};

use super::state;
use crate::ops::project::{self, inputs, snapshot};
use crate::ops::session::MANIFEST;
use crate::ops::{Context, Result};

/// A project's folder with the profiles in it.
pub(in crate::ops) struct Checkout {
    /// The folder of the manifest.
    pub(in crate::ops) root: PathBuf,
    /// What is on disk.
    pub(in crate::ops) profile: profile::Profiles,
}

impl Checkout {
    /// Opens the one that the context is in.
    pub(in crate::ops) fn open(context: &Context<'_>) -> Result<Self> {
        let root = project::find_root(context)?;
        let profile = profile::Profiles::open(&root)?;
        Ok(Self { root, profile })
    }

    /// Returns the environment that was asked for, else the active one, else the one that a sync would choose.
    pub(in crate::ops) fn environment(&self, context: &Context<'_>) -> Result<Label> {
        let active = state::active(&self.root);
        let wanted = context.environment.as_deref();
        match self.built(wanted.or(active.as_deref()))? {
            Some(name) => Ok(name),
            None => self.declared(wanted, active.as_deref()),
        }
    }

    /// Returns an environment that was built or is declared.
    pub(in crate::ops) fn named(&self, name: &str) -> Result<Label> {
        match self.built(Some(name))? {
            Some(name) => Ok(name),
            None => self.declared(Some(name), None),
        }
    }

    /// Takes the project's lock, and says so where that takes a while.
    pub(in crate::ops) fn lock(&self, context: &Context<'_>) -> Result<ProjectLock> {
        snapshot::hold(context, &self.profile)
    }

    fn built(&self, name: Option<&str>) -> Result<Option<Label>> {
        let Some(name) = name.and_then(|name| name.parse::<Label>().ok()) else { return Ok(None) };
        Ok(self.profile.current_number(&name)?.map(|_| name))
    }

    fn declared(&self, asked: Option<&str>, active: Option<&str>) -> Result<Label> {
        let text = inputs::manifest(&self.root.join(MANIFEST))?;
        let manifest = manifest::parse(MANIFEST, &text, ManifestKind::Root)?;
        Ok(project::choose(&manifest, asked, active)?.name.clone())
    }
}

/// Returns how much a switch of the environment must outlive.
pub(in crate::ops) fn durability(environment: &Environment) -> Durability {
    if environment.durable { Durability::Synced } else { Durability::Lazy }
}

//! A checkout whose profiles are looked at or switched: of the project only its own manifest is read.

use std::path::PathBuf;

use crate::fs::{self, Durability};
use crate::manifest::{self, Environment, Kind, Manifest};
use crate::profile::{self, ProjectLock};

use super::context::MANIFEST;
use super::{Context, Event, Result, project, state};

/// A manifest with the profiles beside it.
pub(super) struct Checkout {
    /// The folder of the manifest.
    pub(super) root: PathBuf,
    /// What it declares.
    pub(super) manifest: Manifest,
    /// What is on disk.
    pub(super) profile: profile::Project,
}

impl Checkout {
    /// Opens the one that the context is in.
    pub(super) fn open(context: &Context<'_>) -> Result<Self> {
        let root = project::find_root(context)?;
        let text = fs::read_to_string(&root.join(MANIFEST))?;
        let manifest = manifest::parse(MANIFEST, &text, Kind::Root)?;
        let profile = profile::Project::open(&root)?;
        Ok(Self { root, manifest, profile })
    }

    /// Returns the environment that was asked for, else the active one, else the one that a sync would choose.
    pub(super) fn environment(&self, context: &Context<'_>) -> Result<&Environment> {
        let active = state::active(&self.root);
        project::choose(&self.manifest, context.environment.as_deref(), active.as_deref())
    }

    /// Returns a declared environment.
    pub(super) fn named(&self, name: &str) -> Result<&Environment> {
        project::choose(&self.manifest, Some(name), None)
    }

    /// Takes the project's lock, and says so where that takes a while.
    pub(super) fn lock(&self, context: &Context<'_>) -> Result<ProjectLock> {
        let waiting = "waiting for another larder that works on this project";
        Ok(self.profile.lock(|| (context.reporter)(Event::Waiting(waiting.to_owned())))?)
    }
}

/// Returns how much a switch of the environment must outlive.
pub(super) fn durability(environment: &Environment) -> Durability {
    if environment.durable { Durability::Synced } else { Durability::Lazy }
}

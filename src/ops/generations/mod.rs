//! What surrounds a build: bringing generations along with a checkout that moved, the switch, and the end of generations
//! that are not kept.

pub(super) mod checkout;
pub(super) mod integrity;
pub(super) mod state;
pub mod switch;
pub(super) mod usage;

use std::collections::BTreeSet;

use crate::manifest::Environment;
use crate::model::Label;
use crate::profile::{self, ProjectLock, Retention};
use crate::store::Store;

use crate::ops::{Context, Project, Result};
use checkout::Checkout;

/// Makes sure that a generation leads to where the checkout is now, and that the store knows that place.
pub(in crate::ops) fn bring_here(
    context: &Context<'_>,
    profile: &profile::Profiles,
    held: &ProjectLock,
    environment: &Label,
    number: u64,
) -> Result<()> {
    if profile.relocate(held, environment, number)? {
        let generation = profile.generation(environment, number)?;
        Store::open(&context.store).note_project(profile.root(), generation.trees())?;
    }
    Ok(())
}

/// Lets the folders beside the project that a generation reaches have what they need of it, where the manifest names them.
/// Without such folders the manifest is not read.
pub(in crate::ops) fn with_folders_beside(
    checkout: &Checkout,
    environment: &Label,
    number: u64,
) -> Result<profile::Profiles> {
    let profile = checkout.profile.clone();
    if !profile.summary(environment, number)?.reaches_beside() {
        return Ok(profile);
    }
    Project::read(checkout.root.clone())?.profile()
}

/// Makes a generation that was built the current one of its environment. A rollback ends here.
pub(in crate::ops) fn take_over(
    profile: &profile::Profiles,
    held: &ProjectLock,
    store: &Store,
    environment: &Environment,
    number: u64,
) -> Result<()> {
    let name = &environment.name;
    if profile.current_number(name)? != Some(number) {
        if environment.durable {
            store.sync()?;
        }
        profile.switch(held, name, number, checkout::durability(environment))?;
    }
    Ok(profile.end_rollback(held, name)?)
}

/// Removes the generations that the environment does not keep. What cannot be removed is told, and tried again next time:
/// the switch has happened.
pub(in crate::ops) fn retire(
    profile: &profile::Profiles,
    held: &ProjectLock,
    environment: &Environment,
) -> Option<String> {
    let name = &environment.name;
    let keep = usize::try_from(environment.keep).unwrap_or(usize::MAX);
    let retired = || {
        if profile.history(name)?.len() <= keep {
            return Ok(());
        }
        let kept = Retention { newest: keep, pinned: profile.pins(name)? };
        profile.remove_garbage(held, &profile.find_garbage(&[(name.clone(), kept)].into(), BTreeSet::new())?)
    };
    let error: profile::ProfileError = retired().err()?;
    held.keep_note();
    Some(format!("older generations of {name} were not removed: {error}"))
}

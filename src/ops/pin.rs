//! Generations that are never collected.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::profile::ProfileError;

use super::generations::checkout::Checkout;
use super::{Context, Result};

/// `larder pin --json` and `larder unpin --json`: see `schema/pins.json`.
#[derive(Debug, Serialize)]
pub struct Pins {
    /// The environment.
    pub environment: String,
    /// The generations that are never collected.
    pub pinned: BTreeSet<u64>,
    /// The generation that was asked about.
    #[serde(skip)]
    pub generation: u64,
    /// Whether anything changed.
    #[serde(skip)]
    pub is_changed: bool,
}

/// Pins a generation, or the current one.
pub fn pin(context: &Context<'_>, number: Option<u64>) -> Result<Pins> {
    change(context, number, BTreeSet::insert)
}

/// Lets go of a generation, or of the current one.
pub fn unpin(context: &Context<'_>, number: Option<u64>) -> Result<Pins> {
    change(context, number, |pins, number| pins.remove(&number))
}

fn change(
    context: &Context<'_>,
    number: Option<u64>,
    edit: impl FnOnce(&mut BTreeSet<u64>, u64) -> bool,
) -> Result<Pins> {
    let checkout = Checkout::open(context)?;
    let name = &checkout.environment(context)?;
    let held = checkout.lock(context)?;
    let profile = &checkout.profile;
    let current = profile.current_number(name)?.ok_or_else(|| ProfileError::NeverSynced(name.clone()))?;
    let number = number.unwrap_or(current);
    profile.summary(name, number)?;
    let mut pinned = profile.pins(name)?;
    let is_changed = edit(&mut pinned, number);
    if is_changed {
        profile.set_pins(&held, name, &pinned)?;
    }
    held.release()?;
    Ok(Pins { environment: name.to_string(), pinned, generation: number, is_changed })
}

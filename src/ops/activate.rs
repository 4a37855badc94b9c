//! Making another environment the active one.

use crate::profile::ProfileError;

use super::generations;
use super::generations::checkout::Checkout;
use super::generations::state;
use super::generations::switch::{self, Switched};
use super::{Context, Result, generations::usage};

/// Makes the environment the active one, as it was built last.
pub fn activate(context: &Context<'_>, name: &str) -> Result<Switched> {
    let checkout = Checkout::open(context)?;
    let name = &checkout.named(name)?;
    let held = checkout.lock(context)?;
    let profile = &checkout.profile;
    let number = profile.current_number(name)?.ok_or_else(|| ProfileError::NeverSynced(name.clone()))?;
    generations::bring_here(context, profile, &held, name, number)?;
    profile.check_presence(name, number)?;
    let before = profile.active()?;
    let old = match &before {
        Some(active) => profile.current_summary(active).ok().flatten(),
        None => None,
    };
    generations::with_folders_beside(&checkout, name, number)?.activate(&held, name)?;
    // What a sync noted of it while another one was active says nothing of the links.
    if before.as_ref() != Some(name) {
        state::forget(&checkout.root, name.as_str())?;
    }
    held.release()?;
    usage::stamp(&checkout.root, name.as_str());
    let moved = old.filter(|_| before.as_ref() != Some(name));
    Ok(Switched {
        environment: name.to_string(),
        from: None,
        generation: number,
        active: true,
        warnings: moved.as_ref().and_then(switch::restart).into_iter().collect(),
    })
}

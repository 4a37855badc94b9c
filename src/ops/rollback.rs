//! Going back to an earlier generation. Manifest and lock are not touched.

use crate::diagnostic::{Exit, Failure};
use crate::model::Label;
use crate::profile::{self, ProfileError, Rollback};
use crate::store::Store;

use super::generations::checkout::Checkout;
use super::generations::switch::{self, Switched};
use super::generations::{self, integrity, state};
use super::verify::Damaged;
use super::{Context, Result};

/// How much of a generation is looked at before it is gone back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Care {
    /// Whether everything is there: as fast for many packages as for few.
    #[default]
    Presence,
    /// Every byte.
    Content,
}

/// Makes an earlier generation the current one: this one, or the current one's parent.
pub fn rollback(context: &Context<'_>, number: Option<u64>, care: Care) -> Result<Switched> {
    let checkout = Checkout::open(context)?;
    let name = &checkout.environment(context)?;
    let held = checkout.lock(context)?;
    let profile = &checkout.profile;
    let current = profile.current_summary(name)?.ok_or_else(|| ProfileError::NeverSynced(name.clone()))?;
    let Some(target) = number.or(current.parent) else {
        return Err(NothingBefore { environment: name.clone(), number: current.number }.into());
    };
    generations::bring_here(context, profile, &held, name, target)?;
    if care == Care::Content {
        check_content(context, profile, name, target)?;
    }
    let mut warnings = Vec::new();
    if target != current.number {
        state::forget(&checkout.root, name.as_str())?;
        generations::with_folders_beside(&checkout, name, target)?.roll_back(&held, name, target)?;
    }
    held.release()?;
    let active = profile.active()?.as_ref() == Some(name);
    if active && target != current.number {
        warnings.extend(switch::restart(&current));
    }
    Ok(Switched { environment: name.to_string(), from: Some(current.number), generation: target, active, warnings })
}

fn check_content(context: &Context<'_>, profile: &profile::Profiles, environment: &Label, number: u64) -> Result<()> {
    let generation = profile.generation(environment, number)?;
    let found = integrity::look(profile, &[(environment.clone(), generation)], &Store::open(&context.store))?;
    if found.is_empty() { Ok(()) } else { Err(Damaged::of_generation(number, found).into()) }
}

/// There is no earlier generation.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("generation {number} of {environment} has no parent to go back to")]
#[diagnostic(code(larder::rollback::nothing_before), help("`larder history` lists the generations there are"))]
struct NothingBefore {
    environment: Label,
    number: u64,
}

impl Failure for NothingBefore {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

/// A sync of a profile that was rolled back would undo that.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{environment} was rolled back to generation {to} from {from}, on {at}")]
#[diagnostic(
    code(larder::sync::rolled_back),
    help("`larder sync --forward` builds what the lock says and switches to it; `larder run` uses generation {to}")
)]
pub(super) struct IsRolledBack {
    environment: Label,
    to: u64,
    from: u64,
    at: jiff::Timestamp,
}

impl IsRolledBack {
    pub(super) fn new(environment: &Label, note: &Rollback) -> Self {
        let at = note.at.round(jiff::Unit::Second).unwrap_or(note.at);
        Self { environment: environment.clone(), to: note.to, from: note.from, at }
    }
}

impl Failure for IsRolledBack {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

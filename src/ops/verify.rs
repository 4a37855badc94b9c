//! Checking every byte of environments, and of what they share with the store.

use std::collections::BTreeSet;
use std::fmt;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure, list};
use crate::model::Label;
use crate::profile::{Generation, ProfileError, Profiles};
use crate::store::Store;

use super::generations::checkout::Checkout;
use super::generations::integrity::{self, Damage};
use super::{Context, Result};

/// `larder verify --json`: see `schema/verify.json`.
#[derive(Debug, Serialize)]
pub struct Verified {
    /// The environment's name.
    pub environment: String,
    /// Its current generation.
    pub generation: u64,
    /// How many packages it has.
    pub packages: usize,
}

/// `larder verify --all --json`: see `schema/verify-all.json`.
#[derive(Debug, Serialize)]
pub struct AllVerified {
    /// The environments that were built here, by name.
    pub environments: Vec<Verified>,
}

impl Verified {
    fn new(environment: &Label, generation: &Generation) -> Self {
        let (environment, packages) = (environment.to_string(), generation.closure.len());
        Self { environment, generation: generation.number, packages }
    }
}

/// Compares the environment with what was installed, and what it shares with the store.
pub fn verify(context: &Context<'_>) -> Result<Verified> {
    let checkout = Checkout::open(context)?;
    let name = &checkout.environment(context)?;
    let profile = &checkout.profile;
    let generation = match profile.current(name) {
        Ok(generation) => generation.ok_or_else(|| ProfileError::NeverSynced(name.clone()))?,
        Err(error) => {
            let record = is_damage(&error).then(|| Damage::record(name, &error));
            refuse(profile, record.into_iter().collect())?;
            return Err(error.into());
        }
    };
    let built = [(name.clone(), generation)];
    refuse(profile, integrity::look(profile, &built, &Store::open(&context.store))?)?;
    let [(name, generation)] = &built;
    Ok(Verified::new(name, generation))
}

/// Like [`verify`], for every environment that was built here: the current generation of each. What is harmed in several
/// of them is named once.
pub fn verify_all(context: &Context<'_>) -> Result<AllVerified> {
    let checkout = Checkout::open(context)?;
    let profile = &checkout.profile;
    let (mut built, mut found) = (Vec::new(), Vec::new());
    for name in profile.environments()? {
        match profile.current(&name) {
            Ok(generation) => built.extend(generation.map(|generation| (name, generation))),
            // One that cannot be read must not keep the others from being looked at.
            Err(error) if is_damage(&error) => found.push(Damage::record(&name, &error)),
            Err(error) => return Err(error.into()),
        }
    }
    if built.is_empty() && found.is_empty() {
        return Err(ProfileError::NeverSynced(checkout.environment(context)?).into());
    }
    found.extend(integrity::look(profile, &built, &Store::open(&context.store))?);
    refuse(profile, found)?;
    Ok(AllVerified { environments: built.iter().map(|(name, generation)| Verified::new(name, generation)).collect() })
}

/// Returns whether a current generation cannot be read: what it was built as is not there, or was changed.
fn is_damage(error: &ProfileError) -> bool {
    matches!(error, ProfileError::BadRecord { .. } | ProfileError::NoGeneration { .. })
}

fn refuse(profile: &Profiles, found: Vec<Damage>) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let is_bundled = |name: &Label| matches!(profile.current_summary(name), Ok(Some(head)) if head.is_bundled());
    let bundled = found.iter().flat_map(|harm| &harm.environments).any(is_bundled);
    Err(Damaged { generation: None, bundled, found }.into())
}

/// Environments that are not what was installed.
#[derive(Debug, thiserror::Error)]
#[error("{} damaged:{}", self.subject(), listed(found))]
pub(super) struct Damaged {
    /// The one that was looked at, where it is not the current one.
    generation: Option<u64>,
    /// Whether it came in a bundle, and nothing here can build it.
    bundled: bool,
    found: Vec<Damage>,
}

impl Damaged {
    /// Of a generation that was not gone back to.
    pub(super) fn of_generation(number: u64, found: Vec<Damage>) -> Self {
        Self { generation: Some(number), bundled: false, found }
    }

    fn environments(&self) -> BTreeSet<&Label> {
        self.found.iter().flat_map(|harm| &harm.environments).collect()
    }

    fn subject(&self) -> String {
        let names: Vec<&str> = self.environments().into_iter().map(Label::as_str).collect();
        match (names.as_slice(), self.generation) {
            ([many @ .., last], None) if !many.is_empty() => format!("{} and {last} are", many.join(", ")),
            (names, None) => format!("{} is", names.concat()),
            (names, Some(number)) => format!("generation {number} of {} is", names.concat()),
        }
    }
}

/// Places that are named before the rest is only counted.
const SCREEN: usize = 20;

fn listed(found: &[Damage]) -> String {
    let mut text = list(found.iter().take(SCREEN));
    if found.len() > SCREEN {
        text = format!("{text}\n- and {} more", found.len() - SCREEN);
    }
    text
}

impl miette::Diagnostic for Damaged {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new("larder::verify::damaged"))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let repairs = || self.environments().into_iter().map(|name| format!("`larder sync --repair --env {name}`"));
        Some(match self.generation {
            Some(_) => Box::new("nothing was switched; `larder history` lists the other generations"),
            None if self.bundled => Box::new("`larder unbundle FILE`, with the bundle that it came in, heals it"),
            None if self.environments().len() > 1 => Box::new(format!(
                "{} heal them; with `--no-activate` the active environment stays the active one",
                repairs().collect::<Vec<_>>().join(" and ")
            )),
            None => Box::new("`larder sync --repair` heals it"),
        })
    }
}

impl Failure for Damaged {
    fn exit(&self) -> Exit {
        Exit::Integrity
    }
}

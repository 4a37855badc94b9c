//! Checking every byte of an environment.

use std::fmt;

use serde::Serialize;

use crate::diagnostic::{Exit, Failure};
use crate::model::Label;
use crate::profile;
use crate::store::Store;

use super::{Context, Project, Result, repair};

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

/// Compares the environment with what was installed, and what it shares with the store.
pub fn verify(context: &Context<'_>) -> Result<Verified> {
    let project = Project::open(context)?;
    let environment = project.environment(context)?;
    let profile = profile::Project::open(&project.root)?;
    let generation = profile
        .current(&environment.name)?
        .ok_or_else(|| profile::ProfileError::NeverSynced(environment.name.clone()))?;
    let store = Store::open(&context.store);
    let found = repair::look(&profile, &environment.name, &generation, &store)?;
    if !found.is_empty() {
        return Err(Damaged::new(&environment.name, found).into());
    }
    Ok(Verified {
        environment: environment.name.to_string(),
        generation: generation.number,
        packages: generation.closure.len(),
    })
}

/// An environment that is not what was installed.
#[derive(Debug, thiserror::Error)]
#[error("{environment} is damaged{}", listed(found))]
pub struct Damaged {
    environment: String,
    found: Vec<Harmed>,
}

impl Damaged {
    /// Joins what was found.
    pub(super) fn new(environment: &Label, found: Vec<Harmed>) -> Self {
        Self { environment: environment.to_string(), found }
    }
}

/// One thing that is damaged.
#[derive(Debug)]
pub(super) struct Harmed {
    /// A sentence that names the place and what was expected and found.
    pub(super) text: String,
    /// Whether bytes have changed, and not only come or gone.
    pub(super) changed: bool,
}

/// Places that are named before the rest is only counted.
const SCREEN: usize = 20;

fn listed(found: &[Harmed]) -> String {
    let mut text = found.iter().take(SCREEN).fold(":".to_owned(), |text, harm| format!("{text}\n- {}", harm.text));
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
        Some(Box::new("`larder sync --repair` heals it"))
    }
}

impl Failure for Damaged {
    fn exit(&self) -> Exit {
        if self.found.iter().any(|harm| harm.changed) { Exit::Integrity } else { Exit::Refused }
    }
}

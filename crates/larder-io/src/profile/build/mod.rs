//! Building a generation beside the one that is there.

mod draft;
mod executables;
mod input;
mod plan;

use std::collections::BTreeSet;

use crate::fs;
use crate::model::{Label, TreeDigest};

use super::ProfileError;
use super::complete_generations::CompleteGenerations;
use super::generation::Generation;
use super::key::RealisedKey;
use super::paths::{BUILDING, ProfilePaths};
use super::profiles::Profiles;
use super::project_lock::ProjectLock;
use super::relocate;

pub use input::BuildInput;
pub use plan::names_of_project;
pub(super) use plan::{Plan, realise};

/// The outcome of a build.
#[derive(Clone, Debug)]
pub struct Built {
    /// The generation: a new one, or the current one where nothing changed.
    pub generation: Generation,
    /// Whether the generation is new.
    pub is_new: bool,
    /// Whether the checkout was moved, and the generation's links and scripts were rewritten.
    pub relocated: bool,
    /// The number of packages that were realised.
    pub realised: usize,
    /// Whether the generation's record was damaged and is written anew.
    pub record_rewritten: bool,
    /// Warnings for the user.
    pub warnings: Vec<String>,
}

/// Which generations may be taken instead of building a new one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reuse<'a> {
    /// The current generation, if its inputs are the same.
    Current,
    /// The same, or one that a run built which was killed before it switched.
    CurrentOrUnfinished,
    /// None: the current one is damaged. These packages are realised anew.
    Nothing(&'a BTreeSet<&'a RealisedKey>),
    /// None: the record of the generation with this number is damaged. The new one follows it.
    NothingAfter(u64),
}

impl Profiles {
    /// Builds a generation, unless the current one is what is wanted. `current` is not touched: see [`Self::switch`].
    pub fn build(&self, _lock: &ProjectLock, input: &BuildInput<'_>) -> Result<Built, ProfileError> {
        let current = self.current_if_readable(input.environment)?;
        // What a rollback left behind is not come back to.
        let reuse =
            if self.rollback(input.environment)?.is_some() { Reuse::Current } else { Reuse::CurrentOrUnfinished };
        build(self.paths(&self.profile(input.environment)?), input, current.as_ref(), reuse)
    }

    /// A damaged record must not keep a new generation from being built.
    pub(super) fn current_if_readable(&self, environment: &Label) -> Result<Option<Generation>, ProfileError> {
        match self.current(environment) {
            Err(ProfileError::BadRecord { .. } | ProfileError::NoGeneration { .. }) => Ok(None),
            current => current,
        }
    }
}

/// Builds a generation and renames it into place; `current` is not touched.
pub(super) fn build(
    paths: ProfilePaths<'_>,
    input: &BuildInput<'_>,
    current: Option<&Generation>,
    reuse: Reuse<'_>,
) -> Result<Built, ProfileError> {
    let plan = Plan::new(paths, input)?;
    if let (Some(current), Reuse::Current | Reuse::CurrentOrUnfinished) = (current, reuse)
        && current.inputs == plan.inputs
        // Byte-code that is there and was not asked for does no harm.
        && (current.bytecode.is_some() || input.bytecode.is_none())
    {
        let relocated = relocate::relocate(paths, current.number)?;
        let (generation, warnings) = (current.clone(), Vec::new());
        return Ok(Built { generation, is_new: false, relocated, realised: 0, record_rewritten: false, warnings });
    }
    let last = plan.prepare_folders()?;
    if let (Reuse::CurrentOrUnfinished, Some(generation)) = (reuse, unfinished(paths, last, current, &plan.inputs)) {
        let relocated = relocate::relocate(paths, generation.number)?;
        return Ok(Built {
            generation,
            is_new: true,
            relocated,
            realised: 0,
            record_rewritten: false,
            warnings: Vec::new(),
        });
    }
    let (parent, damaged) = match reuse {
        Reuse::Current | Reuse::CurrentOrUnfinished => (current.map(|current| current.number), &BTreeSet::new()),
        Reuse::Nothing(damaged) => (current.map(|current| current.number), damaged),
        Reuse::NothingAfter(number) => (Some(number), &BTreeSet::new()),
    };
    let complete = CompleteGenerations::read(paths.root, paths.packages)?;
    let realised = plan.realise(damaged)?;
    let number = last + 1;
    let (generation, warnings) = plan.draft((number, parent, input.created), current)?;
    let folder = paths.profile.join(BUILDING);
    let placed = complete
        .add_after_change(paths.root, paths.packages, paths.profile, number)
        .and_then(|()| fs::rename(&folder, &paths.generation(number)));
    if let Err(error) = placed {
        // The first error is the one to report; what stays is removed by the next build.
        let _ = fs::remove_tree(&folder);
        return Err(error.into());
    }
    Ok(Built { generation, is_new: true, relocated: false, realised, record_rewritten: false, warnings })
}

/// Returns the generation that a run built and was killed before it switched to it.
fn unfinished(
    paths: ProfilePaths<'_>,
    last: u64,
    current: Option<&Generation>,
    inputs: &TreeDigest,
) -> Option<Generation> {
    let parent = current.map(|current| current.number);
    let newest = Generation::read(&paths.generation(last)).ok()?;
    (newest.number == last && newest.parent == parent && newest.inputs == *inputs).then_some(newest)
}

//! Building a generation beside the one that is there.

mod draft;
mod executables;
mod input;
mod plan;

use std::collections::BTreeSet;

use crate::fs;
use crate::model::{Label, TreeDigest};

use super::ProfileError;
use super::complete_generations::Whole;
use super::generation::Generation;
use super::key::Key;
use super::paths::{BUILDING, ProfilePaths};
use super::profiles::Project;
use super::project_lock::ProjectLock;
use super::relocate;

pub use input::Input;
pub(super) use plan::{Plan, realise};

/// What a build came to.
#[derive(Clone, Debug)]
pub struct Built {
    /// The generation: a new one, or the current one where nothing changed.
    pub generation: Generation,
    /// Whether it is new.
    pub made: bool,
    /// Whether the checkout was moved, and the generation was brought to where it is now.
    pub relocated: bool,
    /// How many packages were realised.
    pub realised: usize,
    /// Whether its record was harmed and is written anew.
    pub recalled: bool,
    /// What a user should hear about.
    pub warnings: Vec<String>,
}

/// Whether to build what is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Repeat<'a> {
    /// A generation of the same inputs is kept.
    Never,
    /// So is one that a run built which was killed before it switched to it.
    Finish,
    /// It is harmed: build another one, and these packages anew.
    Always(&'a BTreeSet<&'a Key>),
    /// So is the record of the one with this number, and nothing else is known of it: build another one after it.
    After(u64),
}

impl Project {
    /// Builds a generation, unless the current one is what is wanted. `current` is not touched: see [`Self::switch`].
    pub fn build(&self, _lock: &ProjectLock, input: &Input<'_>) -> Result<Built, ProfileError> {
        let current = self.current_if_readable(input.environment)?;
        // What a rollback left behind is not come back to.
        let repeat = if self.rolled_back(input.environment)?.is_some() { Repeat::Never } else { Repeat::Finish };
        build(self.paths(&self.profile(input.environment)?), input, current.as_ref(), repeat)
    }

    /// A harmed record must not keep a new generation from being built.
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
    input: &Input<'_>,
    current: Option<&Generation>,
    repeat: Repeat<'_>,
) -> Result<Built, ProfileError> {
    let plan = Plan::new(paths, input)?;
    if let (Some(current), Repeat::Never | Repeat::Finish) = (current, repeat)
        && current.inputs == plan.inputs
        // Byte-code that is there and was not asked for does no harm.
        && (current.bytecode.is_some() || input.bytecode.is_none())
    {
        let relocated = relocate::relocate(paths, current.number)?;
        let (generation, warnings) = (current.clone(), Vec::new());
        return Ok(Built { generation, made: false, relocated, realised: 0, recalled: false, warnings });
    }
    let last = plan.make_room()?;
    if let (Repeat::Finish, Some(generation)) = (repeat, ready(paths, last, current, &plan.inputs)) {
        let relocated = relocate::relocate(paths, generation.number)?;
        return Ok(Built { generation, made: true, relocated, realised: 0, recalled: false, warnings: Vec::new() });
    }
    let (parent, harmed) = match repeat {
        Repeat::Never | Repeat::Finish => (current.map(|current| current.number), &BTreeSet::new()),
        Repeat::Always(harmed) => (current.map(|current| current.number), harmed),
        Repeat::After(number) => (Some(number), &BTreeSet::new()),
    };
    let whole = Whole::read(paths.root, paths.packages)?;
    let realised = plan.realise(harmed)?;
    let number = last + 1;
    let (generation, warnings) = plan.draft((number, parent, input.created), current)?;
    let folder = paths.profile.join(BUILDING);
    let placed = whole
        .carry(paths.root, paths.packages, paths.profile, number)
        .and_then(|()| fs::rename(&folder, &paths.generation(number)));
    if let Err(error) = placed {
        // The first error is the one to report; what stays is removed by the next build.
        let _ = fs::remove_tree(&folder);
        return Err(error.into());
    }
    Ok(Built { generation, made: true, relocated: false, realised, recalled: false, warnings })
}

/// Returns the generation that a run built and was killed before it switched to it.
fn ready(paths: ProfilePaths<'_>, last: u64, current: Option<&Generation>, inputs: &TreeDigest) -> Option<Generation> {
    let parent = current.map(|current| current.number);
    let newest = Generation::read(&paths.generation(last)).ok()?;
    (newest.number == last && newest.parent == parent && newest.inputs == *inputs).then_some(newest)
}

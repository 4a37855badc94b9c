//! Healing a generation whose own record cannot be relied on. What it said follows from the lock and the store, and is
//! compared with what is on disk.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::fs;
use crate::manifest::FilesMode;
use crate::model::TreeDigest;
use crate::store::Tree;

use super::ProfileError;
use super::as_text::Text;
use super::build::{self, BuildInput, Built, Plan, Reuse};
use super::complete_generations::CompleteGenerations;
use super::generation::{Contents, Generation};
use super::generation_summary::GenerationSummary;
use super::key::RealisedKey;
use super::paths::{BUILDING, ProfilePaths, RECORD, SUMMARY};
use super::profiles::Profiles;
use super::project_lock::ProjectLock;
use super::verify::{self, TreeLookup};

impl Profiles {
    /// Like [`Self::repair`], for the current generation where its own record is damaged.
    pub fn repair_record(
        &self,
        _lock: &ProjectLock,
        input: &BuildInput<'_>,
        number: u64,
        trees: impl Fn(&TreeDigest) -> Option<Arc<Tree>> + Sync,
    ) -> Result<Built, ProfileError> {
        self.generation_folder(input.environment, number)?;
        repair_record(self.paths(&self.profile(input.environment)?), input, number, &trees)
    }
}

/// Heals the generation with this number, whose record is damaged or gone. Packages that are what the lock makes of them
/// are not touched. Where so is the rest of the generation, its record is written anew; else another one is built after it.
fn repair_record(
    paths: ProfilePaths<'_>,
    input: &BuildInput<'_>,
    number: u64,
    trees: &TreeLookup<'_>,
) -> Result<Built, ProfileError> {
    let plan = Plan::new(paths, input)?;
    plan.prepare_folders()?;
    let damage = verify::realised(paths.root, paths.packages, &plan.layout, trees)?.damage;
    let damaged: BTreeSet<&RealisedKey> = damage.iter().filter_map(|damage| damage.key.as_ref()).collect();
    let complete = CompleteGenerations::read(paths.root, paths.packages)?;
    let realised = plan.realise(&damaged)?;
    complete.add_after_change(paths.root, paths.packages, paths.profile, number)?;
    if let Some(generation) = rewrite(paths, input, plan, number, trees)? {
        return Ok(Built {
            generation,
            is_new: false,
            relocated: false,
            realised,
            record_rewritten: true,
            warnings: Vec::new(),
        });
    }
    let built = build::build(paths, input, None, Reuse::NothingAfter(number))?;
    Ok(Built { realised: realised + built.realised, ..built })
}

/// Writes the record of a generation anew, if all else of it is what the lock makes of it.
fn rewrite(
    paths: ProfilePaths<'_>,
    input: &BuildInput<'_>,
    plan: Plan<'_>,
    number: u64,
    trees: &TreeLookup<'_>,
) -> Result<Option<Generation>, ProfileError> {
    let folder = paths.generation(number);
    let Ok(summary) = GenerationSummary::read(&folder) else { return Ok(None) };
    if summary.root != paths.root || summary.lock != TreeDigest::of(input.lock_text.as_bytes()) {
        return Ok(None);
    }
    let (generation, _) = plan.draft((number, summary.parent, summary.created), None)?;
    let draft = paths.profile.join(BUILDING);
    let mut contents = Contents::read(&draft)?;
    fs::remove_tree(&draft)?;
    // What it says of its past is known from nowhere else.
    contents.generated.insert(SUMMARY.to_owned(), Text(TreeDigest::of(&fs::read(&folder.join(SUMMARY))?)));
    let damage = verify::own_folder(paths.root, &folder, &generation, &contents, trees)?.damage;
    let is_whole = damage.iter().all(|damage| paths.root.join(&damage.path) == folder.join(RECORD));
    if !is_whole || (summary.number, summary.digest) != (number, generation.digest) {
        return Ok(None);
    }
    generation.replace(&contents, &folder)?;
    if input.files == FilesMode::Private {
        fs::make_private(&folder)?;
    }
    Ok(Some(generation))
}

//! Healing a generation whose own record cannot be relied on. What it said follows from the lock and the store, and is
//! compared with what is on disk.

use std::collections::BTreeSet;

use crate::fs;
use crate::manifest::FilesMode;
use crate::model::TreeDigest;

use super::as_text::Text;
use super::build::{self, BUILDING, Built, Input, Plan, Repeat, Site};
use super::generation::{Contents, RECORD};
use super::head::{HEAD, Head};
use super::verify::{self, Lookup};
use super::whole::Whole;
use super::{Generation, Key, ProfileError};

/// Heals the generation with this number, whose record is harmed or gone. Packages that are what the lock makes of them
/// are not touched. Where so is the rest of the generation, its record is written anew; else another one is built after it.
pub(super) fn recall(
    site: Site<'_>,
    input: &Input<'_>,
    number: u64,
    trees: &Lookup<'_>,
) -> Result<Built, ProfileError> {
    let plan = Plan::new(site, input)?;
    plan.make_room()?;
    let damage = verify::realised(site.root, site.packages, &plan.layout, trees)?;
    let harmed: BTreeSet<&Key> = damage.iter().filter_map(|damage| damage.key.as_ref()).collect();
    let whole = Whole::read(site.root, site.packages)?;
    let realised = plan.realise(&harmed)?;
    whole.carry(site.root, site.packages, site.profile, number)?;
    if let Some(generation) = rewrite(site, input, plan, number, trees)? {
        return Ok(Built { generation, made: false, relocated: false, realised, recalled: true, warnings: Vec::new() });
    }
    let built = build::build(site, input, None, Repeat::After(number))?;
    Ok(Built { realised: realised + built.realised, ..built })
}

/// Writes the record of a generation anew, if all else of it is what the lock makes of it.
fn rewrite(
    site: Site<'_>,
    input: &Input<'_>,
    plan: Plan<'_>,
    number: u64,
    trees: &Lookup<'_>,
) -> Result<Option<Generation>, ProfileError> {
    let folder = site.profile.join(number.to_string());
    let Ok(head) = Head::read(&folder) else { return Ok(None) };
    if head.root != site.root || head.lock != TreeDigest::of(input.lock_text.as_bytes()) {
        return Ok(None);
    }
    let (generation, _) = plan.draft((number, head.parent, head.created), None)?;
    let draft = site.profile.join(BUILDING);
    let mut contents = Contents::read(&draft)?;
    fs::remove_tree(&draft)?;
    // What it says of its past is known from nowhere else.
    contents.generated.insert(HEAD.to_owned(), Text(TreeDigest::of(&fs::read(&folder.join(HEAD))?)));
    let damage = verify::own_folder(site.root, &folder, &generation, &contents, trees)?;
    let is_whole = damage.iter().all(|damage| site.root.join(&damage.path) == folder.join(RECORD));
    if !is_whole || (head.number, head.digest) != (number, generation.digest) {
        return Ok(None);
    }
    generation.replace(&contents, &folder)?;
    if input.files == FilesMode::Private {
        fs::make_private(&folder)?;
    }
    Ok(Some(generation))
}

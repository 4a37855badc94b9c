//! Newer versions, tried one group after the other: only those stay with which the project's tests pass.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `groups` | the direct dependencies that move together, and what else moves with them |
//! | `scratch` | a copy of the checkout, in which a lock is installed and tested |
//! | `report` | what became of each group, for `--json` and as Markdown |

mod groups;
mod report;
mod scratch;

use crate::policy::SolveNotes;

use super::lock::{self, Replacement};
use super::project::snapshot::{Disturbed, InputSnapshot};
use super::{Event, Project, Result, Session, project};

use groups::{GroupUpdate, Planner};
use report::UpdateOutcome;
pub use report::UpdatePlan;
use scratch::{Scratch, Trial};

/// What is asked of `update --plan`.
#[derive(Clone, Debug)]
pub struct PlanOptions {
    /// The direct dependencies that may move. Empty for all.
    pub names: Vec<String>,
    /// The most groups that are tried.
    pub limit: usize,
    /// The command that has to succeed, as a shell reads it. `None`: every group is kept that can be locked.
    pub test: Option<String>,
}

/// Moves direct dependencies to the newest versions that the manifest admits, group by group, and keeps those with which the test
/// succeeds. The lock is written once, at the end, and only if something is kept.
pub fn plan(session: &Session<'_>, options: &PlanOptions) -> Result<UpdatePlan> {
    let context = session.context;
    let root = project::find_root(context)?;
    let snapshot = InputSnapshot::of(&root)?;
    let project = Project::read(root)?;
    let before = lock::fresh(&project)?;
    let planner = Planner::new(session, &project, &before)?;
    let found = planner.groups(&options.names, options.limit)?;
    let scratch = match &options.test {
        Some(command) if !found.groups.is_empty() => Some(Scratch::copy(context, &project, command)?),
        _ => None,
    };
    if let Some(scratch) = &scratch {
        scratch.check_baseline(&before)?;
    }
    let mut plan = UpdatePlan::new(options.test.clone(), found.waiting);
    let (mut current, mut notes) = (before.clone(), SolveNotes::default());
    for group in found.groups {
        let Some(GroupUpdate { lockfile, solved, difference }) = planner.step(&current, &group)? else { continue };
        (context.reporter)(Event::Testing(group.title()));
        match scratch.as_ref().map(|scratch| scratch.test(&lockfile)).transpose()? {
            None | Some(Trial::Passed) => {
                plan.add(UpdateOutcome::kept(difference));
                (current, notes) = (lockfile, solved);
            }
            Some(Trial::Failed { reason, log }) => plan.add(UpdateOutcome::failed(difference, reason, log)),
        }
    }
    planner.release();
    if let Some(scratch) = scratch {
        scratch.remove()?;
    }
    if plan.has_kept() {
        // What was tested is not what is there if manifest or lock were changed meanwhile.
        let replacement = Replacement { project: &project, edited: None, old: &before, snapshot: &snapshot };
        let locked = replacement.write(context, (current, &notes))?.ok_or(Disturbed)?;
        plan.note_written(&locked);
    }
    Ok(plan)
}

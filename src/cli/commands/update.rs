//! `larder update`

use crate::cli::args::UpdateArgs;
use crate::ops::update::Moved;
use crate::ops::update_plan::{self, PlanOptions};
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &UpdateArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    if arguments.plan {
        return plan(arguments, session, output);
    }
    let moved = match (arguments.builds, arguments.runtimes) {
        (true, _) => Moved::BuildTools,
        (_, true) => Moved::Runtimes,
        _ => Moved::Packages,
    };
    let locked = ops::update::update(session, &arguments.packages, moved)?;
    super::lock::report(&locked, output);
    DONE
}

fn plan(arguments: &UpdateArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let UpdateArgs { packages, limit, test, .. } = arguments;
    let options = PlanOptions { names: packages.clone(), limit: *limit, test: test.clone() };
    let plan = update_plan::plan(session, &options)?;
    output.json(&plan);
    output.data_verbatim(&plan.summary);
    for warning in plan.warnings() {
        output.message(format!("warning: {warning}"));
    }
    match &plan.branch {
        Some(branch) => output.message(format!("Wrote larder.lock; a name for its branch: {branch}")),
        None => output.message("Nothing was changed"),
    }
    DONE
}

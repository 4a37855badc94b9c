//! `larder rollback`

use crate::cli::args::RollbackArgs;
use crate::ops::assets::flow::roll_back;
use crate::ops::partial_rollback::partial_rollback;
use crate::ops::rollback::{Care, rollback};
use crate::ops::{Session, switch::Switched};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &RollbackArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    if let [only] = &arguments.only[..]
        && let Some(flow) = only.strip_prefix("flow:")
    {
        super::flow::report(&roll_back(session, arguments.generation, flow)?, output);
        return DONE;
    }
    if !arguments.only.is_empty() {
        let back = partial_rollback(session, arguments.generation, &arguments.only)?;
        if back.locked.changed {
            output.message(format!(
                "Wrote larder.lock: {} as in generation {}",
                arguments.only.join(", "),
                back.generation
            ));
        }
        super::sync::report(&back.synced, output);
        return DONE;
    }
    let care = if arguments.verify { Care::Content } else { Care::Presence };
    report(&rollback(session.context(), arguments.generation, care)?, output);
    DONE
}

/// Reports the result of a switch.
pub(super) fn report(switched: &Switched, output: &Output) {
    output.json(switched);
    for warning in &switched.warnings {
        output.message(format!("warning: {warning}"));
    }
    let Switched { environment, generation, .. } = switched;
    output.message(match switched.from {
        Some(from) if from == *generation => format!("{environment} is at generation {generation} already"),
        Some(from) => format!("{environment} is at generation {generation} again, it was at {from}"),
        None => format!("{environment} is the active environment, at generation {generation}"),
    });
}

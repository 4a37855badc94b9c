//! `larder rollback`

use crate::cli::args::Rollback;
use crate::ops::partial_rollback::partial_rollback;
use crate::ops::rollback::{Care, rollback};
use crate::ops::{Session, switch::Switched};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Rollback, session: &Session<'_>, output: &Output) -> Outcome {
    if !arguments.only.is_empty() {
        let back = partial_rollback(session, arguments.generation, &arguments.only)?;
        if back.locked.changed {
            output.say(format!(
                "Wrote larder.lock: {} as in generation {}",
                arguments.only.join(", "),
                back.generation
            ));
        }
        super::sync::tell(&back.synced, output);
        return DONE;
    }
    let care = if arguments.verify { Care::Content } else { Care::Presence };
    tell(&rollback(session.context(), arguments.generation, care)?, output);
    DONE
}

/// Tells what a switch came to.
pub(super) fn tell(switched: &Switched, output: &Output) {
    output.document(switched);
    for warning in &switched.warnings {
        output.say(format!("warning: {warning}"));
    }
    let Switched { environment, generation, .. } = switched;
    output.say(match switched.from {
        Some(from) if from == *generation => format!("{environment} is at generation {generation} already"),
        Some(from) => format!("{environment} is at generation {generation} again, it was at {from}"),
        None => format!("{environment} is the active environment, at generation {generation}"),
    });
}

//! `larder pin` and `larder unpin`

use crate::cli::args::PinArgs;
use crate::ops::Context;
use crate::ops::pin::{self, Pins};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &PinArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let pins = pin::pin(context, arguments.generation)?;
    output.json(&pins);
    output.message(pinned(&pins));
    DONE
}

pub(in crate::cli) fn unpin(arguments: &PinArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let pins = pin::unpin(context, arguments.generation)?;
    output.json(&pins);
    let number = pins.generation;
    let what = if pins.is_changed { "is no longer pinned" } else { "was not pinned" };
    output.message(format!("Generation {number} {what}. {}", pinned(&pins)));
    DONE
}

/// Says which generations are pinned.
fn pinned(pins: &Pins) -> String {
    let numbers: Vec<String> = pins.pinned.iter().map(ToString::to_string).collect();
    match numbers.as_slice() {
        [] => format!("No generation of {} is pinned", pins.environment),
        numbers => format!("Pinned in {}: {}", pins.environment, numbers.join(", ")),
    }
}

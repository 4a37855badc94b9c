//! `larder pin` and `larder unpin`

use crate::cli::args::PinArgs;
use crate::ops::pin::{self, Pins};
use crate::ops::{Context, Error};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &PinArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    report(pin::pin(context, arguments.generation), output)
}

pub(in crate::cli) fn unpin(arguments: &PinArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    report(pin::unpin(context, arguments.generation), output)
}

fn report(pins: Result<Pins, Error>, output: &Output) -> CommandResult {
    let pins = pins?;
    output.json(&pins);
    let numbers: Vec<String> = pins.pinned.iter().map(ToString::to_string).collect();
    output.message(match numbers.as_slice() {
        [] => format!("No generation of {} is pinned", pins.environment),
        numbers => format!("Pinned in {}: {}", pins.environment, numbers.join(", ")),
    });
    DONE
}

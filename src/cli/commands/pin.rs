//! `larder pin` and `larder unpin`

use crate::cli::args::Pin;
use crate::ops::pin::{self, Pins};
use crate::ops::{Context, Error};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Pin, context: &Context<'_>, output: &Output) -> Outcome {
    tell(pin::pin(context, arguments.generation), output)
}

pub(in crate::cli) fn unpin(arguments: &Pin, context: &Context<'_>, output: &Output) -> Outcome {
    tell(pin::unpin(context, arguments.generation), output)
}

fn tell(pins: Result<Pins, Error>, output: &Output) -> Outcome {
    let pins = pins?;
    output.document(&pins);
    let numbers: Vec<String> = pins.pinned.iter().map(ToString::to_string).collect();
    output.say(match numbers.as_slice() {
        [] => format!("No generation of {} is pinned", pins.environment),
        numbers => format!("Pinned in {}: {}", pins.environment, numbers.join(", ")),
    });
    DONE
}

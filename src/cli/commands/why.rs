//! `larder why`

use crate::cli::args::Why;
use crate::ops::{self, Context};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Why, context: &Context<'_>, output: &Output) -> Outcome {
    let why = ops::why::why(context, &arguments.package)?;
    output.document(&why);
    for chain in &why.chains {
        let group = chain.group.as_ref().map(|group| format!(" (group {group})")).unwrap_or_default();
        output.print(format!("{}{group} → {}", chain.from, chain.steps.join(" → ")));
    }
    DONE
}

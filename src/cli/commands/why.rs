//! `larder why`

use crate::cli::args::WhyArgs;
use crate::ops::{self, Context};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &WhyArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let why = ops::why::why(context, &arguments.package)?;
    output.json(&why);
    for chain in &why.chains {
        let group = chain.group.as_ref().map(|group| format!(" (group {group})")).unwrap_or_default();
        output.data_line(format!("{}{group} → {}", chain.from, chain.steps.join(" → ")));
    }
    DONE
}

//! `larder list`

use crate::ops::{self, Context};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(context: &Context<'_>, output: &Output) -> CommandResult {
    let listing = ops::list::list(context)?;
    output.json(&listing);
    for runtime in &listing.runtimes {
        let by = runtime.publisher.as_ref().map(|name| format!(", published by {name}")).unwrap_or_default();
        output.data_line(format!("{} {}  (runtime, from {}{by})", runtime.name, runtime.version, runtime.source));
    }
    for package in &listing.packages {
        let mark = if package.direct { "" } else { "  (indirect)" };
        output.data_line(format!("{}:{} {}{mark}", package.ecosystem, package.name, package.version));
    }
    DONE
}

//! `larder list`

use crate::ops::{self, Context};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(context: &Context<'_>, output: &Output) -> Outcome {
    let listing = ops::list::list(context)?;
    output.document(&listing);
    for package in &listing.packages {
        let mark = if package.direct { "" } else { "  (indirect)" };
        output.print(format!("{}:{} {}{mark}", package.ecosystem, package.name, package.version));
    }
    DONE
}

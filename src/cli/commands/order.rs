//! `larder order`

use crate::cli::args::OrderArgs;
use crate::ops::Context;
use crate::ops::order::{self, PackageOrder};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &OrderArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let direction = if arguments.reverse { PackageOrder::DependentsFirst } else { PackageOrder::DependenciesFirst };
    let ordered = order::order(context, direction)?;
    output.json(&ordered);
    for package in &ordered.order {
        output.data_line(&package.name);
    }
    DONE
}

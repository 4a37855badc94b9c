//! `larder why`

use crate::cli::args::WhyArgs;
use crate::ops::{self, Context};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &WhyArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    match &arguments.package {
        Some(package) if !arguments.phantom => chains(package, context, output),
        package => phantoms(package.as_deref(), context, output),
    }
}

fn chains(package: &str, context: &Context<'_>, output: &Output) -> CommandResult {
    let why = ops::why::why(context, package)?;
    output.json(&why);
    for chain in &why.chains {
        let group = chain.group.as_ref().map(|group| format!(" (group {group})")).unwrap_or_default();
        output.data_line(format!("{}{group} → {}", chain.from, chain.steps.join(" → ")));
    }
    DONE
}

fn phantoms(package: Option<&str>, context: &Context<'_>, output: &Output) -> CommandResult {
    let found = ops::phantom::phantoms(context, package)?;
    output.json(&found);
    for one in &found.phantoms {
        let finds = one.finds.as_ref().map_or_else(|| "finds nothing".to_owned(), |finds| format!("finds {finds}"));
        output.data_line(format!("{} uses {} and {finds} ({})", one.package, one.uses, one.file));
    }
    for one in &found.left_out {
        output.data_line(format!("nobody finds {} without declaring it: {}", one.name, one.reason));
    }
    if !found.phantoms.is_empty() {
        output.message(
            "note: `extend npm \"NAME\" { npm \"USED\" \"RANGE\"; }` under `resolution` declares it in the package's place",
        );
    }
    DONE
}

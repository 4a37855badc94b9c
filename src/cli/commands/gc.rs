//! `larder gc`

use crate::cli::args::GcArgs;
use crate::diagnostic::size;
use crate::ops::Context;
use crate::ops::gc::{self, GcOptions};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &GcArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let options = GcOptions { older_than: arguments.older_than, dry_run: arguments.dry_run };
    let done = gc::gc(context, options)?;
    output.json(&done);
    for warning in &done.warnings {
        output.message(format!("warning: {warning}"));
    }
    if done.dry_run {
        for path in &done.paths {
            output.message(format!("- {path}"));
        }
    } else {
        for retired in &done.generations {
            output.detail(format!("- {} {} of {}", retired.environment, retired.generation, retired.project));
        }
    }
    for project in &done.forgotten {
        output.message(format!("{project} does not exist any more and is not tracked now"));
    }
    let line = |count: usize, what: &str, bytes| output.message(format!("{count:>8} {what}, {}", size(bytes)));
    output.message(format!(
        "{:>8} generations, {} packages of theirs, {}",
        done.generations.len(),
        done.packages,
        size(done.profile_bytes)
    ));
    line(done.store_entries, "packages of the store", done.store_bytes);
    line(done.cache_entries, "cached answers", done.cache_bytes);
    let verb = if done.dry_run { "Would free" } else { "Freed" };
    output.message(format!("{verb} {}; {} projects use the store", size(done.bytes), done.projects));
    DONE
}

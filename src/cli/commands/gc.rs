//! `larder gc`

use crate::cli::args::Gc;
use crate::diagnostic::size;
use crate::ops::Context;
use crate::ops::gc::{self, Options};

use super::{DONE, Outcome, Output};

pub(in crate::cli) fn run(arguments: &Gc, context: &Context<'_>, output: &Output) -> Outcome {
    let options = Options { older_than: arguments.older_than, dry_run: arguments.dry_run };
    let done = gc::gc(context, options)?;
    output.document(&done);
    for warning in &done.warnings {
        output.say(format!("warning: {warning}"));
    }
    if done.dry_run {
        for path in &done.paths {
            output.say(format!("- {path}"));
        }
    } else {
        for retired in &done.generations {
            output.say_more(format!("- {} {} of {}", retired.environment, retired.generation, retired.project));
        }
    }
    for project in &done.forgotten {
        output.say(format!("{project} is gone, and forgotten"));
    }
    let line = |count: usize, what: &str, bytes| output.say(format!("{count:>8} {what}, {}", size(bytes)));
    output.say(format!(
        "{:>8} generations, {} packages of theirs, {}",
        done.generations.len(),
        done.packages,
        size(done.profile_bytes)
    ));
    line(done.store_entries, "packages of the store", done.store_bytes);
    line(done.cache_entries, "cached answers", done.cache_bytes);
    let verb = if done.dry_run { "Would free" } else { "Freed" };
    output.say(format!("{verb} {}; {} projects use the store", size(done.bytes), done.projects));
    DONE
}

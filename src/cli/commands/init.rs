//! `larder init`

use crate::cli::args::Init;
use crate::ops::{self, Session};

use super::{DONE, Outcome, Output, lock};

pub(in crate::cli) fn run(arguments: &Init, session: &Session<'_>, output: &Output) -> Outcome {
    let done = ops::init::init(session.context(), arguments.name.as_deref())?;
    output.document(&done);
    output.say(format!("Wrote {}", done.manifest.display()));
    for source in &done.taken_from {
        output.say(format!("Took what {source} declares"));
    }
    if !done.members.is_empty() {
        output.say(format!("Members: {}", done.members.join(", ")));
    }
    for left in &done.not_taken {
        output.say(format!("Left out {}: {}", left.what, left.why));
    }
    if !arguments.no_lock && !done.locked_by.is_empty() {
        let (locked, kept) = ops::init::lock(session, &done)?;
        output.say(format!("Versions are those of {}", done.locked_by.join(", ")));
        lock::tell_locked(&locked, output);
        lock::tell_kept(&kept, output);
    }
    DONE
}

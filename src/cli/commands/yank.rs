//! `larder yank`, `larder unyank` and `larder deprecate`

use crate::cli::args::{DeprecateArgs, UnyankArgs, YankArgs};
use crate::ops::Session;
use crate::ops::yank::{Particulars, RecordedEvent, Verdict, record};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn yank(arguments: &YankArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    of_version(&arguments.version, arguments.force, Verdict::Yanked, session, output)
}

pub(in crate::cli) fn unyank(arguments: &UnyankArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    of_version(arguments, false, Verdict::Restored, session, output)
}

fn of_version(
    arguments: &UnyankArgs,
    force: bool,
    verdict: Verdict,
    session: &Session<'_>,
    output: &Output,
) -> CommandResult {
    let UnyankArgs { package, registry, reason } = arguments;
    let particulars = Particulars { registry: registry.clone(), reason: reason.clone(), replaced_by: None, force };
    report(&record(session, package, verdict, particulars)?, verdict, output)
}

pub(in crate::cli) fn deprecate(arguments: &DeprecateArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let DeprecateArgs { package, registry, reason, replaced_by, undo } = arguments;
    let particulars = Particulars {
        registry: registry.clone(),
        reason: reason.clone(),
        replaced_by: replaced_by.clone(),
        force: false,
    };
    let verdict = if *undo { Verdict::Active } else { Verdict::Deprecated };
    report(&record(session, package, verdict, particulars)?, verdict, output)
}

fn report(recorded: &RecordedEvent, verdict: Verdict, output: &Output) -> CommandResult {
    output.json(recorded);
    let RecordedEvent { registry, package, version, outcome, orphaned } = recorded;
    for one in orphaned {
        output.message(format!("warning: {}, which is not to be had any more", one.line()));
    }
    let what = version.as_ref().map_or_else(|| package.clone(), |version| format!("{package} {version}"));
    let is = match verdict {
        Verdict::Yanked => "yanked",
        Verdict::Restored => "no longer yanked",
        Verdict::Deprecated => "deprecated",
        Verdict::Active => "no longer deprecated",
    };
    output.message(match *outcome {
        "submitted" => format!("Left for the owner of {registry} to sign: {what} is {is}"),
        "unchanged" => format!("{what} is {is} in {registry} already"),
        _ => format!("{what} is {is} in {registry}"),
    });
    DONE
}

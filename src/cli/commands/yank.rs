//! `larder yank`, `larder unyank` and `larder deprecate`

use crate::cli::args::{DeprecateArgs, YankArgs};
use crate::ops::Session;
use crate::ops::yank::{Particulars, Recorded, Verdict, record};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn yank(arguments: &YankArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    of_version(arguments, Verdict::Yanked, session, output)
}

pub(in crate::cli) fn unyank(arguments: &YankArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    of_version(arguments, Verdict::Restored, session, output)
}

fn of_version(arguments: &YankArgs, verdict: Verdict, session: &Session<'_>, output: &Output) -> CommandResult {
    let YankArgs { package, registry, reason } = arguments;
    let particulars = Particulars { registry: registry.clone(), reason: reason.clone(), replaced_by: None };
    report(&record(session, package, verdict, particulars)?, verdict, output)
}

pub(in crate::cli) fn deprecate(arguments: &DeprecateArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let DeprecateArgs { package, registry, reason, replaced_by, undo } = arguments;
    let particulars =
        Particulars { registry: registry.clone(), reason: reason.clone(), replaced_by: replaced_by.clone() };
    let verdict = if *undo { Verdict::Active } else { Verdict::Deprecated };
    report(&record(session, package, verdict, particulars)?, verdict, output)
}

fn report(recorded: &Recorded, verdict: Verdict, output: &Output) -> CommandResult {
    output.json(recorded);
    let Recorded { registry, package, version, outcome } = recorded;
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

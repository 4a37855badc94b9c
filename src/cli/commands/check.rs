//! `larder check`

use crate::cli::args::{BaselineArgument, CheckArgs};
use crate::diagnostic::counted;
use crate::ops::check::{CheckOptions, ComparedWith};
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &CheckArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    let options = CheckOptions {
        with: if arguments.online { ComparedWith::Registries } else { ComparedWith::Manifest },
        against: arguments.against.clone().map(|BaselineArgument(baseline)| baseline),
        registry: arguments.registry.clone(),
    };
    let checked = ops::check::check(session, &options)?;
    if arguments.format.sarif {
        output.json_always(&checked.sarif());
    }
    if arguments.format.github {
        output.data_verbatim(checked.github());
    }
    if let Some(refusal) = checked.refusal() {
        return Err(refusal);
    }
    output.json_with(|| checked.summary());
    for finding in &checked.findings {
        output.message(format!("warning: {}", finding.finding.message));
    }
    for finding in &checked.assets.findings {
        output.message(ops::asset_findings::line(finding));
    }
    for package in &checked.own_packages {
        output.message(format!("{package} can be published, as far as no registry has to be asked"));
    }
    if let Some(comparison) = &checked.comparison {
        for removed in &comparison.removed {
            output.message(format!("{} has no longer what {} has: {removed}", comparison.package, comparison.against));
        }
        for change in &comparison.assets {
            output.message(format!(
                "{} is not as in {}: {} ({})",
                comparison.package,
                comparison.against,
                change.line(),
                change.level
            ));
        }
        if comparison.broken().next().is_none() {
            output.message(format!("{} has all that {} has", comparison.package, comparison.against));
        }
    }
    if checked.assets.count > 0 {
        output.message(format!("{} can be used", counted(checked.assets.count, "asset")));
    }
    if checked.environments.is_empty() {
        return DONE;
    }
    let environments = checked.environments.join(", ");
    output.message(format!("The manifest is valid, the lock is fresh, and no policy is violated in {environments}"));
    if arguments.online {
        output.message(format!("All {} packages match the metadata of their registries", checked.packages));
    }
    DONE
}

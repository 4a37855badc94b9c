//! `larder builds`

use std::process::ExitCode;

use crate::cli::args::{BuildsArgs, BuildsCommand};
use crate::diagnostic::Exit;
use crate::ops::builds::Preferable;
use crate::ops::{Context, Session, builds, record_downloads, reproduce, share_builds};

use super::lock::preferred;
use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &BuildsArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    match &arguments.command {
        None if arguments.check => check(context, output),
        None => list(context, output),
        Some(BuildsCommand::Push { registry, sign }) => push(registry, sign, context, output),
        Some(BuildsCommand::Record { package, from }) => record(package, from, context, output),
        Some(BuildsCommand::Allow { packages }) => allow(packages, context, output),
    }
}

fn list(context: &Context<'_>, output: &Output) -> CommandResult {
    let wanted = builds::list(&Session::new(context))?;
    output.json(&wanted);
    for one in &wanted.builds {
        let allowed = if one.allowed { "allowed" } else { "not allowed" };
        output.data_line(format!("{}:{} {}  {allowed}: {}", one.ecosystem, one.name, one.version, one.reason));
        for script in one.scripts.iter().flatten() {
            let files =
                if script.files.is_empty() { String::new() } else { format!("  ({})", script.files.join(", ")) };
            output.data_line(format!("    {}: {}{files}", script.event, script.text.escape_debug()));
        }
    }
    if wanted.builds.is_empty() {
        output.message("Nothing has to be built");
    }
    DONE
}

fn push(registry: &str, sign: &str, context: &Context<'_>, output: &Output) -> CommandResult {
    let shared = share_builds::push(&Session::new(context), registry, sign)?;
    output.json(&shared);
    for one in &shared.builds {
        output.data_line(format!("{}  {}: {}", one.package, one.outcome, one.key));
    }
    if shared.builds.is_empty() {
        output.message(format!("Nothing of {} is built", shared.environment));
    } else {
        output.message(format!("{} has them, signed by {}", shared.to, shared.signed_by));
    }
    DONE
}

fn check(context: &Context<'_>, output: &Output) -> CommandResult {
    let checked = reproduce::check(&Session::new(context))?;
    output.json(&checked);
    for one in &checked.builds {
        if one.reproducible {
            output.data_line(format!("{}  comes out the same", one.package));
        } else {
            output.data_line(format!("{}  differs: {}", one.package, one.differing.join(", ")));
        }
    }
    if checked.builds.is_empty() {
        output.message(format!("Nothing of {} is built", checked.environment));
    }
    DONE
}

fn record(package: &str, hosts: &[String], context: &Context<'_>, output: &Output) -> CommandResult {
    let recorded = record_downloads::record(&Session::new(context), package, hosts)?;
    output.json(&recorded);
    for line in recorded.lines() {
        output.data_line(line);
    }
    for (url, reason) in &recorded.failed {
        output.message(format!("{url} cannot be had: {reason}"));
    }
    for url in &recorded.refused {
        output.message(format!("{url} was refused: its host was not named"));
    }
    for line in recorded.failure.iter().flat_map(|failure| failure.lines()) {
        output.message(line);
    }
    if !recorded.hosts.is_empty() {
        let hosts: Vec<String> = recorded.hosts.iter().map(|host| format!(" --from {host}")).collect();
        output.message(format!("If you trust them, run it again with{}", hosts.concat()));
    } else if !recorded.files.is_empty() {
        output.message(format!("These lines in `builds` of larder.kdl let {} have its files", recorded.package));
    } else {
        output.message(format!("The scripts of {} ask for no file", recorded.package));
    }
    let is_whole = recorded.failure.is_none() && recorded.failed.is_empty() && recorded.refused.is_empty();
    if is_whole { DONE } else { Ok(ExitCode::from(Exit::Refused.status())) }
}

fn allow(packages: &[String], context: &Context<'_>, output: &Output) -> CommandResult {
    let (grants, packages): (Vec<String>, Vec<String>) = packages.iter().cloned().partition(|word| word.contains('='));
    let allowed = if packages.is_empty() { Vec::new() } else { builds::allow(context, &packages)? };
    let agreed = if packages.is_empty() || !grants.is_empty() {
        builds::agree(context, &grants, |asked| {
            for grant in asked {
                output.message(grant);
            }
            output.confirm("May builds of this project have that on this machine?")
        })?
    } else {
        Vec::new()
    };
    let names = allowed.iter().map(ToString::to_string);
    output.json(&names.chain(agreed.iter().cloned()).collect::<Vec<_>>());
    for package in &allowed {
        output.message(format!("{package} may be built now, in a sandbox: `larder sync` builds it"));
    }
    match if allowed.is_empty() { None } else { builds::preferable(context)? } {
        Some(Preferable::Pending(files)) => {
            output.message(format!("Nothing is locked yet: the first lock keeps the versions of {}", files.join(", ")));
        }
        Some(Preferable::There(files)) => output.message(format!(
            "Nothing is locked yet: `larder lock {}` begins with the versions that are chosen there",
            preferred(&files)
        )),
        None => {}
    }
    for grant in &agreed {
        output.message(format!("Builds of this project may have {grant} on this machine"));
    }
    if allowed.is_empty() && agreed.is_empty() {
        output.message("Nothing to do: that is allowed already");
    }
    DONE
}

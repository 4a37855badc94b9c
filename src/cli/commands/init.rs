//! `larder init`

use crate::cli::args::InitArgs;
use crate::ops::consume::ConsumeOptions;
use crate::ops::init::{Guards, InitOptions, Initialised};
use crate::ops::{self, Session};

use super::{CommandResult, DONE, Output, import, lock};

pub(in crate::cli) fn run(arguments: &InitArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    if let Some(template) = &arguments.template {
        let started = ops::templates::start(session.context(), template, arguments.name.as_deref())?;
        output.json(&started);
        output.message(format!("Began the package {}: {}", started.name, started.files.join(", ")));
        return DONE;
    }
    if let (Some(package), Some(registry)) = (&arguments.consume, &arguments.registry) {
        return consume(package, registry, arguments.name.as_deref(), session, output);
    }
    let guards = guards(arguments);
    let mut done = ops::init::init(
        session.context(),
        InitOptions { name: arguments.name.as_deref(), guards, registries: Vec::new() },
    )?;
    let outcome = report(&mut done, arguments, session, output);
    output.json(&done);
    outcome
}

fn guards(arguments: &InitArgs) -> Guards {
    if arguments.leave_out { Guards::LeftOut } else { Guards::Required }
}

/// Says what was taken over, and locks it.
fn report(done: &mut Initialised, arguments: &InitArgs, session: &Session<'_>, output: &Output) -> CommandResult {
    output.message(format!("Wrote {}", done.manifest.display()));
    if !done.taken_from.is_empty() {
        output.message(format!("Imported {}", done.taken_from.join(", ")));
    }
    if !done.members.is_empty() {
        output.message(format!("Members: {}", in_short(&done.members)));
    }
    if !done.undeclared.is_empty() {
        let uses: Vec<_> = done.undeclared.iter().map(|used| format!("{} ({})", used.name, used.file)).collect();
        output.message(format!(
            "Used here, and declared by no package.json: {}. Lines of larder.kdl let them be found as before: declare them, and take those out",
            in_short(&uses)
        ));
    }
    if !done.groups_on_demand.is_empty() {
        output.message(format!(
            "Groups that no environment includes: {}. `include \"NAME\"` in an environment of larder.kdl takes one in",
            in_short(&done.groups_on_demand)
        ));
    }
    import::report_not_taken(&done.not_taken, output);
    for name in &done.missing_runtimes {
        output.message(format!(
            "The declared {name} is not on this machine: `managed=#true` behind its version under `runtimes` lets larder bring it"
        ));
    }
    let kept = done.locked_by.join(", ");
    let pending = format!("Nothing is locked yet: the first lock keeps the versions of {kept}");
    if let Some(problem) = done.problem.take() {
        if !kept.is_empty() {
            output.message(pending);
        }
        return Err(problem);
    }
    if !arguments.no_lock && !done.locked_by.is_empty() {
        let before = ops::init::chosen_before(session, done, guards(arguments))?;
        let locked = ops::init::lock(session, &before);
        if locked.is_err() {
            output.message(pending);
        }
        let (locked, compared) = locked?;
        output.message(format!("Kept the versions of {kept}"));
        lock::report_locked(&locked, output);
        lock::report_kept(&compared, output);
        done.kept = Some(compared);
    }
    DONE
}

/// `larder init --consume NAME --registry URL`
fn consume(package: &str, registry: &str, name: Option<&str>, session: &Session<'_>, output: &Output) -> CommandResult {
    let (consumed, changes) = ops::consume::consume(session, &ConsumeOptions { package, registry, name })?;
    output.json(&consumed);
    let Some(changes) = changes else {
        output.message(format!("{} uses {package} already", consumed.manifest.display()));
        return DONE;
    };
    for line in &changes.lines {
        output.message(line);
    }
    lock::report_locked(&changes.locked, output);
    DONE
}

/// Returns names as a sentence has them. Of many, the first and how many there are besides.
fn in_short(names: &[String]) -> String {
    const LISTED: usize = 12;

    match names.get(LISTED..) {
        Some(others) if others.len() > 1 => {
            format!("{} and {} others", names[..LISTED].join(", "), others.len())
        }
        _ => names.join(", "),
    }
}

#[cfg(test)]
mod tests {
    use super::in_short;

    #[test]
    fn many_names_are_counted() {
        let names = |count: usize| (0..count).map(|at| at.to_string()).collect::<Vec<_>>();
        assert_eq!(in_short(&names(2)), "0, 1");
        assert!(in_short(&names(13)).ends_with("11, 12"));
        assert!(in_short(&names(14)).ends_with("10, 11 and 2 others"));
    }
}

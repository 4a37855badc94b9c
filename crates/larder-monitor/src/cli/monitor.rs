//! `larder monitor`

use std::process::ExitCode;

use larder::cli::extension::{CommandResult, Output};
use larder::logs::{LogLevel, Logs};
use larder::ops::{Context, Project, client_options};

use super::args::WatchArgs;
use crate::channel::{Receivers, probing_client};
use crate::engine::{Note, Settings};
use crate::probe::{Gauges, Prober};
use crate::report::HealthReport;
use crate::state_file::StateFile;
use crate::status::Status;
use crate::watch::{Duty, Watch};

pub(super) fn run(arguments: &WatchArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let project = Project::open(context)?;
    let environment = project.environment(context)?.name.clone();
    let options = client_options(context)?;
    let manifest = &project.manifest;
    let receivers = Receivers::read(&project, context, &options)?;
    let settings = Settings::new(manifest, environment.as_str(), arguments.interval, receivers.kinds());
    let state = StateFile::of(&project.root, environment.as_str());
    let _lock = state.lock()?;
    let found = state.read()?;
    if let Some(damage) = found.damage {
        output.message(format!("warning: {} says nothing that can be read: {damage}", state.path().display()));
    }
    let duty =
        if arguments.once { Duty::Once } else { Duty::Endless(arguments.listen.unwrap_or(manifest.monitor.listen)) };
    introduce(&settings, duty, manifest.monitor.restarts.len(), output);
    let own = Context { environment: Some(environment.to_string()), ..context.clone() };
    let watch = Watch {
        saved: found.saved,
        receivers,
        prober: Prober::new(probing_client(&options)?, &project.root),
        gauges: Gauges::new(project.root.clone(), context.cache.clone(), settings.limits.cache),
        logs: Logs::of_project(&project.root, LogLevel::of_environment(environment.as_str())),
        state,
        root: project.root.clone(),
        context: own.detached(),
        notes: &|note| output.message(line(note)),
        warn: &|text| output.message(format!("warning: {text}")),
        settings,
    };
    let health = watch.run(duty)?;
    if duty != Duty::Once {
        return Ok(ExitCode::SUCCESS);
    }
    output.json(&health);
    print(&health, output);
    Ok(if health.status == Status::Healthy { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

/// Says what is watched, and which restarts are off.
fn introduce(settings: &Settings, duty: Duty, restarts: usize, output: &Output) {
    if let Duty::Endless(address) = duty {
        let (checks, environment) = (settings.checks.len(), &settings.environment);
        let checks = larder::diagnostic::counted(checks, "check");
        output.message(format!("Watching {environment}: {checks}, answering at http://{address}/health"));
    }
    let on = settings.checks.iter().filter(|check| check.restart.is_some()).count();
    if on < restarts {
        let off = larder::diagnostic::counted(restarts - on, "restart");
        output.message(format!("In {}, {off} of the manifest are off", settings.environment));
    }
    if settings.channels.is_empty() {
        output.message("No channel is set up: alerts are only shown and kept");
    }
}

fn line(note: &Note) -> String {
    match note.event {
        "alert" => format!("{} alert: {}: {}", note.level, note.component, note.message),
        _ => format!("{}: {}", note.component, note.message),
    }
}

fn print(health: &HealthReport, output: &Output) {
    for (name, check) in &health.checks {
        let time = check.response_time.map_or_else(String::new, |time| format!(" ({time} ms)"));
        output.data_line(format!("{name}: {}{time}", check.status.as_str()));
    }
}

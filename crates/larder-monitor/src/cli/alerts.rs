//! `larder monitor alerts list`, `larder monitor alerts test`

use std::process::ExitCode;

use jiff::Timestamp;
use larder::cli::extension::{CommandResult, Output};
use larder::diagnostic::{Exit, Failure};
use larder::model::{AlertCategory, AlertLevel};
use larder::ops::{Context, Project, client_options};
use serde::Serialize;

use super::args::TestArgs;
use crate::alert::{Alert, ChannelKind};
use crate::channel::Receivers;
use crate::state_file::StateFile;

/// `larder monitor alerts list --json`: see `schema/monitor-alerts.json`.
#[derive(Serialize)]
struct Listed<'a> {
    alerts: Vec<ListedAlert<'a>>,
}

#[derive(Serialize)]
struct ListedAlert<'a> {
    #[serde(flatten)]
    alert: &'a Alert,
    /// The channels that it was not sent by yet.
    waiting: Vec<ChannelKind>,
}

/// `larder monitor alerts test --json`: see `schema/monitor-alerts-test.json`.
#[derive(Serialize)]
struct Tested {
    channels: Vec<TestedChannel>,
}

#[derive(Serialize)]
struct TestedChannel {
    channel: ChannelKind,
    delivered: bool,
    error: Option<String>,
}

pub(super) fn list(context: &Context<'_>, output: &Output) -> CommandResult {
    let project = Project::open(context)?;
    let environment = &project.environment(context)?.name;
    let mut saved = StateFile::of(&project.root, environment.as_str()).read()?.saved;
    saved.history.forget_old(Timestamp::now());
    let listed = saved.history.iter().rev().map(|alert| {
        let waits = saved.channels.iter().filter(|(_, outbox)| outbox.is_waiting(alert.id));
        ListedAlert { alert, waiting: waits.map(|(kind, _)| *kind).collect() }
    });
    let listed = Listed { alerts: listed.collect() };
    output.json(&listed);
    for ListedAlert { alert, waiting } in &listed.alerts {
        let waiting: Vec<_> = waiting.iter().map(|kind| kind.as_str()).collect();
        let note = if waiting.is_empty() { String::new() } else { format!(" [waits for {}]", waiting.join(", ")) };
        output.data_line(format!("{} {}{note}", alert.time, alert.line()));
    }
    if listed.alerts.is_empty() {
        output.message(format!("No alerts of {environment}"));
    }
    Ok(ExitCode::SUCCESS)
}

pub(super) fn test(arguments: &TestArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let project = Project::open(context)?;
    let environment = &project.environment(context)?.name;
    let options = client_options(context)?;
    let receivers = Receivers::read(&project, context, &options)?;
    let there = receivers.kinds();
    let mut wanted: Vec<ChannelKind> = arguments.channels.iter().map(|name| name.kind()).collect();
    if let Some(missing) = wanted.iter().find(|kind| !there.contains(kind)) {
        return Err(NoChannel(Some(*missing)).into());
    }
    if wanted.is_empty() {
        wanted.clone_from(&there);
    }
    if wanted.is_empty() {
        return Err(NoChannel(None).into());
    }
    let alert = Alert {
        id: 0,
        time: Timestamp::now(),
        level: AlertLevel::Info,
        category: AlertCategory::Health,
        component: "monitor".to_owned(),
        rule: "test".to_owned(),
        message: "this is a test: nothing is wrong".to_owned(),
        project: project.manifest.identity().map_or("project", |(name, _)| name).to_owned(),
        environment: environment.to_string(),
        resolved: false,
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(crate::watch::WatchError::NoThreads)?;
    let channels = runtime.block_on(async {
        let sends: Vec<_> = wanted
            .iter()
            .map(|kind| {
                let (receivers, alert, kind) = (receivers.clone(), alert.clone(), *kind);
                tokio::spawn(async move { receivers.send(kind, &alert).await })
            })
            .collect();
        let mut channels = Vec::new();
        for (channel, send) in wanted.into_iter().zip(sends) {
            let error = send.await.unwrap_or_else(|_| Err("the thread that sent it ended".to_owned())).err();
            channels.push(TestedChannel { channel, delivered: error.is_none(), error });
        }
        channels
    });
    let tested = Tested { channels };
    output.json(&tested);
    for TestedChannel { channel, error, .. } in &tested.channels {
        output.data_line(match error {
            None => format!("{channel}: delivered"),
            Some(error) => format!("{channel}: {error}"),
        });
    }
    let is_fine = tested.channels.iter().all(|channel| channel.delivered);
    Ok(if is_fine { ExitCode::SUCCESS } else { ExitCode::from(Exit::Refused.status()) })
}

/// There is nothing to send a test by.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
#[error("{}", match .0 { Some(kind) => format!("there is no channel `{kind}`"), None => "there is no channel to try".to_owned() })]
#[diagnostic(
    code(larder::monitor::no_channel),
    help(
        "declare it in `alerts`, or set a variable: LARDER_ALERTS_SLACK, LARDER_ALERTS_PAGERDUTY, LARDER_ALERTS_WEBHOOK, LARDER_ALERTS_SMTP"
    )
)]
struct NoChannel(Option<ChannelKind>);

impl Failure for NoChannel {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

//! The grammar of the command line.

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Args, Parser, Subcommand, ValueEnum};
use larder::cli::extension::GlobalArgs;
use larder::model::{parse_span, span_text};

use crate::alert::ChannelKind;

/// Checks services and the machine, restarts what fails where the manifest wants it, and tells people.
///
/// What is checked stands in the `monitor` block of larder.kdl, who is told in `alerts`.
#[derive(Debug, Parser)]
#[command(name = "larder-monitor", version, disable_help_subcommand = true, max_term_width = 100)]
pub(super) struct CommandLine {
    #[command(flatten)]
    pub(super) global: GlobalArgs,
    #[command(flatten)]
    pub(super) watch: WatchArgs,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

#[derive(Debug, Args)]
pub(super) struct WatchArgs {
    /// Look at everything once, and fail unless all of it is healthy
    #[arg(long, conflicts_with = "listen")]
    pub(super) once: bool,
    /// The time between two looks, for checks without `every` [default: 30s, in production 10s]
    #[arg(long, value_name = "SPAN", value_parser = interval)]
    pub(super) interval: Option<Duration>,
    /// Answer at this address of this machine, instead of the manifest's
    #[arg(long, value_name = "ADDRESS", value_parser = loopback)]
    pub(super) listen: Option<SocketAddr>,
}

impl WatchArgs {
    /// Returns whether any of these options is given.
    pub(super) fn are_given(&self) -> bool {
        self.once || self.interval.is_some() || self.listen.is_some()
    }
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Show what was told, or try the channels
    Alerts(AlertsArgs),
}

#[derive(Debug, Args)]
pub(super) struct AlertsArgs {
    #[command(subcommand)]
    pub(super) command: AlertsCommand,
}

#[derive(Debug, Subcommand)]
pub(super) enum AlertsCommand {
    /// List the latest alerts of the environment, the newest first
    List,
    /// Send a test by every channel, or by those that are named
    Test(TestArgs),
}

#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// The channels
    #[arg(value_name = "CHANNEL")]
    pub(super) channels: Vec<ChannelName>,
}

/// A channel on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ChannelName {
    Slack,
    Email,
    Pagerduty,
    Webhook,
}

impl ChannelName {
    pub(super) fn kind(self) -> ChannelKind {
        match self {
            Self::Slack => ChannelKind::Slack,
            Self::Email => ChannelKind::Email,
            Self::Pagerduty => ChannelKind::PagerDuty,
            Self::Webhook => ChannelKind::Webhook,
        }
    }
}

fn interval(text: &str) -> Result<Duration, String> {
    const LEAST: Duration = Duration::from_secs(1);
    const MOST: Duration = Duration::from_secs(24 * 60 * 60);
    let span = parse_span(text).ok_or("it is a number and a unit: s, m, h or d")?;
    let is_possible = (LEAST..=MOST).contains(&span);
    is_possible.then_some(span).ok_or_else(|| format!("it lies between {} and {}", span_text(LEAST), span_text(MOST)))
}

fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "it is written like 127.0.0.1:9417".to_owned())?;
    let is_near = address.ip().is_loopback();
    is_near.then_some(address).ok_or_else(|| "what the monitor answers is for this machine: use 127.0.0.1".to_owned())
}

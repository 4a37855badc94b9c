//! What is checked, in which environment.

use std::time::Duration;

use larder::manifest::Manifest;
use larder::manifest::alerts::AlertRule;
use larder::manifest::monitor::Probe;

use super::machine::Limits;
use crate::alert::{ChannelKind, Rule};

/// What a monitor does.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// The project's name.
    pub project: String,
    /// The environment.
    pub environment: String,
    /// The checks, in the order of the manifest.
    pub checks: Vec<CheckSettings>,
    /// The machine's limits.
    pub limits: Limits,
    /// How often the machine is measured.
    pub interval: Duration,
    /// How often dependencies are looked at.
    pub dependencies: Option<Duration>,
    /// The manifest's own rules.
    pub rules: Vec<AlertRule>,
    /// The channels by which alerts leave.
    pub channels: Vec<ChannelKind>,
}

/// A check.
#[derive(Clone, Debug, PartialEq)]
pub struct CheckSettings {
    /// Its name.
    pub name: String,
    /// What is looked at.
    pub probe: Probe,
    /// The time between two looks.
    pub every: Duration,
    /// How long an answer is waited for.
    pub timeout: Duration,
    /// How it is restarted, where it is.
    pub restart: Option<RestartSettings>,
}

/// A restart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RestartSettings {
    /// What a shell runs.
    pub command: String,
    /// After so many failures in a row.
    pub after: u32,
}

/// The environment whose checks are faster.
const PRODUCTION: &str = "production";

const INTERVAL: Duration = Duration::from_secs(30);
const INTERVAL_IN_PRODUCTION: Duration = Duration::from_secs(10);
const TIMEOUT: Duration = Duration::from_secs(5);
const TIMEOUT_IN_PRODUCTION: Duration = Duration::from_secs(3);

impl Settings {
    /// Returns what a manifest wants in an environment. `interval` is that of the command line, which goes before the environment's.
    pub fn new(manifest: &Manifest, environment: &str, interval: Option<Duration>, channels: Vec<ChannelKind>) -> Self {
        let (usual_interval, usual_timeout) = match environment {
            PRODUCTION => (INTERVAL_IN_PRODUCTION, TIMEOUT_IN_PRODUCTION),
            _ => (INTERVAL, TIMEOUT),
        };
        let (monitor, interval) = (&manifest.monitor, interval.unwrap_or(usual_interval));
        let restart_of = |name: &str| {
            let restart = monitor.restarts.iter().find(|restart| restart.check.value.as_str() == name)?;
            let is_done = restart.environments.iter().any(|name| name.value.as_str() == environment);
            is_done.then(|| RestartSettings { command: restart.command.clone(), after: restart.after })
        };
        let checks = monitor.checks.iter().map(|check| CheckSettings {
            name: check.name.value.to_string(),
            probe: check.probe.clone(),
            every: check.every.unwrap_or(interval),
            timeout: check.timeout.unwrap_or(usual_timeout),
            restart: restart_of(check.name.value.as_str()),
        });
        Self {
            project: manifest.identity().map_or("project", |(name, _)| name).to_owned(),
            environment: environment.to_owned(),
            checks: checks.collect(),
            limits: Limits {
                memory: monitor.memory.unwrap_or(Rule::MOST_MEMORY),
                disk: monitor.disk,
                cache: monitor.cache,
            },
            interval,
            dependencies: monitor.dependencies,
            rules: manifest.alerts.rules.clone(),
            channels,
        }
    }
}

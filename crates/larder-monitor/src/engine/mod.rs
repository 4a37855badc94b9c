//! The monitor's decisions: what is due, what follows from what was seen. No clock, no disk, no network: whoever drives the engine
//! does what it [asks for](Action) and tells it what came of that.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `settings` | what is checked, in which environment |
//! | `machine` | the machine's memory, disk and cache against their limits |
//! | `own_rules` | the manifest's own rules |
//! | `saved` | what outlives the monitor |
//! | `reports` | health, status and metrics, as they are now |

mod machine;
mod own_rules;
mod reports;
mod saved;
mod settings;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use larder::model::{AlertCategory, AlertLevel};
use serde::Serialize;

use crate::alert::{Alert, AlertHistory, ChannelKind, Cooldowns, DeliveryState, Outbox, Raised, Rule};
use crate::clock::Now;
use crate::report::PackagesReport;
use crate::status::{CheckState, Decision, MOST_RESTARTS, Observation, Restarts, Status};

pub use machine::{Limits, Measurement};
pub use saved::Saved;
pub use settings::{CheckSettings, RestartSettings, Settings};

use machine::Machine;

/// The cache is a folder with many files, and is measured less often than the rest.
const CACHE_INTERVAL: Duration = Duration::from_secs(5 * 60);

/// What the engine wants done.
#[derive(Clone, Debug, PartialEq)]
pub enum EngineAction {
    /// Look at what a check is about, given by its number.
    Probe(usize),
    /// Measure the machine, and the cache too or not.
    Measure(CacheUse),
    /// Look for changes of the environment that failed since then.
    ReadOperations(Timestamp),
    /// Look at the health of the dependencies.
    InspectDependencies,
    /// Run the command that restarts what a check is about.
    Restart(usize),
    /// Send an alert by a channel.
    Send(ChannelKind, Box<Alert>),
    /// Write down what happened, and show it.
    Note(Note),
}

/// Whether the cache is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CacheUse {
    /// It is.
    Measured,
    /// It is not.
    Skipped,
}

/// A command that should have changed an environment, and failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedOperation {
    /// When it failed.
    pub time: Timestamp,
    /// The command: `sync`.
    pub operation: String,
    /// Why.
    pub message: String,
}

/// Something that happened, for the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Note {
    /// How grave it is.
    #[serde(skip)]
    pub level: AlertLevel,
    /// What kind of event it is: `state`, `alert`, `restart`, `channel`.
    pub event: &'static str,
    /// What it concerns.
    pub component: String,
    /// What happened.
    pub message: String,
}

/// Something that is done again and again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Turn {
    next: Duration,
    is_running: bool,
}

impl Turn {
    /// Returns whether it is due, and if so begins it.
    fn begin(&mut self, every: Duration, now: Now) -> bool {
        if self.is_running || self.next > now.elapsed {
            return false;
        }
        (self.next, self.is_running) = (now.elapsed + every, true);
        true
    }

    /// Returns when it is due, if it is not under way.
    fn due(self) -> Option<Duration> {
        (!self.is_running).then_some(self.next)
    }
}

/// A check with all that is known of it.
#[derive(Clone, Debug, Default)]
struct Watched {
    state: CheckState,
    restarts: Restarts,
    turn: Turn,
}

/// The monitor's state.
pub struct Engine {
    settings: Settings,
    checks: Vec<Watched>,
    machine: Machine,
    machine_turn: Turn,
    next_cache: Duration,
    packages: Option<PackagesReport>,
    dependencies_turn: Turn,
    cooldowns: Cooldowns,
    /// What is critical and was told.
    open: BTreeSet<(String, AlertCategory)>,
    history: AlertHistory,
    outboxes: BTreeMap<ChannelKind, Outbox>,
    alerts_raised: BTreeMap<AlertLevel, u64>,
    /// The number of the next alert.
    next_alert: u64,
    /// Operations until then were read.
    operations_until: Timestamp,
    /// Whether something that outlives the monitor changed since it was last saved.
    is_changed: bool,
}

impl Engine {
    /// Goes on from what an earlier monitor left.
    pub fn new(settings: Settings, saved: Saved, now: Now) -> Self {
        let checks = settings.checks.iter().map(|check| {
            let before = saved.checks.get(&check.name).copied().unwrap_or_default();
            let restarts = Restarts::resumed(before.restarts, before.has_given_up, now);
            Watched { state: CheckState::with_failures(before.failures), restarts, turn: Turn::default() }
        });
        let mut outboxes = saved.channels;
        outboxes.retain(|kind, _| settings.channels.contains(kind));
        for kind in &settings.channels {
            outboxes.entry(*kind).or_default();
        }
        for outbox in outboxes.values_mut() {
            outbox.retain(|id| saved.history.get(id).is_some());
        }
        Self {
            checks: checks.collect(),
            machine: Machine::new(settings.limits),
            machine_turn: Turn::default(),
            next_cache: Duration::ZERO,
            packages: None,
            dependencies_turn: Turn::default(),
            cooldowns: saved.cooldowns,
            open: saved.open,
            next_alert: saved.history.next_id().max(saved.next_alert),
            history: saved.history,
            outboxes,
            alerts_raised: BTreeMap::new(),
            operations_until: saved.operations_until.unwrap_or(now.time),
            is_changed: false,
            settings,
        }
    }

    /// Returns what is checked.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Returns what is due now.
    pub fn due(&mut self, now: Now) -> Vec<EngineAction> {
        let mut actions = Vec::new();
        for (number, (check, settings)) in self.checks.iter_mut().zip(&self.settings.checks).enumerate() {
            if check.turn.begin(settings.every, now) {
                actions.push(EngineAction::Probe(number));
            }
        }
        if self.machine_turn.begin(self.settings.interval, now) {
            let is_due = self.settings.limits.cache.is_some() && self.next_cache <= now.elapsed;
            if is_due {
                self.next_cache = now.elapsed + CACHE_INTERVAL;
            }
            actions.push(EngineAction::Measure(if is_due { CacheUse::Measured } else { CacheUse::Skipped }));
            actions.push(EngineAction::ReadOperations(self.operations_until));
        }
        if let Some(every) = self.settings.dependencies
            && self.dependencies_turn.begin(every, now)
        {
            actions.push(EngineAction::InspectDependencies);
        }
        self.send_due(now, &mut actions);
        actions
    }

    /// Returns how long nothing is due.
    pub fn idle_for(&self, now: Now) -> Duration {
        let turns = self.checks.iter().map(|check| check.turn).chain([self.machine_turn]);
        let turns = turns.chain(self.settings.dependencies.map(|_| self.dependencies_turn));
        let turns = turns.filter_map(|turn| Some(turn.due()?.saturating_sub(now.elapsed)));
        let sends = self.outboxes.values().filter_map(Outbox::next_due);
        let sends = sends.map(|due| Duration::try_from(due.duration_since(now.time)).unwrap_or_default());
        turns.chain(sends).min().unwrap_or(self.settings.interval)
    }

    /// Returns whether something is under way.
    pub fn is_busy(&self) -> bool {
        let turns = self.checks.iter().map(|check| check.turn).chain([self.machine_turn, self.dependencies_turn]);
        turns.into_iter().any(|turn| turn.is_running)
            || self.checks.iter().any(|check| check.restarts.is_running())
            || self.outboxes.values().any(Outbox::is_sending)
    }

    /// Takes what a look at a check showed.
    pub fn observe(&mut self, number: usize, observation: Observation, now: Now) -> Vec<EngineAction> {
        let mut actions = Vec::new();
        let (Some(check), Some(settings)) = (self.checks.get_mut(number), self.settings.checks.get(number)) else {
            return actions;
        };
        check.turn.is_running = false;
        let before = (check.state.status(), check.state.failures, check.restarts);
        check.state.observe(observation, now);
        let mut raised = Vec::new();
        if let Some(healthy_for) = check.state.healthy_for(now) {
            check.restarts.on_success(healthy_for);
        } else {
            if check.state.status() == Status::Unhealthy {
                let told = failure_text(&check.state);
                raised.push((Rule::SERVICE_DOWN.found(&settings.name, told), Rule::SERVICE_DOWN.cooldown));
            }
            if let Some(restart) = &settings.restart {
                match check.restarts.on_failure(restart.after, now) {
                    Decision::Wait => {}
                    Decision::Restart(count) => {
                        let message = format!("it is restarted, for the {}", nth(count));
                        actions.push(note(AlertLevel::Warning, "restart", &settings.name, message));
                        actions.push(EngineAction::Restart(number));
                    }
                    Decision::GiveUp => {
                        let rule = Rule::RESTARTS_EXHAUSTED;
                        let message =
                            format!("it was restarted {MOST_RESTARTS} times, is not healthy, and is left alone now");
                        raised.push((rule.found(&settings.name, message), rule.cooldown));
                    }
                }
            }
        }
        let after = check.state.status();
        if before.0 != after {
            let level = if after == Status::Healthy { AlertLevel::Info } else { AlertLevel::Warning };
            let message = match check.state.error() {
                Some(error) => format!("it is {}: {error}", after.as_str()),
                None => format!("it is {}", after.as_str()),
            };
            actions.push(note(level, "state", &settings.name, message));
        }
        self.is_changed |= (before.1, before.2) != (check.state.failures, check.restarts);
        let healthy = (after == Status::Healthy).then(|| settings.name.clone());
        self.raise(raised, now, &mut actions);
        if let Some(name) = healthy {
            self.settle(&name, (AlertCategory::Service, Rule::SERVICE_DOWN.name), now, &mut actions);
        }
        self.judge(now, &mut actions);
        actions
    }

    /// Takes how the command of a restart ended.
    pub fn restarted(&mut self, number: usize, outcome: Result<(), String>, now: Now) -> Vec<EngineAction> {
        let mut actions = Vec::new();
        let (Some(check), Some(settings)) = (self.checks.get_mut(number), self.settings.checks.get(number)) else {
            return actions;
        };
        check.restarts.on_end();
        let raised = outcome.err().map(|error| {
            let message = format!("the command that restarts it failed: {error}");
            (Rule::RESTART_FAILED.found(&settings.name, message), Rule::RESTART_FAILED.cooldown)
        });
        self.raise(raised, now, &mut actions);
        actions
    }

    /// Takes a measurement of the machine.
    pub fn measured(&mut self, measurement: &Measurement, now: Now) -> Vec<EngineAction> {
        self.machine_turn.is_running = false;
        let mut actions = Vec::new();
        let raised = self.machine.measured(measurement, now);
        self.raise(raised, now, &mut actions);
        self.judge(now, &mut actions);
        actions
    }

    /// Takes what a look at the dependencies showed.
    pub fn inspected(&mut self, outcome: Result<PackagesReport, String>, now: Now) -> Vec<EngineAction> {
        self.dependencies_turn.is_running = false;
        let mut actions = Vec::new();
        let mut raised = Vec::new();
        match outcome {
            Ok(packages) => {
                if packages.critical > 0 {
                    let (count, rule) = (packages.critical, Rule::VULNERABILITY);
                    let message = larder::diagnostic::counted(count, "critical vulnerability");
                    let message = format!("{message} in what is locked: `larder audit` names them");
                    raised.push((rule.found(DEPENDENCIES, message), rule.cooldown));
                }
                if packages.health_score < Rule::LEAST_SCORE {
                    let (score, rule) = (packages.health_score, Rule::HEALTH_SCORE);
                    let message = format!("the health score is {score}, and below {}", Rule::LEAST_SCORE);
                    raised.push((rule.found(DEPENDENCIES, message), rule.cooldown));
                }
                self.packages = Some(packages);
                if packages.critical == 0 {
                    let rule = Rule::VULNERABILITY;
                    self.settle(DEPENDENCIES, (rule.category, rule.name), now, &mut actions);
                }
            }
            Err(error) => {
                self.packages = None;
                let message = format!("their health is not known: {error}");
                actions.push(note(AlertLevel::Warning, "dependencies", DEPENDENCIES, message));
            }
        }
        self.raise(raised, now, &mut actions);
        self.judge(now, &mut actions);
        actions
    }

    /// Takes the changes of environments that failed.
    pub fn read_operations(&mut self, failed: Vec<FailedOperation>, now: Now) -> Vec<EngineAction> {
        let mut actions = Vec::new();
        let Some(last) = failed.iter().map(|operation| operation.time).max() else { return actions };
        let until = self.operations_until;
        self.operations_until = last.max(until);
        let rule = Rule::DEPLOYMENT_FAILED;
        let new = failed.into_iter().filter(|operation| operation.time > until);
        let raised: Vec<_> = new
            .map(|FailedOperation { operation, message, .. }| {
                (rule.found(&operation, format!("`larder {operation}` failed: {message}")), rule.cooldown)
            })
            .collect();
        self.is_changed = true;
        self.raise(raised, now, &mut actions);
        actions
    }

    /// Takes how an attempt to send an alert ended.
    pub fn sent(&mut self, kind: ChannelKind, outcome: Result<(), String>, now: Now) -> Vec<EngineAction> {
        let mut actions = Vec::new();
        let Some(outbox) = self.outboxes.get_mut(&kind) else { return actions };
        self.is_changed = true;
        let error = outcome.as_ref().err().cloned();
        let state = outbox.on_end(outcome, now.time);
        if let Some(error) = &error {
            let message = format!("it did not take an alert: {error}");
            actions.push(note(AlertLevel::Warning, "channel", &kind.component(), message));
        }
        match state {
            DeliveryState::Unchanged => {}
            DeliveryState::Died => {
                let message = format!("it takes no alerts: {}", error.unwrap_or_default());
                let rule = Rule::CHANNEL_DEAD;
                self.raise([(rule.found(&kind.component(), message), rule.cooldown)], now, &mut actions);
            }
            DeliveryState::Revived => {
                let message = "it takes alerts again".to_owned();
                actions.push(note(AlertLevel::Info, "channel", &kind.component(), message));
            }
        }
        self.send_due(now, &mut actions);
        actions
    }

    /// Returns what outlives the monitor, if it changed since this was last asked.
    pub fn take_changed(&mut self) -> Option<Saved> {
        std::mem::take(&mut self.is_changed).then(|| self.saved())
    }

    fn raise(
        &mut self,
        raised: impl IntoIterator<Item = (Raised, Option<Duration>)>,
        now: Now,
        actions: &mut Vec<EngineAction>,
    ) {
        for (raised, cooldown) in raised {
            if !self.cooldowns.admit(&raised, cooldown, now.time) {
                continue;
            }
            if raised.level == AlertLevel::Critical {
                self.open.insert((raised.component.clone(), raised.category));
            }
            self.tell(raised, now, actions);
        }
        for outbox in self.outboxes.values_mut() {
            outbox.retain(|id| self.history.get(id).is_some());
        }
        self.send_due(now, actions);
    }

    /// Tells that something that was critical is over, if that was told.
    fn settle(
        &mut self,
        component: &str,
        (category, rule): (AlertCategory, &str),
        now: Now,
        actions: &mut Vec<EngineAction>,
    ) {
        if !self.open.remove(&(component.to_owned(), category)) {
            return;
        }
        let (level, message) = (AlertLevel::Info, "it is over".to_owned());
        let raised =
            Raised { rule: rule.to_owned(), level, category, component: component.to_owned(), message, resolved: true };
        self.tell(raised, now, actions);
        self.send_due(now, actions);
    }

    /// Notes an alert, and hands it to the channels that take it.
    fn tell(&mut self, raised: Raised, now: Now, actions: &mut Vec<EngineAction>) {
        let alert = Alert {
            id: self.next_alert,
            time: now.time,
            level: raised.level,
            category: raised.category,
            component: raised.component,
            rule: raised.rule,
            message: raised.message,
            project: self.settings.project.clone(),
            environment: self.settings.environment.clone(),
            resolved: raised.resolved,
        };
        self.next_alert = self.next_alert.saturating_add(1);
        *self.alerts_raised.entry(alert.level).or_default() += 1;
        for (kind, outbox) in &mut self.outboxes {
            if kind.takes(&alert) {
                outbox.add(alert.id);
            }
        }
        actions.push(note(alert.level, "alert", &alert.component, alert.message.clone()));
        self.history.add(alert);
        self.is_changed = true;
    }

    /// Asks for the alerts to be sent that are due.
    fn send_due(&mut self, now: Now, actions: &mut Vec<EngineAction>) {
        for (kind, outbox) in &mut self.outboxes {
            if let Some(alert) = outbox.take_due(now.time).and_then(|id| self.history.get(id)) {
                actions.push(EngineAction::Send(*kind, Box::new(alert.clone())));
            }
        }
    }
}

/// What alerts about packages concern.
const DEPENDENCIES: &str = "dependencies";

fn note(level: AlertLevel, event: &'static str, component: &str, message: String) -> EngineAction {
    EngineAction::Note(Note { level, event, component: component.to_owned(), message })
}

fn failure_text(state: &CheckState) -> String {
    format!("it failed {} times in a row: {}", state.failures, state.error().unwrap_or_default())
}

/// Returns `1st time`, `2nd time`, …
fn nth(count: u32) -> String {
    let ending = match count {
        1 => "st",
        2 => "nd",
        3 => "rd",
        _ => "th",
    };
    format!("{count}{ending} time")
}

//! The machine's memory, disk and cache against their limits.

use std::time::Duration;

use serde::Serialize;

use crate::alert::{Raised, Rule};
use crate::clock::Now;
use crate::report::MachineReport;
use crate::status::{CheckState, Observation, Status};

/// What must not be exceeded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The share of the machine's memory, in percent.
    pub memory: u8,
    /// The share of the project's disk, in percent.
    pub disk: Option<u8>,
    /// The size of larder's cache, in MB.
    pub cache: Option<u64>,
}

/// What was measured; `None` where it cannot be, or was not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Measurement {
    /// The share of the machine's memory that is in use, in percent.
    pub memory: Option<f64>,
    /// The share of the processors' time, in percent.
    pub cpu: Option<f64>,
    /// The share of the project's disk, in percent.
    pub disk: Option<f64>,
    /// The size of larder's cache, in MB.
    pub cache: Option<f64>,
}

/// The machine.
#[derive(Clone, Debug)]
pub(super) struct Machine {
    limits: Limits,
    pub(super) report: MachineReport,
    memory: CheckState,
    disk: CheckState,
    cache: CheckState,
}

impl Machine {
    pub(super) fn new(limits: Limits) -> Self {
        let (memory, disk, cache) = Default::default();
        Self { limits, report: MachineReport::default(), memory, disk, cache }
    }

    /// Notes a measurement. Returns what exceeds its limit for the third time in a row, or more.
    pub(super) fn measured(&mut self, found: &Measurement, now: Now) -> Vec<(Raised, Option<Duration>)> {
        self.report = MachineReport {
            memory: found.memory,
            cpu: found.cpu,
            disk: found.disk,
            // It is measured less often than the rest.
            cache: found.cache.or(self.report.cache),
        };
        let percent = |limit: u8| (f64::from(limit), format!("{limit} %"));
        #[allow(clippy::cast_precision_loss, reason = "a limit in MB is below 2³⁰")]
        let megabytes = |limit: u64| (limit as f64, format!("{limit} MB"));
        let all = [
            (&mut self.memory, found.memory, Some(percent(self.limits.memory)), Rule::MEMORY, " %"),
            (&mut self.disk, found.disk, self.limits.disk.map(percent), Rule::DISK, " %"),
            (&mut self.cache, found.cache, self.limits.cache.map(megabytes), Rule::CACHE, " MB"),
        ];
        let mut raised = Vec::new();
        for (state, value, limit, rule, unit) in all {
            let (Some(value), Some((limit, limit_text))) = (value, limit) else { continue };
            let told = format!("{value:.1}{unit} are in use, and at most {limit_text} should be");
            let outcome = if value > limit { Err(told.clone()) } else { Ok(()) };
            state.observe(Observation { outcome, response_time: Duration::ZERO }, now);
            if state.status() == Status::Unhealthy {
                raised.push((rule.found(rule.name, told), rule.cooldown));
            }
        }
        raised
    }

    /// Returns the states of what was measured and has a limit. What is merely too full is never unhealthy: it works.
    pub(super) fn states(&self) -> impl Iterator<Item = (&'static str, Status)> {
        let all = [("memory", &self.memory), ("disk", &self.disk), ("cache", &self.cache)];
        let measured = all.into_iter().filter(|(_, state)| state.last.is_some());
        measured.map(|(name, state)| (name, state.status().min(Status::Degraded)))
    }
}

//! The state of one check.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::clock::Now;

/// So many failures in a row make something unhealthy, and an alert.
pub const FAILURES_UNTIL_UNHEALTHY: u32 = 3;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It answered when it was last looked at.
    Healthy,
    /// It was not looked at yet, or failed once or twice.
    Degraded,
    /// It failed three times in a row.
    Unhealthy,
}

impl Status {
    /// Returns the word that reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// What one look at something showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// What is wrong, if anything is.
    pub outcome: Result<(), String>,
    /// How long it took to answer.
    pub response_time: Duration,
}

/// The state of one check.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CheckState {
    /// Its failures in a row.
    pub failures: u32,
    /// What the last look showed.
    pub last: Option<Observation>,
    /// When it was last looked at.
    pub last_check: Option<Timestamp>,
    /// Since when it has been healthy without a failure.
    healthy_since: Option<Duration>,
}

impl CheckState {
    /// Returns a check that failed so often before the monitor began.
    pub fn with_failures(failures: u32) -> Self {
        Self { failures, ..Self::default() }
    }

    /// Notes what a look showed.
    pub fn observe(&mut self, observation: Observation, now: Now) {
        if observation.outcome.is_ok() {
            self.failures = 0;
            self.healthy_since.get_or_insert(now.elapsed);
        } else {
            self.failures = self.failures.saturating_add(1);
            self.healthy_since = None;
        }
        self.last = Some(observation);
        self.last_check = Some(now.time);
    }

    /// Returns how it is.
    pub fn status(&self) -> Status {
        match self.failures {
            0 if self.last.is_some() => Status::Healthy,
            failures if failures < FAILURES_UNTIL_UNHEALTHY => Status::Degraded,
            _ => Status::Unhealthy,
        }
    }

    /// Returns for how long it has been healthy.
    pub fn healthy_for(&self, now: Now) -> Option<Duration> {
        self.healthy_since.map(|since| now.elapsed.saturating_sub(since))
    }

    /// Returns what was wrong when it was last looked at.
    pub fn error(&self) -> Option<&str> {
        self.last.as_ref()?.outcome.as_ref().err().map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Now {
        Now { elapsed: Duration::from_secs(seconds), time: Timestamp::from_second(1_800_000_000).unwrap() }
    }

    fn observation(is_fine: bool) -> Observation {
        let outcome = if is_fine { Ok(()) } else { Err("connection refused".to_owned()) };
        Observation { outcome, response_time: Duration::from_millis(3) }
    }

    #[test]
    fn three_failures_in_a_row_make_it_unhealthy_and_one_success_heals_it() {
        use Status::{Degraded as D, Healthy as H, Unhealthy as U};

        let mut check = CheckState::default();
        assert_eq!(check.status(), D, "nobody looked yet");
        let seen: Vec<Status> = [true, false, false, true, false, false, false, false, true]
            .into_iter()
            .enumerate()
            .map(|(second, is_fine)| {
                check.observe(observation(is_fine), at(second as u64));
                check.status()
            })
            .collect();
        assert_eq!(seen, [H, D, D, H, D, D, U, U, H]);
    }

    #[test]
    fn health_is_counted_from_the_first_success_after_a_failure() {
        let mut check = CheckState::default();
        assert_eq!(check.healthy_for(at(0)), None);
        check.observe(observation(true), at(1));
        check.observe(observation(true), at(6));
        assert_eq!(check.healthy_for(at(6)), Some(Duration::from_secs(5)));
        check.observe(observation(false), at(7));
        assert_eq!((check.healthy_for(at(7)), check.error()), (None, Some("connection refused")));
    }

    #[test]
    fn failures_from_before_the_monitor_began_count() {
        let mut check = CheckState::with_failures(2);
        check.observe(observation(false), at(0));
        assert_eq!(check.status(), Status::Unhealthy);
    }
}

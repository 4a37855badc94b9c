//! When something that fails is restarted: after some failures in a row, not more often than each four seconds, and ten times at
//! most until it was healthy for ten seconds.

use std::time::Duration;

use crate::clock::Now;

/// The most restarts until it is healthy again.
pub const MOST_RESTARTS: u32 = 10;

/// The least time between two restarts.
pub const SPACING: Duration = Duration::from_secs(4);

/// After so much health all restarts are forgotten.
pub const RESET_AFTER: Duration = Duration::from_secs(10);

/// What is done about a failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Nothing, for now.
    Wait,
    /// It is restarted, for this time in a row.
    Restart(u32),
    /// It was restarted often enough, and is not any more. This is decided once.
    GiveUp,
}

/// The restarts of one thing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restarts {
    /// Its restarts since it was last healthy.
    pub count: u32,
    /// Whether it is left alone.
    pub has_given_up: bool,
    /// Its failures since it was last restarted.
    failures: u32,
    /// When its last restart began.
    last: Option<Duration>,
    /// Whether a restart is under way.
    is_running: bool,
}

impl Restarts {
    /// Returns what was known before the monitor began. What was restarted before might have been so just now.
    pub fn resumed(count: u32, has_given_up: bool, now: Now) -> Self {
        let last = (count > 0).then_some(now.elapsed);
        Self { count, has_given_up, last, ..Self::default() }
    }

    /// Decides what is done about a failure; `after` so many since the last restart there is another.
    pub fn on_failure(&mut self, after: u32, now: Now) -> Decision {
        if self.is_running || self.has_given_up {
            return Decision::Wait;
        }
        self.failures = self.failures.saturating_add(1);
        let is_too_soon = self.last.is_some_and(|last| now.elapsed.saturating_sub(last) < SPACING);
        if self.failures < after || is_too_soon {
            return Decision::Wait;
        }
        if self.count >= MOST_RESTARTS {
            self.has_given_up = true;
            return Decision::GiveUp;
        }
        self.count += 1;
        (self.failures, self.last, self.is_running) = (0, Some(now.elapsed), true);
        Decision::Restart(self.count)
    }

    /// Returns whether a restart is under way.
    pub fn is_running(self) -> bool {
        self.is_running
    }

    /// Notes that the command of a restart ended.
    pub fn on_end(&mut self) {
        self.is_running = false;
    }

    /// Notes that it has been healthy for so long.
    pub fn on_success(&mut self, healthy_for: Duration) {
        self.failures = 0;
        if healthy_for >= RESET_AFTER {
            (self.count, self.has_given_up) = (0, false);
        }
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn at(millis: u64) -> Now {
        Now { elapsed: Duration::from_millis(millis), time: Timestamp::from_second(1_800_000_000).unwrap() }
    }

    /// Fails each `step` milliseconds for `steps` times, and returns when it was restarted and when it was given up.
    fn fail(restarts: &mut Restarts, step: u64, steps: u64) -> (Vec<u64>, Option<u64>) {
        let (mut restarted, mut given_up) = (Vec::new(), None);
        for instant in (0..steps).map(|number| number * step) {
            match restarts.on_failure(3, at(instant)) {
                Decision::Wait => {}
                Decision::Restart(number) => {
                    restarted.push(instant);
                    assert_eq!(number as usize, restarted.len());
                    restarts.on_end();
                }
                Decision::GiveUp => assert_eq!(given_up.replace(instant), None, "given up twice"),
            }
        }
        (restarted, given_up)
    }

    #[test]
    fn ten_restarts_follow_three_failures_each_and_then_it_is_left_alone() {
        let (restarted, given_up) = fail(&mut Restarts::default(), 10_000, 100);
        assert_eq!(restarted, (1..=10).map(|number| number * 30_000 - 10_000).collect::<Vec<_>>());
        assert_eq!(given_up, Some(320_000));
    }

    #[test]
    fn restarts_are_four_seconds_apart_however_fast_it_fails() {
        let (restarted, given_up) = fail(&mut Restarts::default(), 100, 1000);
        assert_eq!(restarted, (0..10).map(|number| 200 + number * 4000).collect::<Vec<_>>());
        assert_eq!(given_up, Some(200 + 40_000));
    }

    #[test]
    fn ten_seconds_of_health_forget_all_restarts_and_nine_do_not() {
        let mut restarts = Restarts::default();
        fail(&mut restarts, 10_000, 100);
        restarts.on_success(Duration::from_millis(9_999));
        assert!(restarts.has_given_up);
        restarts.on_success(Duration::from_secs(10));
        assert_eq!((restarts.count, restarts.has_given_up), (0, false));
    }

    #[test]
    fn failures_while_the_command_runs_do_not_count() {
        let mut restarts = Restarts::default();
        assert_eq!(restarts.on_failure(1, at(0)), Decision::Restart(1));
        assert!((1..100).all(|second| restarts.on_failure(1, at(second * 1000)) == Decision::Wait));
        restarts.on_end();
        assert_eq!(restarts.on_failure(1, at(100_000)), Decision::Restart(2));
    }

    #[test]
    fn a_monitor_that_begins_again_goes_on_counting_and_waits_first() {
        let mut restarts = Restarts::resumed(9, false, at(0));
        assert_eq!(restarts.on_failure(1, at(3_999)), Decision::Wait);
        assert_eq!(restarts.on_failure(1, at(4_000)), Decision::Restart(10));
        restarts.on_end();
        assert_eq!(restarts.on_failure(1, at(8_000)), Decision::GiveUp);
        assert_eq!(Restarts::resumed(10, true, at(0)).on_failure(1, at(60_000)), Decision::Wait);
    }
}

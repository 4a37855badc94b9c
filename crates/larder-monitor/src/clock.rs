//! Time, as the monitor's decisions are given it: they never ask a clock themselves.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// An instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Now {
    /// The time since the monitor began, on a clock that nobody sets: for intervals.
    pub elapsed: Duration,
    /// The time of day: for what is told to people, and for what outlives the monitor.
    pub time: Timestamp,
}

/// The machine's clock.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    begun: Instant,
}

impl Clock {
    /// Starts counting.
    pub fn start() -> Self {
        Self { begun: Instant::now() }
    }

    /// Returns the present.
    pub fn now(self) -> Now {
        Now { elapsed: self.begun.elapsed(), time: Timestamp::now() }
    }
}

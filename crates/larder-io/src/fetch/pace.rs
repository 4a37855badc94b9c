//! How slowly a body may arrive. A server that sends a byte each second never runs into a read time-out.

use std::io;
use std::time::Duration;

/// The lowest rate, in bytes per second on average over a window.
const LEAST: u64 = 1024;

/// Measures how long a body is waited for. The time in which larder works on it does not count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    window: Duration,
    deadline: Duration,
    waited: Duration,
    in_window: Duration,
    bytes: u64,
}

impl Pace {
    /// Requires the lowest rate in every window, and the end of the body within the deadline.
    pub(super) fn new(window: Duration, deadline: Duration) -> Self {
        Self { window, deadline, waited: Duration::ZERO, in_window: Duration::ZERO, bytes: 0 }
    }

    /// Returns how long the beginning of an answer, or a further part of it, is waited for.
    pub(super) fn patience(&self) -> Duration {
        self.window
    }

    /// Notes that bytes arrived after waiting for them. Fails if that is too slow.
    pub(super) fn arrived(&mut self, bytes: usize, after: Duration) -> io::Result<()> {
        self.waited += after;
        self.in_window += after;
        self.bytes += bytes as u64;
        if self.waited > self.deadline {
            return Err(io::Error::new(io::ErrorKind::TimedOut, "it takes too long in all"));
        }
        if self.in_window >= self.window {
            let least = u128::from(LEAST) * self.in_window.as_millis() / 1000;
            if u128::from(self.bytes) < least {
                return Err(io::Error::new(io::ErrorKind::TimedOut, "it arrives too slowly"));
            }
            (self.in_window, self.bytes) = (Duration::ZERO, 0);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn pace() -> Pace {
        Pace::new(30 * SECOND, 600 * SECOND)
    }

    #[test]
    fn a_byte_a_second_is_no_answer() {
        let mut slow = pace();
        let failed = (0..40).position(|_| slow.arrived(1, SECOND).is_err());
        assert_eq!(failed, Some(29));
    }

    #[test]
    fn a_slow_line_is_one_as_long_as_it_moves() {
        let mut slow = pace();
        assert!((0..500).all(|_| slow.arrived(2048, SECOND).is_ok()));
        let mut still = (0..600).map(|_| slow.arrived(2048, SECOND));
        assert_eq!(still.position(|step| step.is_err()), Some(100), "it has to end");
        // A pause within a window is made up for.
        let mut bursts = pace();
        assert!((0..10).all(|_| bursts.arrived(0, 29 * SECOND).is_ok() && bursts.arrived(1 << 20, SECOND).is_ok()));
    }
}

//! What has to be sent by one channel. One alert is under way at a time; what fails is tried again, less and less often, and a
//! channel that fails three times in a row is dead until it takes something.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// How long is waited after each failure in a row; after more of them, as long as after the last.
const PAUSES: [Duration; 6] = [
    Duration::from_secs(1),
    Duration::from_secs(5),
    Duration::from_secs(30),
    Duration::from_secs(2 * 60),
    Duration::from_secs(10 * 60),
    Duration::from_secs(30 * 60),
];

/// So many failures in a row make a channel dead.
const FAILURES_UNTIL_DEAD: u32 = 3;

/// The most alerts that wait for a channel; beyond them the oldest is given up.
const MOST_WAITING: usize = 100;

/// How a channel is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeliveryState {
    /// It was dead, or not, as before.
    Unchanged,
    /// It died with this failure.
    Died,
    /// It is alive again.
    Revived,
}

/// What has to be sent by one channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outbox {
    /// The alerts that wait, by their numbers.
    waiting: VecDeque<u64>,
    /// Its failures in a row.
    failures: u32,
    /// When the next attempt is made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_attempt: Option<Timestamp>,
    /// Why the last attempt failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Whether an attempt is under way.
    #[serde(skip)]
    is_sending: bool,
}

impl Outbox {
    /// Adds an alert.
    pub fn add(&mut self, id: u64) {
        self.waiting.push_back(id);
        if self.waiting.len() > MOST_WAITING {
            // That which is under way stays in front.
            self.waiting.remove(usize::from(self.is_sending));
        }
    }

    /// Returns the alert that is to be sent now, if one is, which is then under way.
    pub fn take_due(&mut self, now: Timestamp) -> Option<u64> {
        // What lies further ahead than the longest pause was noted before the clock was set back.
        let longest = now.saturating_add(PAUSES[PAUSES.len() - 1]).unwrap_or(Timestamp::MAX);
        let must_wait = self.next_attempt.is_some_and(|next| now < next && next <= longest);
        if self.is_sending || must_wait {
            return None;
        }
        let id = *self.waiting.front()?;
        self.is_sending = true;
        Some(id)
    }

    /// Notes how the attempt that was under way ended.
    pub fn on_end(&mut self, outcome: Result<(), String>, now: Timestamp) -> DeliveryState {
        self.is_sending = false;
        let was_dead = self.is_dead();
        match outcome {
            Ok(()) => {
                self.waiting.pop_front();
                (self.failures, self.next_attempt, self.error) = (0, None, None);
                if was_dead { DeliveryState::Revived } else { DeliveryState::Unchanged }
            }
            Err(error) => {
                let pause = PAUSES[(self.failures as usize).min(PAUSES.len() - 1)];
                self.failures = self.failures.saturating_add(1);
                self.next_attempt = Some(now.saturating_add(pause).unwrap_or(Timestamp::MAX));
                self.error = Some(error);
                if self.is_dead() && !was_dead { DeliveryState::Died } else { DeliveryState::Unchanged }
            }
        }
    }

    /// Forgets the alerts that are not kept any more.
    pub fn retain(&mut self, is_kept: impl Fn(u64) -> bool) {
        let first = self.waiting.front().copied().filter(|_| self.is_sending);
        self.waiting.retain(|id| Some(*id) == first || is_kept(*id));
    }

    /// Returns whether the channel failed too often.
    pub fn is_dead(&self) -> bool {
        self.failures >= FAILURES_UNTIL_DEAD
    }

    /// Returns whether an alert waits for being sent.
    pub fn is_waiting(&self, id: u64) -> bool {
        self.waiting.contains(&id)
    }

    /// Returns whether an attempt is under way.
    pub fn is_sending(&self) -> bool {
        self.is_sending
    }

    /// Returns when the next attempt is due, if something waits.
    pub fn next_due(&self) -> Option<Timestamp> {
        let is_idle = self.is_sending || self.waiting.is_empty();
        (!is_idle).then(|| self.next_attempt.unwrap_or(Timestamp::MIN))
    }

    /// Returns why the last attempt failed.
    pub fn error(&self) -> Option<&str> {
        self.error.as_deref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_failing_channel_is_tried_less_and_less_often_and_dies_at_the_third_failure() {
        let mut outbox = Outbox::default();
        outbox.add(7);
        let (mut attempts, mut died) = (Vec::new(), Vec::new());
        for second in 0..10_000 {
            if outbox.take_due(at(second)) == Some(7) {
                attempts.push(second);
                if outbox.on_end(Err("refused".to_owned()), at(second)) == DeliveryState::Died {
                    died.push(second);
                }
            }
        }
        assert_eq!(attempts[..7], [0, 1, 6, 36, 156, 756, 2556]);
        assert_eq!((died, attempts.len()), (vec![6], 11));
        assert_eq!(outbox.take_due(at(12_000)), Some(7));
        assert_eq!(outbox.on_end(Ok(()), at(12_000)), DeliveryState::Revived);
        assert_eq!((outbox.is_dead(), outbox.next_due(), outbox.error()), (false, None, None));
    }

    #[test]
    fn one_alert_is_under_way_at_a_time_and_they_keep_their_order() {
        let mut outbox = Outbox::default();
        outbox.add(1);
        outbox.add(2);
        assert_eq!((outbox.take_due(at(0)), outbox.take_due(at(0))), (Some(1), None));
        assert_eq!(outbox.on_end(Ok(()), at(0)), DeliveryState::Unchanged);
        assert_eq!(outbox.take_due(at(0)), Some(2));
    }

    #[test]
    fn what_waits_is_bounded_and_that_which_is_under_way_stays() {
        let mut outbox = Outbox::default();
        outbox.add(1);
        assert_eq!(outbox.take_due(at(0)), Some(1));
        for id in 2..=500 {
            outbox.add(id);
        }
        assert!(outbox.waiting.len() == 100 && outbox.is_waiting(1) && outbox.is_waiting(500) && !outbox.is_waiting(2));
        outbox.retain(|_| false);
        assert_eq!(outbox.waiting, [1]);
    }

    #[test]
    fn an_attempt_that_a_restart_interrupted_is_made_again() {
        let mut outbox = Outbox::default();
        outbox.add(3);
        assert_eq!(outbox.take_due(at(0)), Some(3));
        let text = serde_json::to_string(&outbox).unwrap();
        let mut again: Outbox = serde_json::from_str(&text).unwrap();
        assert_eq!(again.take_due(at(1)), Some(3));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_hold_up_a_channel() {
        let mut outbox = Outbox::default();
        outbox.add(3);
        outbox.take_due(at(1_000_000));
        outbox.on_end(Err("refused".to_owned()), at(1_000_000));
        assert_eq!(outbox.take_due(at(0)), Some(3));
    }
}

//! The latest alerts: a hundred, and none that is older than a week.

use std::collections::VecDeque;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::alert::Alert;

/// The most alerts that are kept.
pub const KEPT: usize = 100;

/// For so long they are kept.
pub const KEPT_FOR: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// The latest alerts, the oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct AlertHistory(VecDeque<Alert>);

impl AlertHistory {
    /// Adds an alert.
    pub fn add(&mut self, alert: Alert) {
        self.forget_old(alert.time);
        self.0.push_back(alert);
        while self.0.len() > KEPT {
            self.0.pop_front();
        }
    }

    /// Forgets what is too old.
    pub fn forget_old(&mut self, now: Timestamp) {
        let oldest = now.saturating_sub(KEPT_FOR).unwrap_or(Timestamp::MIN);
        self.0.retain(|alert| alert.time >= oldest);
    }

    /// Returns an alert.
    pub fn get(&self, id: u64) -> Option<&Alert> {
        self.0.iter().find(|alert| alert.id == id)
    }

    /// Returns them, the oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Alert> {
        self.0.iter()
    }

    /// Returns the number that the next alert has.
    pub fn next_id(&self) -> u64 {
        self.0.back().map_or(1, |alert| alert.id.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use larder::model::{AlertCategory, AlertLevel};

    use super::*;

    fn alert(id: u64, second: i64) -> Alert {
        Alert {
            id,
            time: Timestamp::from_second(second).unwrap(),
            level: AlertLevel::Error,
            category: AlertCategory::Service,
            component: "api".to_owned(),
            rule: "r".to_owned(),
            message: String::new(),
            project: "shop".to_owned(),
            environment: "production".to_owned(),
            resolved: false,
        }
    }

    #[test]
    fn a_hundred_alerts_of_a_week_are_kept() {
        let mut history = AlertHistory::default();
        for id in 1..=150 {
            history.add(alert(id, i64::try_from(id).unwrap()));
        }
        assert_eq!((history.iter().count(), history.iter().next().map(|alert| alert.id)), (100, Some(51)));
        history.add(alert(151, 140 + 7 * 24 * 3600));
        assert_eq!(history.iter().map(|alert| alert.id).collect::<Vec<_>>(), (140..=151).collect::<Vec<_>>());
        assert_eq!((history.next_id(), AlertHistory::default().next_id()), (152, 1));
    }
}

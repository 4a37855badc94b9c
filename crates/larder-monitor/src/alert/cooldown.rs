//! Cool-downs: what was told is not told again for a while.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::alert::Raised;

/// Until when alerts are not repeated.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Cooldowns(BTreeMap<String, Timestamp>);

impl Cooldowns {
    /// Returns whether an alert is told now, and if so begins its cool-down. Two alerts are the same if they are of one component,
    /// category and level.
    pub fn admit(&mut self, raised: &Raised, cooldown: Option<Duration>, now: Timestamp) -> bool {
        // What lies further ahead than the cool-down is long was noted before the clock was set back.
        let Some(cooldown) = cooldown else { return true };
        self.0.retain(|_, until| *until > now);
        let key = format!("{}:{}:{}", raised.component, raised.category, raised.level);
        let end = now.saturating_add(cooldown).unwrap_or(Timestamp::MAX);
        match self.0.get(&key) {
            Some(until) if *until <= end => false,
            _ => {
                self.0.insert(key, end);
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::rule::Rule;
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + seconds).unwrap()
    }

    #[test]
    fn the_same_alert_is_told_again_after_its_cool_down_and_another_at_once() {
        let mut cooldowns = Cooldowns::default();
        let rule = Rule::SERVICE_DOWN;
        let mut told = |component: &str, second: i64| {
            cooldowns.admit(&rule.found(component, "down".to_owned()), rule.cooldown, at(second))
        };
        assert!(told("api", 0) && !told("api", 1) && !told("api", 299) && told("db", 299));
        assert!(told("api", 300) && !told("api", 599));
    }

    #[test]
    fn without_a_cool_down_each_occurrence_is_told() {
        let mut cooldowns = Cooldowns::default();
        let raised = Rule::DEPLOYMENT_FAILED.found("production", "failed".to_owned());
        assert!(cooldowns.admit(&raised, None, at(0)) && cooldowns.admit(&raised, None, at(0)));
    }

    #[test]
    fn a_clock_that_is_set_back_does_not_silence_an_alert_for_longer_than_its_cool_down() {
        let mut cooldowns = Cooldowns::default();
        let raised = Rule::SERVICE_DOWN.found("api", "down".to_owned());
        assert!(cooldowns.admit(&raised, Rule::SERVICE_DOWN.cooldown, at(1_000_000)));
        assert!(cooldowns.admit(&raised, Rule::SERVICE_DOWN.cooldown, at(0)));
        assert!(!cooldowns.admit(&raised, Rule::SERVICE_DOWN.cooldown, at(299)));
    }

    #[test]
    fn what_has_passed_is_forgotten() {
        let mut cooldowns = Cooldowns::default();
        for second in 0..10_000 {
            let raised = Rule::SERVICE_DOWN.found(&format!("check-{second}"), String::new());
            cooldowns.admit(&raised, Rule::SERVICE_DOWN.cooldown, at(second));
        }
        assert_eq!(cooldowns.0.len(), 300);
    }
}

//! The channels, and which alerts each takes.

use std::fmt;

use larder::model::{AlertCategory, AlertLevel};
use serde::{Deserialize, Serialize};

use super::alert::Alert;
use super::rule::Rule;

/// A channel by which alerts leave. There is at most one of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ChannelKind {
    /// A webhook of Slack.
    Slack,
    /// A mail server.
    Email,
    /// The events of `PagerDuty`.
    PagerDuty,
    /// Any URL.
    Webhook,
}

impl ChannelKind {
    /// All channels.
    pub const ALL: [Self; 4] = [Self::Slack, Self::Email, Self::PagerDuty, Self::Webhook];

    /// Returns the word that manifests and reports use.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Slack => "slack",
            Self::Email => "email",
            Self::PagerDuty => "pagerduty",
            Self::Webhook => "webhook",
        }
    }

    /// Returns whether an alert leaves by this channel. That something is over leaves by the one that has incidents which end. That another channel is dead leaves by every other: the one that would
    /// have told it may be the dead one.
    pub fn takes(self, alert: &Alert) -> bool {
        use AlertCategory::{Dependency, Health, Security, Service};

        if alert.rule == Rule::CHANNEL_DEAD.name {
            return alert.component != self.component();
        }
        if alert.resolved {
            return self == Self::PagerDuty && alert.category != Dependency;
        }
        match self {
            Self::Slack => {
                alert.level >= AlertLevel::Warning && matches!(alert.category, Dependency | Service | Security | Health)
            }
            Self::Email => alert.level >= AlertLevel::Critical,
            Self::PagerDuty => alert.level >= AlertLevel::Critical && alert.category != Dependency,
            Self::Webhook => alert.level >= AlertLevel::Error,
        }
    }

    /// Returns what alerts about the channel itself concern.
    pub fn component(self) -> String {
        format!("channel {self}")
    }
}

impl fmt::Display for ChannelKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    fn alert(level: AlertLevel, category: AlertCategory) -> Alert {
        Alert {
            id: 1,
            time: Timestamp::UNIX_EPOCH,
            level,
            category,
            component: "api".to_owned(),
            rule: "r".to_owned(),
            message: String::new(),
            project: "shop".to_owned(),
            environment: "production".to_owned(),
            resolved: false,
        }
    }

    #[test]
    fn each_channel_takes_its_levels_and_categories() {
        let taken = |kind: ChannelKind| {
            let mut taken = Vec::new();
            for category in AlertCategory::ALL {
                let least = AlertLevel::ALL.into_iter().find(|level| kind.takes(&alert(*level, category)));
                taken.extend(least.map(|least| format!("{category}>={least}")));
            }
            taken.join(" ")
        };
        assert_eq!(taken(ChannelKind::Slack), "dependency>=warning service>=warning security>=warning health>=warning");
        assert_eq!(
            taken(ChannelKind::Email),
            "dependency>=critical service>=critical security>=critical performance>=critical health>=critical deployment>=critical"
        );
        assert_eq!(
            taken(ChannelKind::PagerDuty),
            "service>=critical security>=critical performance>=critical health>=critical deployment>=critical"
        );
        assert_eq!(
            taken(ChannelKind::Webhook),
            "dependency>=error service>=error security>=error performance>=error health>=error deployment>=error"
        );
    }

    #[test]
    fn a_dead_channel_is_told_by_all_others() {
        let mut dead = alert(AlertLevel::Error, AlertCategory::Health);
        (dead.rule, dead.component) = (Rule::CHANNEL_DEAD.name.to_owned(), ChannelKind::Slack.component());
        let takers: Vec<_> = ChannelKind::ALL.into_iter().filter(|kind| kind.takes(&dead)).collect();
        assert_eq!(takers, [ChannelKind::Email, ChannelKind::PagerDuty, ChannelKind::Webhook]);
    }
}

//! The rules that are there without being declared.

use std::time::Duration;

use larder::model::{AlertCategory, AlertLevel};

use super::alert::Raised;

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name.
    pub name: &'static str,
    /// How grave it is.
    pub level: AlertLevel,
    /// What it is about.
    pub category: AlertCategory,
    /// For so long it is not repeated about the same component; `None` if each occurrence is told.
    pub cooldown: Option<Duration>,
}

/// For so long an alert with the same component, category and level is not repeated, unless its rule says otherwise.
const USUAL_COOLDOWN: Duration = minutes(5);

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(minutes * 60)
}

impl Rule {
    /// A check failed three times in a row.
    pub const SERVICE_DOWN: Self = Self {
        name: "service-down",
        level: AlertLevel::Critical,
        category: AlertCategory::Service,
        cooldown: Some(USUAL_COOLDOWN),
    };
    /// The command of a restart failed.
    pub const RESTART_FAILED: Self = Self {
        name: "restart-failed",
        level: AlertLevel::Error,
        category: AlertCategory::Service,
        cooldown: Some(USUAL_COOLDOWN),
    };
    /// A service was restarted ten times, and is left alone.
    pub const RESTARTS_EXHAUSTED: Self = Self {
        name: "restarts-exhausted",
        level: AlertLevel::Critical,
        category: AlertCategory::Service,
        cooldown: None,
    };
    /// Something locked has a critical vulnerability.
    pub const VULNERABILITY: Self = Self {
        name: "critical-vulnerability",
        level: AlertLevel::Critical,
        category: AlertCategory::Security,
        cooldown: Some(minutes(60)),
    };
    /// The health score is below 70.
    pub const HEALTH_SCORE: Self = Self {
        name: "health-score",
        level: AlertLevel::Warning,
        category: AlertCategory::Health,
        cooldown: Some(minutes(6 * 60)),
    };
    /// The machine's memory is too full.
    pub const MEMORY: Self = Self {
        name: "memory",
        level: AlertLevel::Warning,
        category: AlertCategory::Performance,
        cooldown: Some(minutes(15)),
    };
    /// The project's disk is too full.
    pub const DISK: Self = Self {
        name: "disk",
        level: AlertLevel::Warning,
        category: AlertCategory::Performance,
        cooldown: Some(USUAL_COOLDOWN),
    };
    /// larder's cache is too large.
    pub const CACHE: Self = Self { name: "cache", ..Self::DISK };
    /// A change of the environment failed.
    pub const DEPLOYMENT_FAILED: Self = Self {
        name: "deployment-failed",
        level: AlertLevel::Error,
        category: AlertCategory::Deployment,
        cooldown: None,
    };
    /// A channel did not take alerts.
    pub const CHANNEL_DEAD: Self =
        Self { name: "channel-dead", level: AlertLevel::Error, category: AlertCategory::Health, cooldown: None };

    /// The health score below which it is an alert.
    pub const LEAST_SCORE: u8 = 70;
    /// The share of the machine's memory above which it is an alert, unless the manifest says otherwise.
    pub const MOST_MEMORY: u8 = 90;

    /// Returns what the rule found about a component.
    pub fn found(self, component: &str, message: String) -> Raised {
        Raised {
            rule: self.name.to_owned(),
            level: self.level,
            category: self.category,
            component: component.to_owned(),
            message,
            resolved: false,
        }
    }
}

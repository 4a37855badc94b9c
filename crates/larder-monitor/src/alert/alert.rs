//! An alert.

use jiff::Timestamp;
use larder::model::{AlertCategory, AlertLevel};
use serde::{Deserialize, Serialize};

/// Something that a rule found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raised {
    /// The rule's name.
    pub rule: String,
    /// How grave it is.
    pub level: AlertLevel,
    /// What it is about.
    pub category: AlertCategory,
    /// What it concerns: a check, or a part of the machine.
    pub component: String,
    /// What happened, in a sentence.
    pub message: String,
    /// Whether it tells that what was critical is over.
    pub resolved: bool,
}

/// An alert as it is told, and kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Its number; a later alert has a greater one.
    pub id: u64,
    /// When it was raised.
    pub time: Timestamp,
    /// How grave it is.
    pub level: AlertLevel,
    /// What it is about.
    pub category: AlertCategory,
    /// What it concerns.
    pub component: String,
    /// The rule that raised it.
    pub rule: String,
    /// What happened, in a sentence.
    pub message: String,
    /// The project.
    pub project: String,
    /// The environment.
    pub environment: String,
    /// Whether it tells that what was critical is over.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub resolved: bool,
}

impl Alert {
    /// Returns the alert in one line.
    pub fn line(&self) -> String {
        let Self { level, category, component, message, .. } = self;
        format!("{level} ({category}) {component}: {message}")
    }
}

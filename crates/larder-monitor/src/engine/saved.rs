//! What outlives the monitor.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use larder::model::AlertCategory;
use serde::{Deserialize, Serialize};

use super::Engine;
use crate::alert::{AlertHistory, ChannelKind, Cooldowns, Outbox};

/// What a monitor leaves to the next one.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Saved {
    /// The checks that failed, or were restarted, by name.
    pub checks: BTreeMap<String, SavedCheck>,
    /// Which alerts are not repeated yet.
    pub cooldowns: Cooldowns,
    /// What is critical and was told: the component and the category of each.
    #[serde(default)]
    pub open: BTreeSet<(String, AlertCategory)>,
    /// The latest alerts.
    pub history: AlertHistory,
    /// The number of the next alert.
    #[serde(default)]
    pub next_alert: u64,
    /// Until when the log of operations was read.
    #[serde(default)]
    pub operations_until: Option<Timestamp>,
    /// What each channel has to send.
    pub channels: BTreeMap<ChannelKind, Outbox>,
}

/// What is kept of a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SavedCheck {
    /// Its failures in a row.
    pub failures: u32,
    /// Its restarts since it was last healthy.
    pub restarts: u32,
    /// Whether it is left alone.
    pub has_given_up: bool,
}

impl Engine {
    /// Returns what outlives the monitor.
    pub(super) fn saved(&self) -> Saved {
        let checks = self.settings.checks.iter().zip(&self.checks).map(|(settings, check)| {
            let (failures, restarts) = (check.state.failures, check.restarts);
            let saved = SavedCheck { failures, restarts: restarts.count, has_given_up: restarts.has_given_up };
            (settings.name.clone(), saved)
        });
        Saved {
            checks: checks.filter(|(_, check)| *check != SavedCheck::default()).collect(),
            cooldowns: self.cooldowns.clone(),
            open: self.open.clone(),
            history: self.history.clone(),
            next_alert: self.next_alert,
            operations_until: Some(self.operations_until),
            channels: self.outboxes.clone(),
        }
    }
}

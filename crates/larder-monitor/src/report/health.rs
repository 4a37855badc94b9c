//! The documents of `/health` and `/status`: see `schema/monitor-health.json` and `schema/monitor-status.json`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::status::Status;

/// `/health`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HealthReport {
    /// The worst of all checks.
    pub status: Status,
    /// When it was asked.
    pub timestamp: Timestamp,
    /// The checks, by name.
    pub checks: BTreeMap<String, CheckReport>,
}

/// A check in `/health`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CheckReport {
    /// How it is.
    pub status: Status,
    /// How long the last answer took, in milliseconds.
    pub response_time: Option<f64>,
}

/// `/status`
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StatusReport {
    /// The machine.
    pub metrics: MachineReport,
    /// The services that are checked, in the order of the manifest.
    pub services: Vec<ServiceReport>,
    /// What is locked; `null` if nobody looked yet.
    pub packages: Option<PackagesReport>,
}

/// Shares of the machine that are in use, in percent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct MachineReport {
    /// Its memory.
    pub memory: Option<f64>,
    /// Its processors.
    pub cpu: Option<f64>,
    /// The disk of the project.
    pub disk: Option<f64>,
    /// The size of larder's cache, in MB.
    pub cache: Option<f64>,
}

/// A service in `/status`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceReport {
    /// The name of its check.
    pub name: String,
    /// How it is.
    pub status: Status,
    /// When it was last looked at.
    pub last_check: Option<Timestamp>,
    /// How long the last answer took, in milliseconds.
    pub response_time: Option<f64>,
    /// Its failures in a row.
    pub failures: u32,
    /// Its restarts since it was last healthy.
    pub restarts: u32,
    /// What was wrong when it was last looked at.
    pub error: Option<String>,
}

/// The packages in `/status`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PackagesReport {
    /// The locked packages.
    pub total: usize,
    /// The health score of the dependencies, up to 100.
    pub health_score: u8,
    /// Known vulnerabilities, by severity.
    pub critical: usize,
    /// The same.
    pub high: usize,
    /// The same.
    pub moderate: usize,
    /// The same.
    pub low: usize,
    /// When they were last looked at.
    pub last_check: Timestamp,
}

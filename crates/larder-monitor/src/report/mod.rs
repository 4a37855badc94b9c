//! What the monitor answers: its health, its status, its metrics. Documents, made from values.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `health` | `/health` and `/status` |
//! | `metrics` | `/metrics` for Prometheus, and as lines of JSON |

mod health;
mod metrics;

pub use health::{CheckReport, HealthReport, MachineReport, PackagesReport, ServiceReport, StatusReport};
pub use metrics::{Metric, json_lines, prometheus};

//! An event of `PagerDuty`'s API of events, version 2.

use serde_json::{Value, json};

use super::SOURCE;
use crate::alert::Alert;

/// The most bytes of a summary.
const LONGEST_SUMMARY: usize = 1024;

/// Returns the event. Alerts of one component and category are one incident, which ends when one of them says so.
pub fn pagerduty(alert: &Alert, key: &str) -> Value {
    let Alert { project, environment, component, message, .. } = alert;
    let incident = format!("{component}-{}", alert.category);
    if alert.resolved {
        return json!({ "routing_key": key, "event_action": "resolve", "dedup_key": incident });
    }
    json!({
        "routing_key": key,
        "event_action": "trigger",
        "dedup_key": incident,
        "client": SOURCE,
        "payload": {
            "summary": shortened(format!("{project} ({environment}): {component}: {message}")),
            "source": SOURCE,
            "severity": alert.level.as_str(),
            "timestamp": alert.time.to_string(),
            "component": component,
            "group": project,
            "class": alert.category.as_str(),
            "custom_details": { "environment": environment, "rule": alert.rule },
        },
    })
}

fn shortened(mut text: String) -> String {
    if text.len() > LONGEST_SUMMARY {
        let most = LONGEST_SUMMARY - '…'.len_utf8();
        let end = (0..=most).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
        text.truncate(end);
        text.push('…');
    }
    text
}

//! What each channel is sent: documents and texts, made from alerts.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `slack` | a message of Slack |
//! | `pagerduty` | an event of `PagerDuty`, version 2 |
//! | `webhook` | `{alert, timestamp, source}` |
//! | `email` | subject and text of a message |

mod email;
mod pagerduty;
mod slack;
mod webhook;

pub use email::{subject, text};
pub use pagerduty::pagerduty;
pub use slack::slack;
pub use webhook::webhook;

/// What the monitor calls itself.
const SOURCE: &str = "larder-monitor";

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use larder::model::{AlertCategory, AlertLevel};
    use serde_json::json;

    use crate::alert::Alert;

    fn alert() -> Alert {
        Alert {
            id: 7,
            time: Timestamp::from_second(1_800_000_000).unwrap(),
            level: AlertLevel::Critical,
            category: AlertCategory::Service,
            component: "api".to_owned(),
            rule: "service-down".to_owned(),
            message: "it failed 3 times in a row: <status 500> & more".to_owned(),
            project: "shop".to_owned(),
            environment: "production".to_owned(),
            resolved: false,
        }
    }

    #[test]
    fn slack_gets_a_text_and_an_attachment() {
        assert_eq!(
            super::slack(&alert()),
            json!({
                "text": ":rotating_light: *critical*: api in shop (production)",
                "attachments": [{
                    "color": "#a30200",
                    "fallback": "critical (service) api: it failed 3 times in a row: &lt;status 500&gt; &amp; more",
                    "text": "it failed 3 times in a row: &lt;status 500&gt; &amp; more",
                    "fields": [
                        { "title": "Level", "value": "critical", "short": true },
                        { "title": "Category", "value": "service", "short": true },
                        { "title": "Component", "value": "api", "short": true },
                        { "title": "Environment", "value": "production", "short": true },
                    ],
                    "footer": "larder-monitor",
                    "ts": 1_800_000_000,
                }],
            })
        );
    }

    #[test]
    fn pagerduty_gets_an_event_that_is_the_same_incident_for_component_and_category() {
        assert_eq!(
            super::pagerduty(&alert(), "K3Y"),
            json!({
                "routing_key": "K3Y",
                "event_action": "trigger",
                "dedup_key": "api-service",
                "client": "larder-monitor",
                "payload": {
                    "summary": "shop (production): api: it failed 3 times in a row: <status 500> & more",
                    "source": "larder-monitor",
                    "severity": "critical",
                    "timestamp": "2027-01-15T08:00:00Z",
                    "component": "api",
                    "group": "shop",
                    "class": "service",
                    "custom_details": { "environment": "production", "rule": "service-down" },
                },
            })
        );
        let over = Alert { resolved: true, ..alert() };
        assert_eq!(
            super::pagerduty(&over, "K3Y"),
            json!({ "routing_key": "K3Y", "event_action": "resolve", "dedup_key": "api-service" })
        );
        let long = Alert { message: "é".repeat(2000), ..alert() };
        let summary = super::pagerduty(&long, "k")["payload"]["summary"].as_str().unwrap().to_owned();
        assert!(summary.len() <= 1024 && summary.ends_with('…'), "{}", summary.len());
    }

    #[test]
    fn a_webhook_gets_the_alert_its_time_and_its_source() {
        assert_eq!(
            super::webhook(&alert()),
            json!({
                "alert": {
                    "id": 7,
                    "time": "2027-01-15T08:00:00Z",
                    "level": "critical",
                    "category": "service",
                    "component": "api",
                    "rule": "service-down",
                    "message": "it failed 3 times in a row: <status 500> & more",
                    "project": "shop",
                    "environment": "production",
                },
                "timestamp": "2027-01-15T08:00:00Z",
                "source": "larder-monitor",
            })
        );
    }

    #[test]
    fn a_message_has_one_line_of_subject_whatever_the_alert_says() {
        let odd = Alert { component: "a\r\nBcc: all@acme.example".to_owned(), ..alert() };
        assert_eq!(super::subject(&odd), "[critical] shop (production): a Bcc: all@acme.example");
        assert!(super::text(&alert()).contains("it failed 3 times in a row: <status 500> & more\n"));
    }
}

//! A message for a webhook of Slack.

use larder::model::AlertLevel;
use serde_json::{Value, json};

use super::SOURCE;
use crate::alert::Alert;

/// Returns the message.
pub fn slack(alert: &Alert) -> Value {
    let (sign, color) = match alert.level {
        AlertLevel::Info => (":information_source:", "#439fe0"),
        AlertLevel::Warning => (":warning:", "#daa038"),
        AlertLevel::Error => (":x:", "#d50200"),
        AlertLevel::Critical => (":rotating_light:", "#a30200"),
    };
    let (component, project) = (escaped(&alert.component), escaped(&alert.project));
    let field = |title: &str, value: String| json!({ "title": title, "value": value, "short": true });
    json!({
        "text": format!("{sign} *{}*: {component} in {project} ({})", alert.level, escaped(&alert.environment)),
        "attachments": [{
            "color": color,
            "fallback": escaped(&alert.line()),
            "text": escaped(&alert.message),
            "fields": [
                field("Level", alert.level.to_string()),
                field("Category", alert.category.to_string()),
                field("Component", component),
                field("Environment", escaped(&alert.environment)),
            ],
            "footer": SOURCE,
            "ts": alert.time.as_second(),
        }],
    })
}

/// Escapes the three characters that mean something in Slack's texts, so that nothing in a message becomes a mention or a link.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

//! `larder log`

use serde_json::Value;

use crate::cli::args::LogArgs;
use crate::ops::Context;
use crate::ops::operation_log::{self, LogOptions};

use super::{CommandResult, DONE, Output};

pub(in crate::cli) fn run(arguments: &LogArgs, context: &Context<'_>, output: &Output) -> CommandResult {
    let options = LogOptions { log: arguments.log.into(), since: arguments.since, newest: arguments.limit };
    let document = operation_log::read(context, options)?;
    output.json(&document);
    for entry in &document.entries {
        output.data_line(line(entry));
    }
    if document.entries.is_empty() {
        output.message("Nothing was logged");
    }
    if document.has_older {
        output.message(format!("There are older lines: --limit {} shows more", arguments.limit.saturating_mul(10)));
    }
    if document.damaged > 0 {
        output.message(format!("warning: {} lines are damaged", document.damaged));
    }
    DONE
}

/// Returns a line for people.
fn line(entry: &Value) -> String {
    let text = |name: &str| entry[name].as_str().unwrap_or_default();
    let Some(operation) = entry["operation"].as_str() else {
        return observed(entry).map_or_else(|| entry.to_string(), |what| format!("{}  {what}", text("time")));
    };
    if let Some(warning) = entry["warning"].as_str() {
        return format!("{}  {operation}: warning: {warning}", text("time"));
    }
    let subjects = entry["subjects"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let mut words: Vec<String> = std::iter::once(operation).chain(subjects).map(str::to_owned).collect();
    for (name, moved) in entry["generations"].as_object().into_iter().flatten() {
        words.push(format!("({name} {})", transition(moved)));
    }
    if let Some(active) = entry.get("active") {
        words.push(format!("(active {})", transition(active)));
    }
    let names = [("manifest", "larder.kdl"), ("lock", "larder.lock")];
    for (_, file) in names.iter().filter(|(name, _)| entry[name]["from"] != entry[name]["to"]) {
        words.push(format!("({file})"));
    }
    let failed = match (entry["exit"].as_u64(), entry["error"]["message"].as_str()) {
        (Some(exit), message) => format!(": failed with {exit}: {}", message.unwrap_or_default()),
        (None, _) => String::new(),
    };
    let who = entry["user"].as_str().map_or_else(|| entry["uid"].to_string(), str::to_owned);
    format!("{}  {who}@{}  {}{failed}", text("time"), text("host"), words.join(" "))
}

/// Returns what the monitor saw: what happened to a component, or what it measured. `None` if it is neither.
fn observed(entry: &Value) -> Option<String> {
    let event = entry["event"].as_str()?;
    if let (Some(component), Some(message)) = (entry["component"].as_str(), entry["message"].as_str()) {
        let level = entry["level"].as_str().filter(|level| *level != "info").map(|level| format!("{level}: "));
        return Some(format!("{}{event}: {component}: {message}", level.unwrap_or_default()));
    }
    let units = [("memory", "%"), ("cpu", "%"), ("disk", "%"), ("cache", "MB")];
    let measured = units.iter().filter_map(|(name, unit)| Some(format!("{name} {:.1} {unit}", entry[name].as_f64()?)));
    let measured: Vec<String> = measured.collect();
    (!measured.is_empty()).then(|| format!("{event}: {}", measured.join(", ")))
}

/// Returns `11 → 12`.
fn transition(moved: &Value) -> String {
    let shown = |value: &Value| match value {
        Value::Null => "none".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    format!("{} → {}", shown(&moved["from"]), shown(&moved["to"]))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_the_monitor_saw_is_told_in_words() {
        let time = "2026-11-26T09:30:00.000Z";
        let told = |mut entry: Value| {
            entry["time"] = time.into();
            line(&entry).strip_prefix(time).unwrap_or_default().trim_start().to_owned()
        };
        let alert = json!({ "level": "error", "event": "alert", "component": "api", "message": "it does not answer" });
        assert_eq!(told(alert), "error: alert: api: it does not answer");
        let state = json!({ "level": "info", "event": "state", "component": "api", "message": "healthy" });
        assert_eq!(told(state), "state: api: healthy");
        let metrics =
            json!({ "level": "debug", "event": "metrics", "memory": 41.26, "cpu": null, "disk": 60.0, "cache": 12.0 });
        assert_eq!(told(metrics), "metrics: memory 41.3 %, disk 60.0 %, cache 12.0 MB");
        // What nothing is known of is shown as it is.
        let other = json!({ "event": "odd" });
        assert_eq!(line(&other), other.to_string());
    }
}

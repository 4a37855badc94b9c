//! Metrics: the text format of Prometheus (version 0.0.4), and lines of JSON.

use std::fmt::Write;

use jiff::Timestamp;
use serde::Serialize;

/// A value with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// Its name, as Prometheus wants it.
    pub name: &'static str,
    /// What it is, in a sentence.
    pub help: &'static str,
    /// What tells it from others of its name.
    pub labels: Vec<(&'static str, String)>,
    /// The value.
    pub value: f64,
}

/// Returns the metrics as Prometheus reads them. Those of one name follow each other.
pub fn prometheus(metrics: &[Metric]) -> String {
    let mut text = String::new();
    let mut last = "";
    for metric in metrics {
        if metric.name != last {
            let kind = if metric.name.ends_with("_total") { "counter" } else { "gauge" };
            // Writing to a string cannot fail.
            let _ = writeln!(text, "# HELP {} {}\n# TYPE {} {kind}", metric.name, metric.help, metric.name);
            last = metric.name;
        }
        let labels: Vec<String> =
            metric.labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let _ = writeln!(text, "{}{labels} {}", metric.name, metric.value);
    }
    text
}

/// Returns the metrics as lines of JSON.
pub fn json_lines(metrics: &[Metric], now: Timestamp) -> String {
    let mut text = String::new();
    for metric in metrics {
        let labels = metric.labels.iter().map(|(name, value)| ((*name).to_owned(), value.clone().into()));
        let line = MetricLine { time: now, name: metric.name, labels: labels.collect(), value: metric.value };
        // Texts and finite numbers can always be serialized.
        text.push_str(&serde_json::to_string(&line).unwrap_or_default());
        text.push('\n');
    }
    text
}

#[derive(Serialize)]
struct MetricLine {
    time: Timestamp,
    name: &'static str,
    labels: serde_json::Map<String, serde_json::Value>,
    value: f64,
}

fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn metric(name: &'static str, label: Option<&str>, value: f64) -> Metric {
        let labels = label.map(|value| ("check", value.to_owned())).into_iter().collect();
        Metric { name, help: "What it is.", labels, value }
    }

    #[test]
    fn prometheus_reads_one_help_a_name_and_escaped_labels() {
        let metrics = [
            metric("larder_check_up", Some("api"), 1.0),
            metric("larder_check_up", Some("a\"b\\c\nd"), 0.0),
            metric("larder_alerts_total", None, 3.5),
        ];
        assert_eq!(
            prometheus(&metrics),
            "# HELP larder_check_up What it is.\n# TYPE larder_check_up gauge\nlarder_check_up{check=\"api\"} 1\n\
             larder_check_up{check=\"a\\\"b\\\\c\\nd\"} 0\n# HELP larder_alerts_total What it is.\n\
             # TYPE larder_alerts_total counter\nlarder_alerts_total 3.5\n"
        );
    }

    #[test]
    fn each_line_of_json_is_a_document() {
        let text = json_lines(&[metric("larder_check_up", Some("api"), 1.0)], Timestamp::from_second(0).unwrap());
        assert_eq!(
            text,
            "{\"time\":\"1970-01-01T00:00:00Z\",\"name\":\"larder_check_up\",\"labels\":{\"check\":\"api\"},\"value\":1.0}\n"
        );
    }
}

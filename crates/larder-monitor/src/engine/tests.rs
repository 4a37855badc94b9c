//! Whole stories, on a clock that is moved by hand.

use std::time::Duration;

use jiff::Timestamp;
use larder::manifest::{ManifestKind, parse};

use super::*;
use crate::report::HealthReport;

/// A monitor whose services are what a test says.
struct Story {
    engine: Engine,
    begun: Timestamp,
    elapsed: Duration,
    /// What was asked for, with when.
    restarts: Vec<u64>,
    notes: Vec<String>,
    sent: Vec<(u64, ChannelKind, String)>,
    /// Whether a check is fine at a second.
    is_fine: Box<dyn Fn(usize, u64) -> bool>,
    /// Whether a channel takes alerts at a second.
    takes: Box<dyn Fn(ChannelKind, u64) -> bool>,
    memory: f64,
}

const API: &str = "monitor { check \"api\" tcp=\"h:1\" every=\"1s\"; dependencies \"never\"; \
                   restart \"api\" command=\"r\" { environments \"production\"; } }";

impl Story {
    fn new(manifest: &str, environment: &str, channels: &[ChannelKind]) -> Self {
        let manifest = parse("larder.kdl", &format!("project \"shop\"\n{manifest}"), ManifestKind::Root).unwrap();
        let settings = Settings::new(&manifest, environment, None, channels.to_vec());
        let begun = Timestamp::from_second(1_800_000_000).unwrap();
        let now = Now { elapsed: Duration::ZERO, time: begun };
        Self {
            engine: Engine::new(settings, Saved::default(), now),
            begun,
            elapsed: Duration::ZERO,
            restarts: Vec::new(),
            notes: Vec::new(),
            sent: Vec::new(),
            is_fine: Box::new(|_, _| true),
            takes: Box::new(|_, _| true),
            memory: 50.0,
        }
    }

    fn now(&self) -> Now {
        Now { elapsed: self.elapsed, time: self.begun + self.elapsed }
    }

    /// Lets time pass, from one thing that is due to the next.
    fn run_for(&mut self, span: Duration) {
        let end = self.elapsed + span;
        while self.elapsed < end {
            let due = self.engine.due(self.now());
            self.perform(due);
            let idle = self.engine.idle_for(self.now());
            assert!(idle > Duration::ZERO, "it would turn without end");
            self.elapsed = end.min(self.elapsed + idle);
        }
    }

    fn perform(&mut self, actions: Vec<EngineAction>) {
        let second = self.elapsed.as_secs();
        for action in actions {
            let now = self.now();
            let further = match action {
                EngineAction::Probe(number) => {
                    let outcome = (self.is_fine)(number, second).then_some(()).ok_or_else(|| "refused".to_owned());
                    let observation = Observation { outcome, response_time: Duration::from_millis(2) };
                    self.engine.observe(number, observation, now)
                }
                EngineAction::Measure(_) => {
                    let measurement = Measurement { memory: Some(self.memory), ..Measurement::default() };
                    self.engine.measured(&measurement, now)
                }
                EngineAction::InspectDependencies | EngineAction::ReadOperations(_) => Vec::new(),
                EngineAction::Restart(number) => {
                    self.restarts.push(second);
                    self.engine.restarted(number, Ok(()), now)
                }
                EngineAction::Send(kind, alert) => {
                    let takes = (self.takes)(kind, second);
                    if takes {
                        self.sent.push((second, kind, format!("{} {}", alert.rule, alert.component)));
                    }
                    self.engine.sent(kind, takes.then_some(()).ok_or_else(|| "refused".to_owned()), now)
                }
                EngineAction::Note(note) => {
                    self.notes.push(format!("{second} {} {}: {}", note.event, note.component, note.message));
                    Vec::new()
                }
            };
            self.perform(further);
        }
    }

    fn health(&self) -> HealthReport {
        self.engine.health(self.now())
    }

    fn sent_at(&self, rule: &str) -> Vec<u64> {
        self.sent.iter().filter(|(.., told)| told.starts_with(rule)).map(|(second, ..)| *second).collect()
    }
}

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn two_failures_do_not_fire_and_three_do() {
    let mut story = Story::new(API, "development", &[ChannelKind::Slack]);
    story.is_fine = Box::new(|_, second| !matches!(second, 5 | 6 | 10..=12));
    story.run_for(10 * SECOND);
    assert_eq!((story.sent.len(), story.health().status), (0, Status::Healthy));
    story.run_for(3 * SECOND);
    assert_eq!(story.sent, [(12, ChannelKind::Slack, "service-down api".to_owned())]);
    assert!(story.restarts.is_empty(), "restarts are off in development");
}

#[test]
fn health_goes_down_in_steps_and_up_at_once() {
    use Status::{Degraded as D, Healthy as H, Unhealthy as U};

    let mut story = Story::new(API, "development", &[]);
    story.is_fine = Box::new(|_, second| !(2..=6).contains(&second));
    let mut seen = Vec::new();
    for _ in 0..9 {
        let due = story.engine.due(story.now());
        story.perform(due);
        seen.push(story.health().status);
        story.elapsed += SECOND;
    }
    assert_eq!(seen, [H, H, D, D, U, U, U, H, H]);
    let told: Vec<&str> = story.notes.iter().filter(|note| note.contains(" state ")).map(String::as_str).collect();
    assert_eq!(
        told,
        [
            "0 state api: it is healthy",
            "2 state api: it is degraded: refused",
            "4 state api: it is unhealthy: refused",
            "7 state api: it is healthy",
        ]
    );
}

#[test]
fn a_service_that_stays_down_is_told_each_five_minutes_and_restarted_ten_times() {
    let mut story = Story::new(API, "production", &[ChannelKind::PagerDuty]);
    story.is_fine = Box::new(|_, _| false);
    story.run_for(HOUR);
    assert_eq!(story.sent_at("service-down"), (0..12).map(|number| 2 + number * 300).collect::<Vec<_>>());
    assert_eq!(story.restarts, (0..10).map(|number| 2 + number * 4).collect::<Vec<_>>());
    assert_eq!(story.sent_at("restarts-exhausted"), [42]);
}

#[test]
fn an_incident_ends_when_the_service_is_healthy_again_and_only_one_that_was_told() {
    let mut story = Story::new(API, "development", &[ChannelKind::PagerDuty, ChannelKind::Webhook, ChannelKind::Slack]);
    // Two failures are no incident; what fails again within five minutes is none that was told.
    story.is_fine = Box::new(|_, second| !matches!(second, 2 | 3 | 10..=20 | 30..=40));
    story.run_for(60 * SECOND);
    let of = |kind: ChannelKind| -> Vec<u64> {
        story.sent.iter().filter(|(_, other, _)| *other == kind).map(|(second, ..)| *second).collect()
    };
    assert_eq!(of(ChannelKind::PagerDuty), [12, 21]);
    assert_eq!((of(ChannelKind::Webhook), of(ChannelKind::Slack)), (vec![12], vec![12]));
    // The next monitor knows what is still open.
    let mut story = Story::new(API, "development", &[ChannelKind::PagerDuty]);
    story.is_fine = Box::new(|_, _| false);
    story.run_for(5 * SECOND);
    let saved = story.engine.saved();
    assert_eq!(saved.open.len(), 1);
    let mut next = Story::new(API, "development", &[ChannelKind::PagerDuty]);
    next.engine = Engine::new(next.engine.settings().clone(), saved, next.now());
    next.run_for(3 * SECOND);
    assert_eq!(next.sent, [(0, ChannelKind::PagerDuty, "service-down api".to_owned())]);
    assert!(next.engine.saved().open.is_empty());
}

#[test]
fn own_rules_are_told_while_they_hold_and_settled_when_they_do_not() {
    let rules = "alerts {\n rule \"busy\" when=\"memory > 80 and not (db.status == 'healthy')\" level=\"critical\" cooldown=\"10m\"\n \
                 rule \"slow\" when=\"api.responseTime >= 2\" level=\"error\" category=\"performance\"\n \
                 rule \"never\" when=\"packages.high > 0 or not exists api.responseTime\"\n}";
    let manifest = format!(
        "monitor {{ check \"api\" tcp=\"h:1\" every=\"1s\"; check \"db\" tcp=\"h:2\" every=\"1m\"; dependencies \"never\"; memory 100; }}\n{rules}"
    );
    let mut story = Story::new(&manifest, "development", &[ChannelKind::PagerDuty, ChannelKind::Webhook]);
    story.memory = 85.0;
    story.is_fine = Box::new(|number, second| number == 0 || second >= 1700);
    story.run_for(HOUR);
    let alerts: Vec<&str> = story.notes.iter().filter(|note| note.contains(" alert ")).map(String::as_str).collect();
    let busy: Vec<&&str> = alerts.iter().filter(|note| note.contains(" alert busy")).collect();
    assert_eq!(
        busy,
        [
            &"0 alert busy: memory > 80 and not (db.status == 'healthy') holds: memory is 85, db.status is 'degraded'",
            &"600 alert busy: memory > 80 and not (db.status == 'healthy') holds: memory is 85, db.status is 'unhealthy'",
            &"1200 alert busy: memory > 80 and not (db.status == 'healthy') holds: memory is 85, db.status is 'unhealthy'",
            &"1740 alert busy: it is over",
        ]
    );
    assert_eq!(alerts.iter().filter(|note| note.contains(" alert slow")).count(), 12);
    assert!(!alerts.iter().any(|note| note.contains(" alert never")), "nobody looked at the packages");
    assert_eq!(story.sent_at("slow").len(), 12);
    let of_busy: Vec<_> = story.sent.iter().filter(|(.., told)| told.starts_with("busy")).collect();
    assert_eq!(of_busy.iter().filter(|(_, kind, _)| *kind == ChannelKind::PagerDuty).count(), 4);
    assert_eq!(of_busy.len(), 7, "the webhook is told of what holds, and not of what is over");
}

#[test]
fn rules_know_the_names_that_the_monitor_measures_and_no_built_in_rule_is_hidden() {
    let mut story = Story::new(API, "development", &[]);
    let last_check = story.begun;
    story.engine.packages =
        Some(PackagesReport { total: 1, health_score: 99, critical: 0, high: 0, moderate: 0, low: 0, last_check });
    story.run_for(SECOND);
    let measurement = Measurement { memory: Some(1.0), cpu: Some(1.0), disk: Some(1.0), cache: Some(1.0) };
    let now = story.now();
    story.engine.measured(&measurement, now);
    let measured: Vec<String> = story.engine.values().into_keys().collect();
    let manifest = parse("larder.kdl", &format!("project \"shop\"\n{API}"), ManifestKind::Root).unwrap();
    let mut names: Vec<String> =
        larder::manifest::alerts::AlertRule::metrics(&manifest.monitor).into_iter().map(|(name, _)| name).collect();
    names.sort();
    assert_eq!(measured, names);
    let own = [
        Rule::SERVICE_DOWN,
        Rule::RESTARTS_EXHAUSTED,
        Rule::RESTART_FAILED,
        Rule::VULNERABILITY,
        Rule::MEMORY,
        Rule::DISK,
        Rule::CACHE,
        Rule::HEALTH_SCORE,
        Rule::DEPLOYMENT_FAILED,
        Rule::CHANNEL_DEAD,
    ];
    assert_eq!(own.map(|rule| rule.name), larder::manifest::alerts::BUILT_IN_RULES);
}

#[test]
fn a_service_that_lives_for_ten_seconds_has_all_its_restarts_again() {
    let mut story = Story::new(API, "production", &[]);
    story.is_fine = Box::new(|_, second| second % 60 >= 20);
    story.run_for(HOUR);
    assert_eq!(story.restarts.len(), 60 * 5);
    assert!(!story.notes.iter().any(|note| note.contains("left alone")));
}

#[test]
fn memory_is_told_at_the_third_look_and_again_after_fifteen_minutes() {
    let mut story = Story::new("monitor { dependencies \"never\"; }", "production", &[ChannelKind::Webhook]);
    story.memory = 90.5;
    story.run_for(HOUR);
    let raised: Vec<&String> = story.notes.iter().filter(|note| note.contains(" alert memory")).collect();
    let expected: Vec<String> = (0..4)
        .map(|number| format!("{} alert memory: 90.5 % are in use, and at most 90 % should be", 20 + number * 900))
        .collect();
    assert_eq!(raised, expected.iter().collect::<Vec<_>>());
    assert_eq!((story.sent.len(), story.health().status), (0, Status::Degraded));
    story.memory = 90.0;
    story.run_for(10 * SECOND);
    assert_eq!(story.health().status, Status::Healthy);
}

#[test]
fn a_score_of_69_is_told_once_and_again_after_six_hours() {
    let mut story = Story::new("monitor { dependencies \"never\"; }", "development", &[ChannelKind::Slack]);
    let packages = |health_score, critical| PackagesReport {
        total: 3,
        health_score,
        critical,
        high: 0,
        moderate: 0,
        low: 0,
        last_check: Timestamp::UNIX_EPOCH,
    };
    for minute in 0..=370 {
        story.elapsed = Duration::from_secs(minute * 60);
        let score = if minute == 0 { 70 } else { 69 };
        let actions = story.engine.inspected(Ok(packages(score, 0)), story.now());
        story.perform(actions);
    }
    assert_eq!(story.sent_at("health-score"), [60, 60 + 6 * 3600]);
    for minute in 0..=70 {
        story.elapsed = Duration::from_secs(100_000 + minute * 60);
        let actions = story.engine.inspected(Ok(packages(100, 1)), story.now());
        story.perform(actions);
    }
    assert_eq!(story.sent_at("critical-vulnerability"), [100_000, 103_600]);
}

#[test]
fn each_deployment_that_failed_is_told_once() {
    let mut story = Story::new("monitor { dependencies \"never\"; }", "production", &[ChannelKind::Webhook]);
    let failed = |second: i64| FailedOperation {
        time: Timestamp::from_second(1_800_000_000 + second).unwrap(),
        operation: "sync".to_owned(),
        message: "no network".to_owned(),
    };
    // What failed before the monitor began is history.
    for seen in [vec![failed(-5), failed(5)], vec![failed(5), failed(6), failed(6)], vec![failed(6)], Vec::new()] {
        let actions = story.engine.read_operations(seen, story.now());
        story.perform(actions);
    }
    assert_eq!(story.sent_at("deployment-failed").len(), 3);
    assert!(story.notes[0].contains("`larder sync` failed: no network"), "{:?}", story.notes);
}

#[test]
fn a_dead_channel_holds_up_no_other_and_is_itself_told() {
    let mut story = Story::new(API, "development", &[ChannelKind::Slack, ChannelKind::PagerDuty]);
    story.is_fine = Box::new(|_, second| second < 10);
    story.takes = Box::new(|kind, second| kind == ChannelKind::PagerDuty || second >= 1000);
    story.run_for(20 * SECOND);
    let expected = [
        (12, ChannelKind::PagerDuty, "service-down api".to_owned()),
        (18, ChannelKind::PagerDuty, "channel-dead channel slack".to_owned()),
    ];
    assert_eq!(story.sent, expected);
    story.run_for(HOUR);
    let by_slack = story.sent.iter().find(|(_, kind, _)| *kind == ChannelKind::Slack).unwrap();
    assert_eq!(by_slack.2, "service-down api");
    assert!((1000..1000 + 1800).contains(&by_slack.0), "{by_slack:?}");
    assert_eq!(story.sent_at("channel-dead"), [18], "it is told once");
}

#[test]
fn what_one_monitor_leaves_the_next_goes_on_with() {
    let mut story = Story::new(API, "production", &[ChannelKind::Slack]);
    story.is_fine = Box::new(|_, _| false);
    story.takes = Box::new(|_, _| false);
    story.run_for(5 * SECOND);
    let saved = story.engine.take_changed().unwrap();
    assert!(story.engine.take_changed().is_none(), "nothing changed since");
    let text = serde_json::to_string(&saved).unwrap();
    let saved: Saved = serde_json::from_str(&text).unwrap();
    let mut next = Story::new(API, "production", &[ChannelKind::Slack]);
    next.begun = story.begun + 10 * SECOND;
    next.engine = Engine::new(story.engine.settings().clone(), saved, next.now());
    assert_eq!(next.health().checks["api"].status, Status::Unhealthy);
    next.is_fine = Box::new(|_, _| false);
    next.run_for(60 * SECOND);
    assert_eq!(
        next.sent,
        [
            (0, ChannelKind::Slack, "service-down api".to_owned()),
            (40, ChannelKind::Slack, "restarts-exhausted api".to_owned())
        ]
    );
    assert_eq!(next.restarts.len(), 9, "one was made before");
}

#[test]
fn a_day_passes_without_growth() {
    let manifest = "monitor { check \"api\" tcp=\"h:1\" every=\"1s\"; check \"db\" tcp=\"h:2\"; cache 1; disk 80; dependencies \"never\"; \
                    restart \"api\" command=\"r\" { environments \"production\"; } }";
    let mut story = Story::new(manifest, "production", &ChannelKind::ALL);
    story.is_fine = Box::new(|number, second| !(second / 30 + number as u64).is_multiple_of(3));
    story.takes = Box::new(|kind, second| {
        kind != ChannelKind::Email && !(kind == ChannelKind::Slack && second.is_multiple_of(7))
    });
    story.run_for(HOUR);
    let size = |story: &mut Story| {
        story.notes.clear();
        story.sent.clear();
        story.restarts.clear();
        serde_json::to_string(&story.engine.saved()).unwrap().len()
    };
    let mut sizes = vec![size(&mut story)];
    for _ in 1..24 {
        story.run_for(HOUR);
        sizes.push(size(&mut story));
    }
    assert!(sizes.iter().all(|size| *size < 60_000), "{sizes:?}");
    assert!(sizes[23] < sizes[8] * 2, "{sizes:?}");
    assert!(story.engine.metrics().len() < 40);
}

//! Rotation, damage, and looking for a time.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::fs;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn body(n: usize) -> BTreeMap<&'static str, usize> {
    [("n", n)].into()
}

fn logs(root: &Path) -> Logs {
    Logs::of_project(root, LogLevel::Debug)
}

/// Returns the names of the log's files.
fn files(root: &Path) -> Vec<String> {
    let found = fs::read_dir(&root.join(OF_PROJECT)).unwrap().into_iter().map(|entry| entry.path);
    found.filter_map(|path| path.to_str().map(str::to_owned)).filter(|name| name.contains(".jsonl")).collect()
}

/// Returns the numbers of the lines since a time.
fn numbers(logs: &Logs, since: Option<Timestamp>, newest: usize) -> Vec<u64> {
    let found = logs.read(LogName::Operations, &LogQuery { since, newest }).unwrap();
    let number = |line: &String| serde_json::from_str::<serde_json::Value>(line).unwrap()["n"].as_u64().unwrap();
    found.lines.iter().map(number).collect()
}

#[test]
fn lines_are_appended_and_a_threshold_holds_for_notes_alone() {
    let root = tempfile::tempdir().unwrap();
    let logs = Logs::of_project(root.path(), LogLevel::of_environment("production"));
    assert_eq!(logs.read(LogName::Operations, &LogQuery { since: None, newest: 9 }).unwrap(), LogRead::default());
    let now = at("2026-11-26T09:30:00.5Z");
    logs.note(LogName::Operations, LogLevel::Warning, now, &body(1)).unwrap();
    assert!(!logs.is_there());
    logs.record(LogName::Operations, LogLevel::Info, now, &body(2)).unwrap();
    logs.note(LogName::Operations, LogLevel::Error, now, &body(3)).unwrap();
    let text = fs::read_to_string(&root.path().join(".larder/logs/operations.jsonl")).unwrap();
    assert_eq!(
        text,
        "{\"time\":\"2026-11-26T09:30:00.500Z\",\"level\":\"info\",\"n\":2}\n\
         {\"time\":\"2026-11-26T09:30:00.500Z\",\"level\":\"error\",\"n\":3}\n"
    );
    assert!(matches!(logs.record(LogName::Operations, LogLevel::Info, now, &7), Err(LogError::NoObject(_))));
    let long = BTreeMap::from([("x", "x".repeat(70_000))]);
    assert!(matches!(logs.record(LogName::Operations, LogLevel::Info, now, &long), Err(LogError::TooLong { .. })));
    assert_eq!(numbers(&logs, None, 9), [2, 3]);
}

#[test]
fn each_day_has_a_file_old_ones_are_compressed_and_those_of_more_than_thirty_days_go() {
    let root = tempfile::tempdir().unwrap();
    let logs = logs(root.path());
    let start = at("2026-10-01T12:00:00Z");
    for day in 0..40 {
        for hour in 0..2 {
            let now = start + SignedDuration::from_hours(24 * day + hour);
            logs.record(LogName::Operations, LogLevel::Info, now, &body(usize::try_from(day * 2 + hour).unwrap()))
                .unwrap();
        }
    }
    let found = files(root.path());
    assert_eq!(found.len(), 32, "{found:?}");
    assert_eq!(found.iter().filter(|name| name.ends_with("Z.jsonl.gz")).count(), 30, "{found:?}");
    assert_eq!(found[0], "operations-20261009T120000000Z-20261009T130000000Z.jsonl.gz");
    assert_eq!(numbers(&logs, None, 1000), (16..80).collect::<Vec<_>>());
    let found = logs.read(LogName::Operations, &LogQuery { since: None, newest: 3 }).unwrap();
    assert_eq!((found.lines.len(), found.has_older), (3, true));
    assert_eq!(numbers(&logs, Some(at("2026-11-08T12:30:00Z")), 9), [77, 78, 79]);
    assert_eq!(numbers(&logs, Some(at("2026-10-20T13:00:00Z")), 1), [79]);
}

#[test]
fn a_full_file_is_followed_by_another_on_the_same_day() {
    let root = tempfile::tempdir().unwrap();
    let folder = logs(root.path()).create().unwrap();
    let now = at("2026-11-26T09:30:00Z");
    for n in 0..30 {
        let line = line::text(LogLevel::Info, now, &body(n)).unwrap();
        append::append_within(&folder, LogName::Operations, now, &line, 300).unwrap();
    }
    let found = files(root.path());
    assert!(found.len() > 5 && found.iter().any(|name| name.ends_with("-1.jsonl")), "{found:?}");
    for name in found {
        assert!(fs::stat(&folder.path().join(&name)).unwrap().unwrap().size <= 300, "{name}");
    }
}

#[test]
fn a_clock_that_jumps_loses_nothing_and_lines_are_found_all_the_same() {
    let root = tempfile::tempdir().unwrap();
    let logs = logs(root.path());
    let times = ["2026-11-20T10:00:00Z", "2026-11-21T10:00:00Z", "2036-01-01T00:00:00Z", "2026-11-21T11:00:00Z"];
    for (n, time) in times.iter().enumerate() {
        logs.record(LogName::Operations, LogLevel::Info, at(time), &body(n)).unwrap();
    }
    logs.record(LogName::Operations, LogLevel::Info, at("2026-11-21T10:30:00Z"), &body(4)).unwrap();
    let mut all = numbers(&logs, None, 9);
    all.sort_unstable();
    assert_eq!(all, [0, 1, 2, 3, 4]);
    let mut since = numbers(&logs, Some(at("2026-11-21T10:10:00Z")), 9);
    since.sort_unstable();
    assert_eq!(since, [2, 3, 4]);
}

#[test]
fn what_a_kill_cut_off_and_what_somebody_else_wrote_is_passed_over() {
    let root = tempfile::tempdir().unwrap();
    let logs = logs(root.path());
    let now = at("2026-11-26T09:30:00Z");
    logs.record(LogName::Operations, LogLevel::Info, now, &body(1)).unwrap();
    let path = root.path().join(".larder/logs/operations.jsonl");
    let mut text = fs::read(&path).unwrap();
    text.extend_from_slice(b"{\"time\":\"2026-11-26T09:30:00.000Z\",\"level\":\"in");
    fs::write_atomic(&path, &text, fs::Durability::Lazy).unwrap();
    logs.record(LogName::Operations, LogLevel::Info, now, &body(2)).unwrap();
    assert_eq!(numbers(&logs, None, 9), [1, 2]);

    fs::write_atomic(&path, b"\xff\xfe nothing of larder's", fs::Durability::Lazy).unwrap();
    logs.record(LogName::Operations, LogLevel::Info, now, &body(3)).unwrap();
    let found = logs.read(LogName::Operations, &LogQuery { since: Some(now), newest: 9 }).unwrap();
    assert_eq!((found.lines.len(), found.damaged), (1, 1));
}

#[test]
fn nothing_is_written_through_a_link_or_into_a_pipe() {
    let root = tempfile::tempdir().unwrap();
    let logs = logs(root.path());
    let now = at("2026-11-26T09:30:00Z");
    let (own, outside) = (root.path().join(".larder"), root.path().join("outside"));
    fs::create_dir_all(&own).unwrap();
    fs::create_dir_all(&outside).unwrap();
    fs::symlink(&outside, &own.join("logs")).unwrap();
    assert!(logs.record(LogName::Operations, LogLevel::Info, now, &body(1)).is_err());
    fs::remove_file(&own.join("logs")).unwrap();
    fs::create_dir_all(&own.join("logs")).unwrap();
    fs::symlink(&outside.join("file"), &own.join("logs/operations.jsonl")).unwrap();
    assert!(logs.record(LogName::Operations, LogLevel::Info, now, &body(1)).is_err());
    assert!(fs::read_dir(&outside).unwrap().is_empty());
}

#[test]
fn a_time_is_found_among_many_lines() {
    let root = tempfile::tempdir().unwrap();
    let logs = logs(root.path());
    let start = at("2026-11-26T00:00:00Z");
    let mut text = Vec::new();
    for n in 0..50_000 {
        let time = start + SignedDuration::from_millis(n * 100);
        text.extend(line::text(LogLevel::Info, time, &body(usize::try_from(n).unwrap())).unwrap());
    }
    logs.record(LogName::Operations, LogLevel::Info, start, &body(0)).unwrap();
    fs::write_atomic(&root.path().join(".larder/logs/operations.jsonl"), &text, fs::Durability::Lazy).unwrap();
    for n in [0, 1, 17, 24_999, 49_990, 49_999] {
        let since = start + SignedDuration::from_millis(n * 100);
        let found = numbers(&logs, Some(since), 100_000);
        let first = u64::try_from(n).unwrap();
        assert_eq!((found[0], found.len() as u64), (first, 50_000 - first), "{n}");
    }
    let since = start + SignedDuration::from_millis(50_000 * 100);
    assert!(numbers(&logs, Some(since), 9).is_empty());
}

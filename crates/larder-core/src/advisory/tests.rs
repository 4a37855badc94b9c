//! Advisories against what OSV's specification says of them.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::model::{AdvisorySeverity, Ecosystem, PackageId, PackageKey, PackageName, Version};

fn key(ecosystem: &str, name: &str, version: &str) -> PackageKey {
    let ecosystem: Ecosystem = ecosystem.parse().unwrap();
    let id = PackageId::new(ecosystem, PackageName::parse(ecosystem, name).unwrap());
    PackageKey { id, version: Version::parse(ecosystem, version).unwrap() }
}

fn advisory(record: &Value) -> Option<Advisory> {
    parse_osv(record.to_string().as_bytes()).unwrap()
}

/// Returns a record about `a` with these events and versions.
fn record(ecosystem: &str, id: &str, ranges: &Value, versions: &Value) -> Value {
    let package = json!({ "ecosystem": ecosystem, "name": "a" });
    json!({ "id": id, "modified": "2024-01-01T00:00:00Z", "summary": id,
        "affected": [{ "package": package, "ranges": ranges, "versions": versions }] })
}

#[track_caller]
fn check(ecosystem: &str, ranges: &Value, versions: &Value, affected: &[&str], others: &[&str]) {
    let advisory = advisory(&record(ecosystem, "X-1", ranges, versions)).expect("about this ecosystem");
    let advisories = [advisory];
    let is_affected =
        |version: &&&str| !vulnerabilities(&key(&ecosystem.to_lowercase(), "a", version), &advisories).is_empty();
    assert_eq!(affected.iter().filter(is_affected).collect::<Vec<_>>(), affected.iter().collect::<Vec<_>>());
    assert_eq!(others.iter().filter(is_affected).collect::<Vec<_>>(), [] as [&&str; 0]);
}

fn range(events: &Value) -> Value {
    json!([{ "type": "ECOSYSTEM", "events": events }])
}

#[test]
fn a_range_is_its_events_in_order() {
    let chain = range(
        &json!([{ "introduced": "1.0.0" }, { "fixed": "1.2.0" }, { "introduced": "2.0.0" }, { "fixed": "2.0.5" }]),
    );
    check(
        "npm",
        &chain,
        &json!([]),
        &["1.0.0", "1.1.9", "2.0.0", "2.0.4"],
        &["0.9.0", "1.2.0", "1.9.0", "2.0.5", "3.0.0"],
    );
    let shuffled = range(
        &json!([{ "fixed": "2.0.5" }, { "introduced": "2.0.0" }, { "fixed": "1.2.0" }, { "introduced": "1.0.0" }]),
    );
    check("npm", &shuffled, &json!([]), &["1.0.0", "1.1.9", "2.0.0", "2.0.4"], &["0.9.0", "1.2.0", "1.9.0", "2.0.5"]);
    let last = range(&json!([{ "introduced": "0" }, { "last_affected": "1.4.0" }]));
    check("PyPI", &last, &json!([]), &["0.0.1", "0.dev0", "1.4", "1.4.0+cpu"], &["1.4.0.post1", "1.4.1", "1!0.1"]);
    let open = range(&json!([{ "introduced": "0" }]));
    check("npm", &open, &json!([]), &["0.0.0", "0.0.0-alpha", "99.0.0"], &[]);
    let one = range(&json!([{ "last_affected": "1.0.0" }, { "introduced": "1.0.0" }]));
    check("npm", &one, &json!([]), &["1.0.0"], &["0.9.9", "1.0.1"]);
    let empty = range(&json!([{ "introduced": "1.0.0" }, { "fixed": "1.0.0" }]));
    check("npm", &empty, &json!([]), &[], &["0.9.9", "1.0.0", "1.0.1"]);
}

#[test]
fn the_last_affected_version_is_told_where_nothing_after_it_is_affected() {
    let last = |ranges: &[Value], version: &str| {
        let advisories: Vec<Advisory> =
            ranges.iter().map(|events| advisory(&record("npm", "X-1", &range(events), &json!([]))).unwrap()).collect();
        let found = vulnerabilities(&key("npm", "a", version), &advisories);
        found[0].last_affected.as_ref().map(ToString::to_string)
    };
    let until = json!([{ "introduced": "0" }, { "last_affected": "1.4.0" }]);
    assert_eq!(last(std::slice::from_ref(&until), "1.0.0").as_deref(), Some("1.4.0"));
    assert_eq!(last(std::slice::from_ref(&until), "1.4.0").as_deref(), Some("1.4.0"));
    assert_eq!(last(&[json!([{ "introduced": "0" }])], "1.0.0"), None);
    assert_eq!(last(&[until.clone(), json!([{ "introduced": "1.2.0" }])], "1.3.0"), None);
    let later = json!([{ "introduced": "1.2.0" }, { "last_affected": "1.5.0" }]);
    assert_eq!(last(&[until, later], "1.3.0").as_deref(), Some("1.5.0"));
}

#[test]
fn pre_releases_epochs_and_builds_have_their_places() {
    let npm = range(&json!([{ "introduced": "1.0.0-rc.1" }, { "fixed": "2.0.0" }]));
    check(
        "npm",
        &npm,
        &json!([]),
        &["1.0.0-rc.1", "1.0.0", "2.0.0-beta.1", "1.5.0+b"],
        &["1.0.0-alpha", "2.0.0", "2.0.0+b"],
    );
    let last = range(&json!([{ "introduced": "0" }, { "last_affected": "1.0.0" }]));
    check("npm", &last, &json!([]), &["1.0.0+build.5"], &["1.0.1-0"]);
    let epoch = range(&json!([{ "introduced": "1!1.0" }, { "fixed": "1!2.0rc1" }]));
    check("PyPI", &epoch, &json!([]), &["1!1.0", "1!1.9.post1", "1!2.0b3"], &["5.0", "1!2.0rc1", "1!2.0", "2!1.0"]);
    let short = range(&json!([{ "introduced": "1" }, { "fixed": "1.2" }]));
    check("npm", &short, &json!([]), &["1.0.0", "1.1.9"], &["0.9.0", "1.2.0"]);
    check("larder", &short, &json!([]), &["1.0.0", "1.1.9"], &["0.9.0", "1.2.0"]);
}

#[test]
fn listed_versions_and_several_ranges_add_up() {
    let two = json!([
        { "type": "SEMVER", "events": [{ "introduced": "1.0.0" }, { "fixed": "1.1.0" }] },
        { "type": "SEMVER", "events": [{ "introduced": "3.0.0" }, { "last_affected": "3.1.0" }] },
        { "type": "GIT", "repo": "https://x", "events": [{ "introduced": "0" }] },
    ]);
    check("npm", &two, &json!(["2.0.0"]), &["1.0.5", "2.0.0", "3.1.0"], &["1.1.0", "2.0.1", "3.1.1"]);
    check("PyPI", &json!([]), &json!(["1.0", "2.0rc1"]), &["1.0.0", "2.0rc1", "1.0+local"], &["2.0", "1.0.post1"]);
    let limited = range(&json!([{ "introduced": "1.0.0" }, { "limit": "1.5.0" }, { "limit": "1.3.0" }]));
    check("npm", &limited, &json!([]), &["1.0.0", "1.4.0"], &["1.5.0", "2.0.0"]);
    let star = range(&json!([{ "introduced": "1.0.0" }, { "limit": "*" }]));
    check("npm", &star, &json!([]), &["7.0.0"], &["0.1.0"]);
}

#[test]
fn what_cannot_be_read_makes_nothing_safe() {
    let events = json!([{ "introduced": "unspecified" }, { "fixed": "the next one" }, { "last_affected": "?" }]);
    check("npm", &range(&events), &json!([]), &["0.0.1", "5.0.0"], &[]);
    check("npm", &json!([]), &json!(["later", "1.0.0"]), &["1.0.0"], &["2.0.0"]);
}

#[test]
fn withdrawn_records_and_other_ecosystems_do_not_count() {
    let mut withdrawn = record("npm", "GHSA-1", &range(&json!([{ "introduced": "0" }])), &json!([]));
    withdrawn["withdrawn"] = "2024-05-01T00:00:00Z".into();
    assert_eq!(advisory(&withdrawn), None);
    assert_eq!(advisory(&record("Go", "GO-1", &range(&json!([{ "introduced": "0" }])), &json!([]))), None);
    let git = json!([{ "type": "GIT", "events": [{ "introduced": "0" }] }]);
    assert_eq!(advisory(&record("npm", "GHSA-2", &git, &json!([]))), None, "commits say nothing of versions");
    assert_eq!(advisory(&json!({ "id": "GHSA-3" })), None);
}

#[test]
fn names_are_normalised_as_their_ecosystem_does() {
    let about = |ecosystem: &str, name: &str| {
        advisory(
            &json!({ "id": "X-1", "affected": [{ "package": { "ecosystem": ecosystem, "name": name }, "versions": ["1.0.0"] }] }),
        )
    };
    let hits = |record: Option<Advisory>, ecosystem, name| {
        !vulnerabilities(&key(ecosystem, name, "1.0.0"), &[record.unwrap()]).is_empty()
    };
    assert!(hits(about("PyPI", "Foo.Bar_Baz"), "pypi", "foo-bar-baz"));
    assert!(hits(about("larder", "@acme/orders-client"), "larder", "@acme/orders.client"));
    assert!(hits(about("npm", "JSONStream"), "npm", "JSONStream"));
    assert!(!hits(about("npm", "a"), "npm", "b") && !hits(about("npm", "a"), "pypi", "a"));
    assert_eq!(about("npm", "../x"), None);
}

#[test]
fn twins_are_one_vulnerability_with_the_worst_severity_and_the_common_fix() {
    let mut github =
        record("PyPI", "GHSA-aaaa-bbbb-cccc", &range(&json!([{ "introduced": "0" }, { "fixed": "1.1" }])), &json!([]));
    github["aliases"] = json!(["CVE-2024-1"]);
    github["database_specific"] = json!({ "severity": "MODERATE" });
    let mut python =
        record("PyPI", "PYSEC-2024-1", &range(&json!([{ "introduced": "0" }, { "fixed": "1.2" }])), &json!([]));
    python["aliases"] = json!(["CVE-2024-1"]);
    python["severity"] = json!([{ "type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" }]);
    let other = record("PyPI", "PYSEC-2024-2", &range(&json!([{ "introduced": "0" }])), &json!([]));
    let advisories: Vec<_> = [&python, &other, &github].into_iter().map(|record| advisory(record).unwrap()).collect();
    let found = vulnerabilities(&key("pypi", "a", "1.0"), &advisories);
    let names: Vec<Vec<&str>> = found.iter().map(|one| one.names().collect()).collect();
    assert_eq!(names, [vec!["GHSA-aaaa-bbbb-cccc", "CVE-2024-1", "PYSEC-2024-1"], vec!["PYSEC-2024-2"]]);
    assert_eq!(found[0].severity, Some(AdvisorySeverity::Critical));
    assert_eq!(found[0].fixed.as_ref().map(ToString::to_string).as_deref(), Some("1.2"));
    assert_eq!((found[1].severity, found[1].severity(), &found[1].fixed), (None, AdvisorySeverity::Moderate, &None));
    assert!(found[0].is_named("cve-2024-1") && !found[0].is_named("CVE-2024-2"));
}

#[test]
fn malware_is_critical_whatever_else_is_said() {
    let mut record = record("npm", "MAL-2024-1", &range(&json!([{ "introduced": "0" }])), &json!([]));
    record["database_specific"] = json!({ "severity": "LOW" });
    let found = vulnerabilities(&key("npm", "a", "1.0.0"), &[advisory(&record).unwrap()]);
    assert_eq!(found[0].severity, Some(AdvisorySeverity::Critical));
}

#[test]
fn hostile_records_are_refused_within_bounds() {
    let refused = |record: &Value| parse_osv(record.to_string().as_bytes()).unwrap_err();
    assert_eq!(refused(&json!({ "id": "\u{1b}[31m" })), BadAdvisory::Id);
    assert_eq!(refused(&json!({ "id": "x".repeat(101) })), BadAdvisory::Id);
    assert!(matches!(refused(&json!({ "id": 5 })), BadAdvisory::Shape(_)));
    assert!(matches!(parse_osv("[".repeat(100_000).as_bytes()), Err(BadAdvisory::Shape(_))));
    let many = json!({ "id": "X-1", "aliases": vec!["a"; 2000] });
    assert_eq!(refused(&many), BadAdvisory::TooMany("aliases"));
    let versions = json!({ "id": "X-1", "affected": [{ "package": { "ecosystem": "npm", "name": "a" }, "versions": vec!["1"; 100_001] }] });
    assert_eq!(refused(&versions), BadAdvisory::TooMany("versions"));
    let mut long = record("npm", "X-1", &range(&json!([{ "introduced": "0" }])), &json!([]));
    long["summary"] = format!("\n# a\u{7}b {}", "ü".repeat(500)).into();
    let summary = advisory(&long).unwrap().summary;
    assert!(summary.starts_with("ab ü") && summary.ends_with('…') && summary.chars().count() == 200, "{summary}");
}

#[test]
fn no_mutation_of_a_record_panics() {
    let seed = record("PyPI", "PYSEC-1", &range(&json!([{ "introduced": "0" }, { "fixed": "1.1" }])), &json!(["1.0"]));
    let package = key("pypi", "a", "1.0");
    crate::model::mutation::of_bytes(&[seed.to_string().as_bytes()], |bytes| {
        if let Ok(Some(advisory)) = parse_osv(bytes) {
            vulnerabilities(&package, &[advisory]);
        }
    });
}

/// Versions of each ecosystem in ascending order, as their specifications order them.
const NPM: [&str; 12] = [
    "0.0.1-alpha",
    "0.0.1",
    "0.9.0",
    "1.0.0-alpha.1",
    "1.0.0-alpha.beta",
    "1.0.0-rc.1",
    "1.0.0",
    "1.2.3",
    "1.10.0",
    "2.0.0-0",
    "2.0.0",
    "10.0.0",
];
const PYPI: [&str; 14] = [
    "0.1.dev1",
    "0.1a1",
    "0.1",
    "0.1.post1",
    "1.0.dev2",
    "1.0a2",
    "1.0b1",
    "1.0rc1",
    "1.0",
    "1.0.post2",
    "1.9",
    "1.10",
    "2!0.1",
    "2!1.0",
];

/// An event of a synthetic record: what happens at a place of the ascending versions, or below all of them.
#[derive(Clone, Copy, Debug)]
enum Happens {
    Introduced(Option<usize>),
    Fixed(usize),
    LastAffected(usize),
}

fn events(count: usize) -> impl Strategy<Value = Vec<Happens>> {
    let event = prop_oneof![
        3 => proptest::option::weighted(0.8, 0..count).prop_map(Happens::Introduced),
        3 => (0..count).prop_map(Happens::Fixed),
        2 => (0..count).prop_map(Happens::LastAffected),
    ];
    proptest::collection::vec(event, 1..6)
}

/// What the specification says of each version, told without comparing any: each is walked past in turn.
fn walked(events: &[Happens], count: usize) -> Vec<bool> {
    let mut is_affected = events.iter().any(|event| matches!(event, Happens::Introduced(None)));
    let mut told = Vec::new();
    for place in 0..count {
        for event in events {
            match *event {
                Happens::Introduced(Some(at)) if at == place => is_affected = true,
                Happens::Fixed(at) if at == place => is_affected = false,
                _ => {}
            }
        }
        told.push(is_affected);
        if events.iter().any(|event| matches!(event, Happens::LastAffected(at) if *at == place)) {
            is_affected = false;
        }
    }
    told
}

fn written(events: &[Happens], versions: &[&str]) -> Value {
    let one = |event: &Happens| match *event {
        Happens::Introduced(None) => json!({ "introduced": "0" }),
        Happens::Introduced(Some(at)) => json!({ "introduced": versions[at] }),
        Happens::Fixed(at) => json!({ "fixed": versions[at] }),
        Happens::LastAffected(at) => json!({ "last_affected": versions[at] }),
    };
    events.iter().map(one).collect()
}

fn agrees(ecosystem: &str, versions: &[&str], ranges: &[Vec<Happens>], listed: &[usize]) {
    let ranges_written: Vec<Value> =
        ranges.iter().map(|events| json!({ "type": "ECOSYSTEM", "events": written(events, versions) })).collect();
    let listed_written: Vec<&str> = listed.iter().map(|&at| versions[at]).collect();
    let record = record(ecosystem, "X-1", &json!(ranges_written), &json!(listed_written));
    let advisories = [advisory(&record).unwrap()];
    let mut expected = vec![false; versions.len()];
    for told in ranges.iter().map(|events| walked(events, versions.len())) {
        expected.iter_mut().zip(told).for_each(|(all, one)| *all |= one);
    }
    for &at in listed {
        expected[at] = true;
    }
    for (version, expected) in versions.iter().zip(expected) {
        let found = vulnerabilities(&key(&ecosystem.to_lowercase(), "a", version), &advisories);
        assert_eq!(!found.is_empty(), expected, "{version} of {record:#}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn synthetic_npm_records_agree_with_a_walk_past_all_versions(
        ranges in proptest::collection::vec(events(NPM.len()), 1..4),
        listed in proptest::collection::vec(0..NPM.len(), 0..3),
    ) {
        agrees("npm", &NPM, &ranges, &listed);
    }

    #[test]
    fn synthetic_python_records_agree_with_a_walk_past_all_versions(
        ranges in proptest::collection::vec(events(PYPI.len()), 1..4),
        listed in proptest::collection::vec(0..PYPI.len(), 0..3),
    ) {
        agrees("PyPI", &PYPI, &ranges, &listed);
    }
}

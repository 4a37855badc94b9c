//! What an npm registry answers of the versions that it is asked about → [`Advisory`]s.
//!
//! ```text
//! POST /-/npm/v1/security/advisories/bulk
//! { NAME: [VERSION] } → { NAME: [{ id, url, title, severity, vulnerable_versions, cvss: { score, vectorString } }] }
//! ```
//!
//! Source: `npm audit`, which matches `vulnerable_versions` with pre-releases included.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use serde::Deserialize;
use serde_json::Value;

use super::affected::{AffectedPackage, FIRST, RangeEvent};
use super::osv::{Advisory, BadAdvisory, first_line, is_id};
use super::rating::{self, CvssEntry};
use crate::model::{AdvisorySeverity, Ecosystem, NpmRange};

/// The most advisories of an answer.
const MOST_ADVISORIES: usize = 100_000;
/// The most characters of a range.
const LONGEST_RANGE: usize = 10_000;

/// The versions of packages that a registry is asked about, by name.
pub type AskedVersions = BTreeMap<String, BTreeSet<String>>;

#[derive(Deserialize)]
struct BulkAdvisory {
    id: Value,
    #[serde(default)]
    url: Option<String>,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    severity: Option<String>,
    vulnerable_versions: String,
    #[serde(default)]
    cvss: Option<Cvss>,
}

#[derive(Deserialize)]
struct Cvss {
    #[serde(default, rename = "vectorString")]
    vector: Option<String>,
}

/// What an answer says.
#[derive(Debug, Default)]
pub struct BulkAnswer {
    /// The advisories about packages that were asked about.
    pub advisories: Vec<Advisory>,
    /// What is wrong with each of those that cannot be read.
    pub faults: Vec<BadAdvisory>,
}

/// Reads an answer about packages of an ecosystem. What it says of packages that were not asked about is left out.
///
/// # Errors
/// The answer is no object of lists.
pub fn parse_npm_bulk(ecosystem: Ecosystem, asked: &AskedVersions, bytes: &[u8]) -> Result<BulkAnswer, BadAdvisory> {
    let answer: BTreeMap<String, Vec<Value>> =
        serde_json::from_slice(bytes).map_err(|error| BadAdvisory::Shape(error.to_string()))?;
    if answer.values().map(Vec::len).sum::<usize>() > MOST_ADVISORIES {
        return Err(BadAdvisory::TooMany("advisories"));
    }
    let mut read = BulkAnswer::default();
    for (name, records) in answer.into_iter().filter(|(name, _)| asked.contains_key(name)) {
        for record in records {
            match parse_record(ecosystem, &name, record) {
                Ok(advisory) => read.advisories.push(advisory),
                Err(fault) => read.faults.push(fault),
            }
        }
    }
    Ok(read)
}

fn parse_record(ecosystem: Ecosystem, name: &str, record: Value) -> Result<Advisory, BadAdvisory> {
    let record: BulkAdvisory = serde_json::from_value(record).map_err(|error| BadAdvisory::Shape(error.to_string()))?;
    let id = record.name().ok_or(BadAdvisory::Id)?;
    let vector = record.cvss.and_then(|cvss| cvss.vector).map(|score| CvssEntry { score });
    let word = record.severity.as_deref().map(severity);
    let severity = word.unwrap_or_else(|| rating::rate(None, vector.as_slice()));
    let affected = AffectedPackage {
        ecosystem,
        name: name.to_owned(),
        severity: None,
        versions: Vec::new(),
        ranges: ranges(&record.vulnerable_versions)?,
    };
    let summary = record.title.as_deref().map(first_line).unwrap_or_default();
    Ok(Advisory { id, aliases: Vec::new(), summary, severity, affected: vec![affected] })
}

impl BulkAdvisory {
    /// Returns the name by which other databases know it too, if its page has one: `GHSA-35jh-r3h4-6jhm`.
    fn name(&self) -> Option<String> {
        let page = self.url.as_deref().and_then(|url| url.rsplit('/').next());
        let known = page.filter(|page| page.starts_with("GHSA-") && is_id(page)).map(str::to_owned);
        known.or_else(|| {
            let number = self.id.as_str().map(str::to_owned).or_else(|| Some(self.id.as_u64()?.to_string()))?;
            is_id(&number).then(|| format!("npm-{number}"))
        })
    }
}

/// Reads npm's word, which may be `info` too.
fn severity(word: &str) -> Option<AdvisorySeverity> {
    if word == "info" { Some(AdvisorySeverity::Low) } else { word.parse().ok() }
}

/// Returns a range as the events of its alternatives.
fn ranges(text: &str) -> Result<Vec<Vec<RangeEvent>>, BadAdvisory> {
    let bad = || BadAdvisory::Shape("`vulnerable_versions` is no range".to_owned());
    let range: NpmRange = text.parse().ok().filter(|_| text.len() <= LONGEST_RANGE).ok_or_else(bad)?;
    if range.tag().is_some() {
        return Err(bad());
    }
    Ok(range.alternatives().iter().map(|alternative| events(alternative.limits())).collect())
}

fn events((lowest, above): (Option<String>, Bound<String>)) -> Vec<RangeEvent> {
    let introduced = RangeEvent::Introduced(lowest.unwrap_or_else(|| FIRST.to_owned()));
    let end = match above {
        Bound::Unbounded => None,
        Bound::Included(version) => Some(RangeEvent::LastAffected(version)),
        Bound::Excluded(version) => Some(RangeEvent::Fixed(version)),
    };
    [introduced].into_iter().chain(end).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::advisory::vulnerabilities;
    use crate::model::{PackageId, PackageKey, PackageName, Version};

    fn npm() -> Ecosystem {
        "npm".parse().unwrap()
    }

    fn asked(names: &[&str]) -> AskedVersions {
        names.iter().map(|name| ((*name).to_owned(), BTreeSet::from(["1.0.0".to_owned()]))).collect()
    }

    /// Versions against ranges, as `semver.satisfies(version, range, { includePrerelease: true, loose: true })` answers.
    #[test]
    fn ranges_hold_as_for_npm_audit() {
        let table = [
            ("<1.2.3", "1.2.2 1.2.3-beta.1 0.0.0", "1.2.3 2.0.0"),
            ("<=1.2.3", "1.2.3 0.1.0", "1.2.4 1.2.4-0"),
            (">1.2.3", "1.2.4 1.2.4-0 2.0.0-rc.1", "1.2.3 1.2.3-rc.1"),
            (">1.2.3-rc.1", "1.2.3 1.2.3-rc.2 1.2.3-rc.1.0", "1.2.3-rc.1 1.2.2"),
            (">=1.0.0 <1.2.3 || >=2.0.0 <2.1.0", "1.0.0 1.2.2 2.0.5", "0.9.9 1.2.3 1.9.9 2.1.0"),
            (">=1.0.0-beta <=1.0.0", "1.0.0-beta 1.0.0-rc.1 1.0.0", "1.0.0-alpha 1.0.1"),
            ("*", "0.0.1 9.9.9 1.0.0-rc.1", ""),
            (">=0.0.0", "0.0.0 3.0.0", ""),
            ("1.2.3", "1.2.3", "1.2.2 1.2.4 1.2.3-rc.1"),
            ("=1.2.3 || =1.2.5", "1.2.3 1.2.5", "1.2.4"),
            ("^1.2.0", "1.2.0 1.9.9 1.3.0-rc.1", "2.0.0 1.1.9 2.0.0-rc.1"),
            ("~1.2", "1.2.9", "1.3.0 1.1.0"),
            (">=1.0.0 >=1.5.0 <3.0.0 <2.0.0", "1.5.0 1.9.0", "1.4.0 2.0.0 2.5.0"),
        ];
        for (range, inside, outside) in table {
            let body = json!({ "a": [{ "id": 1, "vulnerable_versions": range, "severity": "high", "title": "T" }] });
            let answer = parse_npm_bulk(npm(), &asked(&["a"]), body.to_string().as_bytes()).unwrap();
            let is_found = |version: &str| {
                let id = PackageId::new(npm(), PackageName::npm("a").unwrap());
                let key = PackageKey { id, version: Version::parse(npm(), version).unwrap() };
                !vulnerabilities(&key, &answer.advisories).is_empty()
            };
            for version in inside.split_whitespace() {
                assert!(is_found(version), "{version} is in {range}");
            }
            for version in outside.split_whitespace() {
                assert!(!is_found(version), "{version} is not in {range}");
            }
        }
    }

    #[test]
    fn names_severities_and_faults_are_read() {
        let body = json!({
            "a": [
                { "id": 7, "url": "https://github.com/advisories/GHSA-1-2-3", "vulnerable_versions": "<2",
                  "severity": "info", "title": "# One\u{1b}[2J" },
                { "id": 8, "vulnerable_versions": "<2", "cvss": { "score": 9.8,
                  "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H" } },
                { "id": "x y", "vulnerable_versions": "<2" },
                { "id": 9, "vulnerable_versions": "latest" },
                { "id": 9 },
                "no",
            ],
            "other": [{ "id": 1, "vulnerable_versions": "*" }],
        });
        let answer = parse_npm_bulk(npm(), &asked(&["a"]), body.to_string().as_bytes()).unwrap();
        let told: Vec<_> = answer
            .advisories
            .iter()
            .map(|advisory| (&*advisory.id, advisory.severity.map(AdvisorySeverity::as_str), &*advisory.summary))
            .collect();
        assert_eq!(told, [("GHSA-1-2-3", Some("low"), "One[2J"), ("npm-8", Some("critical"), "")]);
        assert_eq!(answer.faults.len(), 4);
        for bad in ["[]", "{\"a\": {}}", "", "{\"a\": [{]}"] {
            assert!(parse_npm_bulk(npm(), &asked(&["a"]), bad.as_bytes()).is_err(), "{bad}");
        }
    }
}

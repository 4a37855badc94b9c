//! A record of OSV → an [`Advisory`].
//!
//! ```text
//! { id, aliases: [id], summary, details, withdrawn, severity: [{ type, score }], database_specific: { severity },
//!   affected: [{ package: { ecosystem, name }, severity, versions: [text], database_specific, ecosystem_specific,
//!                ranges: [{ type, events: [{ introduced | fixed | last_affected | limit }] }] }] }
//! ```

use serde::Deserialize;
use serde_json::Value;

use super::affected::{AffectedPackage, RangeEvent};
use super::rating::{self, CvssEntry};
use crate::model::{AdvisorySeverity, Ecosystem, PackageId, PackageName};

/// An advisory about packages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advisory {
    /// Its name, like `GHSA-35jh-r3h4-6jhm`.
    pub id: String,
    /// Its names in other databases.
    pub aliases: Vec<String>,
    /// What is wrong, in a line. May be empty.
    pub summary: String,
    /// How bad it is. `None` if it does not say so.
    pub severity: Option<AdvisorySeverity>,
    /// The packages that it is about.
    pub affected: Vec<AffectedPackage>,
}

/// Why a record cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAdvisory {
    /// The record is not JSON, or not of OSV's shape.
    #[error("it is no record of OSV: {0}")]
    Shape(String),
    /// The record's name is not like one.
    #[error("its id is not one")]
    Id,
    /// The record has more of something than any advisory needs.
    #[error("it has too many {0}")]
    TooMany(&'static str),
}

/// The prefix of the names of malware, whose every version is meant to harm.
pub(super) const MALWARE: &str = "MAL-";

/// The most characters of a name.
const LONGEST_ID: usize = 100;
/// The most characters of a summary that are kept.
const LONGEST_SUMMARY: usize = 200;
/// The most characters of a version.
const LONGEST_VERSION: usize = 200;
/// The most aliases of a record. The largest real ones have some dozens.
const MOST_ALIASES: usize = 1_000;
/// The most packages of a record. Campaigns of malware name some hundreds.
const MOST_PACKAGES: usize = 10_000;
/// The most versions and events of a record in all.
const MOST_VERSIONS: usize = 100_000;

#[derive(Deserialize)]
struct OsvRecord {
    id: String,
    #[serde(default)]
    aliases: Option<Vec<String>>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    details: Option<String>,
    #[serde(default)]
    withdrawn: Option<String>,
    #[serde(default)]
    severity: Option<Vec<CvssEntry>>,
    #[serde(default)]
    affected: Option<Vec<Affected>>,
    #[serde(default)]
    database_specific: Option<Value>,
}

#[derive(Deserialize)]
struct Affected {
    #[serde(default)]
    package: Option<OsvPackage>,
    #[serde(default)]
    severity: Option<Vec<CvssEntry>>,
    #[serde(default)]
    ranges: Option<Vec<Range>>,
    #[serde(default)]
    versions: Option<Vec<String>>,
    #[serde(default)]
    database_specific: Option<Value>,
    #[serde(default)]
    ecosystem_specific: Option<Value>,
}

#[derive(Deserialize)]
struct OsvPackage {
    ecosystem: String,
    name: String,
}

#[derive(Deserialize)]
struct Range {
    r#type: String,
    #[serde(default)]
    events: Vec<OsvEvent>,
}

#[derive(Deserialize)]
struct OsvEvent {
    #[serde(default)]
    introduced: Option<String>,
    #[serde(default)]
    fixed: Option<String>,
    #[serde(default)]
    last_affected: Option<String>,
    #[serde(default)]
    limit: Option<String>,
}

/// Reads a record. Returns `None` if it was withdrawn, or is about packages of other ecosystems only.
pub fn parse_osv(bytes: &[u8]) -> Result<Option<Advisory>, BadAdvisory> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let record: OsvRecord = serde_json::from_slice(bytes).map_err(|error| BadAdvisory::Shape(error.to_string()))?;
    let (aliases, affected) = (record.aliases.unwrap_or_default(), record.affected.unwrap_or_default());
    if !is_id(&record.id) {
        return Err(BadAdvisory::Id);
    }
    if record.withdrawn.is_some() {
        return Ok(None);
    }
    if aliases.len() > MOST_ALIASES {
        return Err(BadAdvisory::TooMany("aliases"));
    }
    if affected.len() > MOST_PACKAGES {
        return Err(BadAdvisory::TooMany("packages"));
    }
    if affected.iter().map(Affected::count).sum::<usize>() > MOST_VERSIONS {
        return Err(BadAdvisory::TooMany("versions"));
    }
    let affected: Vec<AffectedPackage> = affected.into_iter().filter_map(Affected::read).collect();
    let severity = if record.id.starts_with(MALWARE) {
        Some(AdvisorySeverity::Critical)
    } else {
        rating::rate(record.database_specific.as_ref(), record.severity.as_deref().unwrap_or_default())
    };
    let summary = record.summary.filter(|summary| !summary.trim().is_empty()).or(record.details);
    let advisory = Advisory {
        aliases: aliases.into_iter().filter(|alias| is_id(alias) && *alias != record.id).collect(),
        id: record.id,
        summary: summary.map(|text| first_line(&text)).unwrap_or_default(),
        severity,
        affected,
    };
    Ok((!advisory.affected.is_empty()).then_some(advisory))
}

impl Affected {
    fn count(&self) -> usize {
        let events = self.ranges.iter().flatten().map(|range| range.events.len());
        self.versions.as_ref().map_or(0, Vec::len) + events.sum::<usize>()
    }

    /// Returns `None` for a package of another ecosystem, or whose versions are only told as commits.
    fn read(self) -> Option<AffectedPackage> {
        let OsvPackage { ecosystem, name } = self.package?;
        let ecosystem = ecosystem_of(&ecosystem)?;
        let name = normal_name(ecosystem, &name)?;
        let vectors = self.severity.unwrap_or_default();
        let severity = rating::rate(self.database_specific.as_ref(), &vectors)
            .or_else(|| rating::rate(self.ecosystem_specific.as_ref(), &[]));
        let ranges = self.ranges.unwrap_or_default().into_iter();
        let ranges: Vec<Vec<RangeEvent>> = ranges
            .filter(|range| matches!(range.r#type.as_str(), "SEMVER" | "ECOSYSTEM"))
            .map(|range| range.events.into_iter().flat_map(OsvEvent::read).collect())
            .collect();
        let mut versions = self.versions.unwrap_or_default();
        versions.retain(|version| version.len() <= LONGEST_VERSION);
        let is_about_none = versions.is_empty() && ranges.iter().all(Vec::is_empty);
        (!is_about_none).then_some(AffectedPackage { ecosystem, name, severity, versions, ranges })
    }
}

impl OsvEvent {
    /// An event should have one of the four.
    fn read(self) -> impl Iterator<Item = RangeEvent> {
        let events = [
            self.introduced.map(RangeEvent::Introduced),
            self.fixed.map(RangeEvent::Fixed),
            self.last_affected.map(RangeEvent::LastAffected),
            self.limit.map(RangeEvent::Limit),
        ];
        events.into_iter().flatten()
    }
}

/// Returns the ecosystem of a name like `npm`, `PyPI`, or `PyPI:https://mirror.example`. `larder` is the one of private packages.
fn ecosystem_of(text: &str) -> Option<Ecosystem> {
    let name = text.split(':').next()?;
    Ecosystem::ALL.into_iter().find(|known| known.has_registries() && known.as_str().eq_ignore_ascii_case(name))
}

/// Returns a package's name in the form in which two spellings of it are equal. Returns `None` if no package can have it.
pub(super) fn normal_name(ecosystem: Ecosystem, name: &str) -> Option<String> {
    let name = PackageName::parse(ecosystem, name).ok()?;
    Some(PackageId::new(ecosystem, name).normal_name().into_owned())
}

/// Returns whether a text can be the name of an advisory: manifests, terminals and reports repeat it.
pub(super) fn is_id(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.:/".contains(c);
    !text.is_empty() && text.len() <= LONGEST_ID && text.chars().all(is_plain)
}

/// Returns the first line of a text that is not empty, shortened, without control characters and Markdown's marks of headings.
pub(super) fn first_line(text: &str) -> String {
    let line = text.lines().map(|line| line.trim().trim_start_matches('#').trim()).find(|line| !line.is_empty());
    let printable = line.unwrap_or_default().chars().filter(|c| !c.is_control());
    let mut line: String = printable.take(LONGEST_SUMMARY + 1).collect();
    if line.chars().count() > LONGEST_SUMMARY {
        line = line.chars().take(LONGEST_SUMMARY - 1).chain(['…']).collect();
    }
    line
}

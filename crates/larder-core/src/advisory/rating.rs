//! How bad an advisory says that something is.

use cvss::Cvss;
use serde::Deserialize;
use serde_json::Value;

use crate::model::AdvisorySeverity;

/// An element of OSV's `severity`.
#[derive(Debug, Deserialize)]
pub(super) struct CvssEntry {
    /// A vector of CVSS 2, 3.0, 3.1 or 4.0.
    pub(super) score: String,
}

/// The longest vector: CVSS 4.0 with all its metrics has some 200 characters.
const LONGEST_VECTOR: usize = 512;

/// Returns the severity of a record: the word that it states, otherwise that of the highest score. Returns `None` if it has
/// neither.
pub(super) fn rate(word: Option<&Value>, vectors: &[CvssEntry]) -> Option<AdvisorySeverity> {
    word_in(word).or_else(|| vectors.iter().filter_map(|entry| of_vector(&entry.score)).max())
}

/// Returns the `severity` of an object that a database adds to its records.
fn word_in(specific: Option<&Value>) -> Option<AdvisorySeverity> {
    specific?.get("severity")?.as_str()?.parse().ok()
}

/// Returns the severity of a CVSS vector. The score 0 is low: somebody thought it worth an advisory.
fn of_vector(text: &str) -> Option<AdvisorySeverity> {
    let vector = text.parse::<Cvss>().ok().filter(|_| text.len() <= LONGEST_VECTOR)?;
    Some(match vector.severity() {
        cvss::Severity::None | cvss::Severity::Low => AdvisorySeverity::Low,
        cvss::Severity::Medium => AdvisorySeverity::Moderate,
        cvss::Severity::High => AdvisorySeverity::High,
        cvss::Severity::Critical => AdvisorySeverity::Critical,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors with the scores that FIRST's calculators give.
    #[test]
    fn vectors_have_the_severity_of_their_score() {
        let expected = [
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H", "critical"), // 9.8
            ("CVSS:3.1/AV:N/AC:H/PR:N/UI:N/S:U/C:H/I:H/A:H", "high"),     // 8.1
            ("CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H", "high"),     // 7.5
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:C/C:L/I:L/A:N", "moderate"), // 6.1
            ("CVSS:3.1/AV:L/AC:H/PR:L/UI:R/S:U/C:L/I:N/A:N", "low"),      // 2.2
            ("CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:N", "low"),      // 0
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N", "critical"), // 9.3
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:N/VI:N/VA:H/SC:N/SI:N/SA:N", "high"), // 8.7
            ("CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:A/VC:N/VI:N/VA:N/SC:L/SI:L/SA:N", "moderate"), // 5.1
            ("CVSS:4.0/AV:L/AC:L/AT:P/PR:L/UI:A/VC:N/VI:N/VA:L/SC:N/SI:N/SA:N", "low"),
            ("AV:N/AC:L/Au:N/C:P/I:P/A:P", "high"), // 7.5
        ];
        for (vector, severity) in expected {
            assert_eq!(of_vector(vector).map(AdvisorySeverity::as_str), Some(severity), "{vector}");
        }
        for bad in ["", "7.5", "CVSS:9.9/AV:N", "CVSS:3.1/AV:X", "CVSS:3.1/", &"A".repeat(1000)] {
            assert_eq!(of_vector(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_word_goes_before_a_vector() {
        let vectors = [CvssEntry { score: "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H".to_owned() }];
        let word = serde_json::json!({ "severity": "MODERATE" });
        assert_eq!(rate(Some(&word), &vectors), Some(AdvisorySeverity::Moderate));
        assert_eq!(rate(Some(&serde_json::json!({ "severity": 7 })), &vectors), Some(AdvisorySeverity::Critical));
        assert_eq!(rate(None, &[]), None);
    }
}

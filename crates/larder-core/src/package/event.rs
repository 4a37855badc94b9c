//! An event: one line of an index file, and one leaf of a registry's log.
//!
//! ```text
//! {"v":1,"type":"publish","body":{…},"registry":{"artifact":"orders-client-2.1.0.tar.gz","sha256":"…","size":1234,…}}
//! {"v":1,"type":"yank","body":{"name":"orders-client","version":"2.1.0"},"registry":{"time":"…"}}
//! {"v":1,"type":"status","body":{"name":"orders-client","status":"deprecated","replaced-by":"orders-client-2"},…}
//! ```
//!
//! `body` is what the publisher says. Its bytes are kept exactly, because a publisher's signature is over them. `registry` is what
//! the registry adds.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::model::{Algorithm, Digest};

/// The most bytes of an event's line: an entry of the log states its length in 16 bits.
pub const MAX_EVENT: usize = 65_535;

/// The version of the format that this larder reads and writes.
const FORMAT: u32 = 1;

/// An event of one package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PackageEvent {
    /// The kind, with what the line says for it.
    pub kind: EventKind,
    /// The name of the package, as `body` states it.
    pub name: String,
    /// The bytes of `body`.
    pub body: String,
}

/// The kind of an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventKind {
    /// A version was published. `body` describes the package.
    Publish {
        /// The version, as `body` states it.
        version: semver::Version,
        /// What the registry says about the archive.
        deposit: Deposit,
    },
    /// A version must not be chosen anew.
    Yank(YankRequest),
    /// A version may be chosen again.
    Unyank(YankRequest),
    /// The package, or one version, has another status from now on.
    Status(StatusChange),
    /// A line of a later format. `version` cannot be selected.
    Later {
        /// The version that the line is about, if it says so in the place where this format does.
        version: Option<semver::Version>,
    },
}

/// What a registry says about a published archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deposit {
    /// The file, below `artifacts/NAME/`.
    pub artifact: String,
    /// The SHA-256 digest of the file, in hexadecimal.
    pub sha256: String,
    /// The size of the file in bytes.
    pub size: u64,
    /// The time, as RFC 3339 has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// Who published it, as the registry knows the publisher.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub publisher: Option<String>,
    /// The place of the event in the registry's log, counted from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index: Option<u64>,
    /// The signatures over the bytes of `body`: texts of minisign.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<String>,
}

impl Deposit {
    /// Returns the digest of the file.
    pub fn digest(&self) -> Option<Digest> {
        Digest::from_hex(Algorithm::Sha256, &self.sha256).ok()
    }
}

/// The body of `yank` and `unyank`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct YankRequest {
    /// The package.
    pub name: String,
    /// The version.
    pub version: semver::Version,
    /// The reason, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// The body of `status`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusChange {
    /// The package.
    pub name: String,
    /// The version. Absent: every version that was published before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<semver::Version>,
    /// `active`, `beta` or `deprecated`.
    pub status: String,
    /// The package to use instead.
    #[serde(default, rename = "replaced-by", skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<String>,
    /// The reason, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A line that is no event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EventFault {
    /// The line has too many bytes for the log.
    #[error("it has {0} bytes, and an event may have {MAX_EVENT}")]
    TooLong(usize),
    /// The line is not the JSON of an event.
    #[error("it is no event: {0}")]
    Malformed(String),
    /// The line demands to be understood, and is not.
    #[error("it is a critical event of type `{0}`, which this larder does not know: update larder")]
    Critical(String),
}

#[derive(Deserialize)]
struct EventLine<'a> {
    v: u32,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    critical: bool,
    #[serde(borrow)]
    body: &'a RawValue,
    #[serde(borrow, default)]
    registry: Option<&'a RawValue>,
}

/// What every body says.
#[derive(Deserialize)]
struct EventSubject {
    name: String,
    #[serde(default)]
    version: Option<semver::Version>,
}

#[derive(Serialize)]
struct LineOut<'a, R> {
    v: u32,
    #[serde(rename = "type")]
    kind: &'a str,
    body: &'a RawValue,
    registry: R,
}

/// What the registry adds to an event without an archive.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
struct Receipt<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<&'a str>,
}

impl PackageEvent {
    /// Parses a line, without its line feed.
    pub fn parse(line: &str) -> Result<Self, EventFault> {
        if line.len() > MAX_EVENT {
            return Err(EventFault::TooLong(line.len()));
        }
        let read: EventLine<'_> = serde_json::from_str(line).map_err(malformed)?;
        let body = read.body.get();
        let subject: EventSubject = serde_json::from_str(body).map_err(malformed)?;
        let kind = match (read.v, read.kind.as_str()) {
            (FORMAT, "publish") => {
                let registry = read.registry.ok_or_else(|| EventFault::Malformed("it lacks `registry`".to_owned()))?;
                let deposit: Deposit = serde_json::from_str(registry.get()).map_err(malformed)?;
                if deposit.digest().is_none() {
                    return Err(EventFault::Malformed("its `sha256` is no SHA-256 digest".to_owned()));
                }
                let version = subject.version.ok_or_else(|| EventFault::Malformed("it lacks `version`".to_owned()))?;
                EventKind::Publish { version, deposit }
            }
            (FORMAT, "yank") => EventKind::Yank(serde_json::from_str(body).map_err(malformed)?),
            (FORMAT, "unyank") => EventKind::Unyank(serde_json::from_str(body).map_err(malformed)?),
            (FORMAT, "status") => EventKind::Status(serde_json::from_str(body).map_err(malformed)?),
            (_, kind) if read.critical => return Err(EventFault::Critical(kind.escape_debug().to_string())),
            // Of an unknown type nothing follows; of an unknown format, that this version cannot be read.
            (FORMAT, _) => EventKind::Later { version: None },
            _ => EventKind::Later { version: subject.version },
        };
        Ok(Self { kind, name: subject.name, body: body.to_owned() })
    }

    /// Returns the line of a published version, without its line feed. `body` is JSON.
    pub fn publish_line(body: &str, deposit: &Deposit) -> Result<String, EventFault> {
        line("publish", body, deposit)
    }

    /// Returns the line of another event than a publication. `body` is JSON.
    pub fn line_of(kind: &str, body: &str, time: Option<&str>) -> Result<String, EventFault> {
        line(kind, body, Receipt { time })
    }
}

fn line(kind: &str, body: &str, registry: impl Serialize) -> Result<String, EventFault> {
    let body: &RawValue = serde_json::from_str(body).map_err(malformed)?;
    let line = serde_json::to_string(&LineOut { v: FORMAT, kind, body, registry }).map_err(malformed)?;
    // Bytes of a body that would end the line cannot be kept.
    if line.contains('\n') {
        return Err(EventFault::Malformed("its body has several lines".to_owned()));
    }
    if line.len() > MAX_EVENT { Err(EventFault::TooLong(line.len())) } else { Ok(line) }
}

#[allow(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn malformed(error: serde_json::Error) -> EventFault {
    EventFault::Malformed(error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deposit() -> Deposit {
        Deposit {
            artifact: "a-1.0.0.tar.gz".to_owned(),
            sha256: "ab".repeat(32),
            size: 7,
            time: Some("2026-11-01T00:00:00Z".to_owned()),
            publisher: None,
            index: None,
            signatures: vec!["untrusted comment: x\nRW…\n".to_owned()],
        }
    }

    #[test]
    fn a_publication_keeps_the_bytes_of_its_body() {
        let body = r#"{"name": "a","version":"1.0.0", "description":"\u00e9"}"#;
        let line = PackageEvent::publish_line(body, &deposit()).unwrap();
        let event = PackageEvent::parse(&line).unwrap();
        assert_eq!((event.name.as_str(), event.body.as_str()), ("a", body));
        assert_eq!(event.kind, EventKind::Publish { version: "1.0.0".parse().unwrap(), deposit: deposit() });
    }

    #[test]
    fn what_is_unknown_is_passed_over_unless_it_is_critical() {
        let later = |line: &str| PackageEvent::parse(line).map(|event| event.kind);
        let version = Some("1.0.0".parse().unwrap());
        assert_eq!(
            later(r#"{"v":2,"type":"publish","body":{"name":"a","version":"1.0.0"},"registry":7}"#),
            Ok(EventKind::Later { version })
        );
        assert_eq!(
            later(r#"{"v":1,"type":"x","body":{"name":"a","version":"1.0.0"}}"#),
            Ok(EventKind::Later { version: None })
        );
        assert_eq!(
            later(r#"{"v":1,"type":"x","critical":true,"body":{"name":"a"}}"#),
            Err(EventFault::Critical("x".to_owned()))
        );
    }

    #[test]
    fn a_line_is_bounded_and_whole() {
        let body = format!(r#"{{"name":"a","version":"1.0.0","description":"{}"}}"#, "x".repeat(MAX_EVENT));
        assert!(matches!(PackageEvent::publish_line(&body, &deposit()), Err(EventFault::TooLong(_))));
        assert!(matches!(PackageEvent::parse(&"x".repeat(MAX_EVENT + 1)), Err(EventFault::TooLong(_))));
        assert!(matches!(PackageEvent::line_of("yank", "{\n}", None), Err(EventFault::Malformed(_))));
        for line in [
            "",
            "[]",
            "{}",
            r#"{"v":1,"type":"publish","body":{"name":"a","version":"1.0.0"}}"#,
            r#"{"v":1,"type":"publish","body":{"name":"a","version":"../1"},"registry":{}}"#,
            r#"{"v":1,"v":1,"type":"yank","body":{"name":"a","version":"1.0.0"}}"#,
        ] {
            assert!(matches!(PackageEvent::parse(line), Err(EventFault::Malformed(_))), "{line}");
        }
    }
}

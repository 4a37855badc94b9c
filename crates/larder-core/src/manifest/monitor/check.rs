//! `check` lines.

use std::time::Duration;

use super::super::node::{BlockRule, Errors, ManifestNode, NodeParts, NodeShape};
use super::super::{ManifestError, Spanned};
use super::{LONGEST_INTERVAL, SHORTEST_INTERVAL, read_span};
use crate::model::{Label, Url};

/// `check "api" http="http://127.0.0.1:3000/health" every="30s" timeout="2s"`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MonitorCheck {
    /// Its name.
    pub name: Spanned<Label>,
    /// What is looked at.
    pub probe: Probe,
    /// `every`: the time between two looks; `None` for the environment's.
    pub every: Option<Duration>,
    /// `timeout`: how long an answer is waited for; `None` for the environment's.
    pub timeout: Option<Duration>,
}

/// What a check looks at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Probe {
    /// `http`: a URL that answers with a status from 200 to 399.
    Http(Url),
    /// `tcp`: a host and a port that take connections.
    Tcp {
        /// A name, or an address; an IPv6 address without brackets.
        host: Box<str>,
        /// The port.
        port: u16,
    },
    /// `process`: a process whose number is in a file.
    Process {
        /// The file, absolute or relative to the manifest.
        file: Box<str>,
        /// `memory`: the most memory that the process may take, in MB.
        memory: Option<u64>,
    },
}

/// The bounds of `timeout`.
const SHORTEST_TIMEOUT: Duration = Duration::from_secs(1);
const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);

/// The most checks of a manifest.
const MOST_CHECKS: usize = 200;

/// What the monitor itself reports on.
const RESERVED: [&str; 7] = ["cache", "channel", "cpu", "dependencies", "disk", "memory", "monitor"];

const KINDS: [&str; 3] = ["http", "tcp", "process"];

pub(super) fn read_check(node: ManifestNode<'_>, errors: &mut Errors) -> Option<MonitorCheck> {
    const SHAPE: NodeShape = NodeShape {
        arguments: (1, 1),
        properties: &["http", "tcp", "process", "every", "timeout", "memory"],
        block: BlockRule::Never,
        example: "check \"api\" http=\"http://127.0.0.1:3000/health\" every=\"30s\"",
    };
    let parts = node.read_parts(&SHAPE, errors);
    let name = parts.argument(0).and_then(|value| value.label(errors));
    let every = parts.property("every");
    let every = every.and_then(|value| read_span(value, (SHORTEST_INTERVAL, LONGEST_INTERVAL), errors));
    let timeout = parts.property("timeout");
    let timeout = timeout.and_then(|value| read_span(value, (SHORTEST_TIMEOUT, LONGEST_TIMEOUT), errors));
    let probe = read_probe(node, &parts, errors);
    Some(MonitorCheck { name: name?, probe: probe?, every, timeout })
}

fn read_probe(node: ManifestNode<'_>, parts: &NodeParts<'_>, errors: &mut Errors) -> Option<Probe> {
    let kinds: Vec<&str> = KINDS.into_iter().filter(|kind| parts.property(kind).is_some()).collect();
    let [kind] = kinds[..] else {
        let help = Some("a check has one of `http=`, `tcp=` and `process=`".to_owned());
        errors.push(match kinds.get(1).and_then(|second| parts.property_span(second)) {
            Some(span) => ManifestError::Unexpected { node: "check".to_owned(), what: "second kind", help, span },
            None => node.missing_error("what is checked", help),
        });
        return None;
    };
    let memory = parts.property("memory").filter(|_| kind != "process").and_then(|_| parts.property_span("memory"));
    if let Some(span) = memory {
        let help = Some("only a check with `process=` knows which memory is meant".to_owned());
        errors.push(ManifestError::Unexpected { node: "check".to_owned(), what: "property `memory`", help, span });
    }
    let text = parts.property(kind)?.string(errors)?;
    let probe = match kind {
        "http" => parse_url(text.value).map(Probe::Http),
        "tcp" => parse_host_and_port(text.value),
        _ => {
            let memory = parts.property("memory").and_then(|value| value.number((1, 1 << 30), errors));
            let memory = memory.and_then(|number| u64::try_from(number).ok());
            let is_path = !text.value.is_empty() && !text.value.contains('\0');
            let reason = "it is the path of a file that has the number of a process";
            is_path.then(|| Probe::Process { file: text.value.into(), memory }).ok_or(Refusal::Reason(reason))
        }
    };
    match probe {
        Ok(probe) => Some(probe),
        Err(Refusal::Secret) => {
            errors.push(ManifestError::ClearTextSecret {
                what: "a password",
                example: "http=\"http://127.0.0.1:3000/health\"",
                span: text.span,
            });
            None
        }
        Err(Refusal::Reason(reason)) => {
            errors.push(ManifestError::BadValue {
                value: text.value.to_owned(),
                what: "something that can be checked",
                reason: reason.to_owned(),
                help: Some("write it like `http=\"http://127.0.0.1:3000/health\"`, `tcp=\"127.0.0.1:5432\"` or `process=\"worker.pid\"`".to_owned()),
                span: text.span,
            });
            None
        }
    }
}

/// Why a text is nothing that can be checked.
enum Refusal {
    /// It has a secret, which is not repeated.
    Secret,
    Reason(&'static str),
}

fn parse_url(text: &str) -> Result<Url, Refusal> {
    let url: Url = text.parse().map_err(|_| Refusal::Reason("it is not a URL"))?;
    if url.has_credentials() {
        return Err(Refusal::Secret);
    }
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refusal::Reason("only http and https are spoken"));
    }
    Ok(url)
}

fn parse_host_and_port(text: &str) -> Result<Probe, Refusal> {
    let (host, port) = text.rsplit_once(':').ok_or(Refusal::Reason("the port is missing"))?;
    let port = port.parse().ok().filter(|port| *port != 0).ok_or(Refusal::Reason("a port lies between 1 and 65535"))?;
    let is_bracketed = host.starts_with('[') && host.ends_with(']');
    let host = if is_bracketed { &host[1..host.len() - 1] } else { host };
    let is_host = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    if is_bracketed && host.parse::<std::net::Ipv6Addr>().is_err()
        || !is_bracketed && !host.chars().all(is_host)
        || host.is_empty()
    {
        return Err(Refusal::Reason("a host is a name or an address; an IPv6 address stands in brackets"));
    }
    Ok(Probe::Tcp { host: host.into(), port })
}

/// Reports checks of one name, or of a name that the monitor uses itself, and too many of them.
pub(super) fn report_names(checks: &[MonitorCheck], errors: &mut Errors) {
    for (at, check) in checks.iter().enumerate() {
        if RESERVED.contains(&check.name.value.as_str()) {
            let reason = format!("`{}` is a name that the monitor uses itself", check.name.value);
            let help = Some("give the check another name".to_owned());
            errors.push(ManifestError::BadName { reason, help, span: check.name.span });
        }
        if let Some(first) = checks[..at].iter().find(|other| other.name.value == check.name.value) {
            errors.push(ManifestError::Repeated {
                what: format!("check `{}`", check.name.value),
                help: Some("give each check a name of its own".to_owned()),
                span: check.name.span,
                first: first.name.span,
            });
        }
    }
    if let Some(check) = checks.get(MOST_CHECKS) {
        errors.push(ManifestError::TooLong { limit: MOST_CHECKS, unit: "checks", span: check.name.span });
    }
}

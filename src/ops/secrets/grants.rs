//! Which variables of this user may be sent to which hosts.
//!
//! A checkout may come from anybody. So a variable is sent to a host only if its name says that it is for larder, or if this
//! user agreed to the pair once.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use crate::diagnostic::{Exit, Failure};
use crate::fs;
use crate::model::Url;

use crate::ops::{Context, Result};

/// Variables of this beginning exist to be sent: to registries, to who is told of alerts.
pub(in crate::ops) const FREE: &str = "LARDER_TOKEN_";

/// The variable that agrees to pairs where there is no user to ask: `NAME@host`, separated by commas or spaces.
const AGREED: &str = "LARDER_ALLOW_TOKEN_ENV";

/// Variables that are named after the host they are for.
const NAMED_AFTER_HOST: [(&str, &str); 2] =
    [("NPM_TOKEN", "registry.npmjs.org"), ("PAGERDUTY_KEY", "events.pagerduty.com")];

/// No list of agreements is longer, in bytes.
const LONGEST: u64 = 64 << 10;

/// A variable with a host that it may be sent to: `ACME_TOKEN@npm.acme.example`, with a port or for all of them.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::ops) struct Grant {
    variable: String,
    host: String,
}

impl Grant {
    pub(in crate::ops) fn new(variable: &str, url: &Url) -> Self {
        // 443 goes without saying.
        Self::to_host(variable, url.host(), url.port().filter(|port| *port != 443))
    }

    /// Makes the pair for a host, with its port unless that goes without saying.
    pub(in crate::ops) fn to_host(variable: &str, host: &str, port: Option<u16>) -> Self {
        let host = match port {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        Self { variable: variable.to_owned(), host: host.to_ascii_lowercase() }
    }

    /// Returns the variable's name.
    pub(in crate::ops) fn variable(&self) -> &str {
        &self.variable
    }

    /// Returns the host that the variable would go to.
    pub(in crate::ops) fn host(&self) -> &str {
        &self.host
    }

    /// Returns what a user does to agree.
    pub(in crate::ops) fn how_to_agree(&self) -> String {
        format!(
            "if you want it sent there, say so once: `larder login --allow {self}`, or in CI {AGREED}={self}. A variable whose \
             name begins with {FREE} is free to use"
        )
    }

    /// Returns whether the variable may be sent to the host without consent.
    fn is_free(&self) -> bool {
        self.variable.starts_with(FREE) || NAMED_AFTER_HOST.contains(&(&*self.variable, &*self.host))
    }

    /// Tells whether this agreement holds for a pair.
    fn covers(&self, pair: &Self) -> bool {
        let is_host =
            pair.host == self.host || pair.host.strip_prefix(&self.host).is_some_and(|rest| rest.starts_with(':'));
        self.variable == pair.variable && is_host
    }
}

impl fmt::Display for Grant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.variable, self.host)
    }
}

impl FromStr for Grant {
    type Err = BadGrant;

    fn from_str(text: &str) -> std::result::Result<Self, BadGrant> {
        let bad = || BadGrant(text.to_owned());
        let (variable, host) = text.split_once('@').ok_or_else(bad)?;
        let is_name = variable.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && variable.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || "-._:[]".contains(c));
        if !is_name || !is_host {
            return Err(bad());
        }
        let host = host.to_ascii_lowercase();
        Ok(Self { variable: variable.to_owned(), host: host.strip_suffix(":443").unwrap_or(&host).to_owned() })
    }
}

/// Returns the file that keeps what this user agreed to.
pub(in crate::ops) fn agreements(context: &Context<'_>) -> PathBuf {
    context.configuration.join("allowed-tokens")
}

/// Reads what this user agreed to: a pair a line, with comments.
pub(in crate::ops) fn kept(context: &Context<'_>) -> Result<BTreeSet<Grant>> {
    let text = fs::read_up_to(&agreements(context), LONGEST)?.unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(lines.map(str::parse).collect::<std::result::Result<_, BadGrant>>()?)
}

/// Returns those of the pairs that nobody agreed to, sorted.
pub(in crate::ops) fn unconfirmed(
    context: &Context<'_>,
    pairs: impl IntoIterator<Item = Grant>,
) -> Result<BTreeSet<Grant>> {
    let mut pairs: BTreeSet<Grant> = pairs.into_iter().filter(|pair| !pair.is_free()).collect();
    if !pairs.is_empty() {
        let agreed = agreed(context)?;
        pairs.retain(|pair| !agreed.iter().any(|grant| grant.covers(pair)));
    }
    Ok(pairs)
}

/// Returns the first pair that nobody agreed to.
pub(in crate::ops) fn first_refused(
    context: &Context<'_>,
    pairs: impl IntoIterator<Item = Grant>,
) -> Result<Option<Grant>> {
    Ok(unconfirmed(context, pairs)?.pop_first())
}

fn agreed(context: &Context<'_>) -> Result<BTreeSet<Grant>> {
    let mut agreed = kept(context)?;
    let text = context.variables.text(AGREED).unwrap_or_default();
    let words = text.split(|c: char| c == ',' || c.is_whitespace()).filter(|word| !word.is_empty());
    agreed.extend(words.map(str::parse).collect::<std::result::Result<Vec<_>, BadGrant>>()?);
    Ok(agreed)
}

/// A text that is no pair.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error, miette::Diagnostic)]
#[error("`{0}` is no variable with a host")]
#[diagnostic(code(larder::registry::bad_grant), help("it is written NAME@HOST, as in ACME_TOKEN@npm.acme.example"))]
pub(in crate::ops) struct BadGrant(String);

impl Failure for BadGrant {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agreement_holds_for_its_variable_and_host() {
        let grant = |text: &str| text.parse::<Grant>().unwrap();
        let covers = |agreed: &str, url: &str| grant(agreed).covers(&Grant::new("A_TOKEN", &url.parse().unwrap()));
        assert!(covers("A_TOKEN@npm.acme.example", "https://NPM.acme.example/x/"));
        assert!(covers("A_TOKEN@h", "https://h:8443/") && covers("A_TOKEN@h:8443", "https://h:8443/"));
        assert!(covers("A_TOKEN@h:443", "https://h/") && covers("A_TOKEN@[::1]:80", "http://[::1]:80/"));
        for other in ["B_TOKEN@h", "A_TOKEN@other", "A_TOKEN@h:1", "A_TOKEN@h.evil", "A_TOKEN@xh"] {
            assert!(!covers(other, "https://h:8443/"), "{other}");
        }
        for bad in ["", "A", "A@", "@h", "A B@h", "A@h/x", "A@https://h", "1A@h", "A@h@i"] {
            assert!(bad.parse::<Grant>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_variable_that_is_named_after_its_host_is_free() {
        let is_free = |name: &str, url: &str| Grant::new(name, &url.parse().unwrap()).is_free();
        assert!(is_free("LARDER_TOKEN_ACME", "https://h/") && is_free("NPM_TOKEN", "https://registry.npmjs.org/"));
        assert!(!is_free("NPM_TOKEN", "https://h/") && !is_free("NPM_TOKEN", "https://registry.npmjs.org:8/"));
        assert!(!is_free("NODE_AUTH_TOKEN", "https://registry.npmjs.org/"));
    }
}

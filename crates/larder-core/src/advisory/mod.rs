//! Advisories about packages, as the Open Source Vulnerability format (OSV) and npm's registries write them: read, matched to
//! versions, merged.
//!
//! Pure: `registry` fetches advisories and keeps them, `policy` judges what they say of a lock.
//!
//! | file | what it owns |
//! | --- | --- |
//! | `osv` | a record of OSV → an [`Advisory`] |
//! | `npm_bulk` | what an npm registry answers of versions → [`Advisory`]s |
//! | `rating` | severities: words and CVSS vectors |
//! | `affected` | which versions of a package an advisory is about |
//! | `vulnerability` | advisories and a package → vulnerabilities, of which those with several names are one |
//!
//! Source: <https://ossf.github.io/osv-schema/>, schema 1.7.

mod affected;
mod npm_bulk;
mod osv;
mod rating;
mod vulnerability;

pub use affected::{AffectedPackage, RangeEvent};
pub use npm_bulk::{AskedVersions, BulkAnswer, parse_npm_bulk};
pub use osv::{Advisory, BadAdvisory, parse_osv};
pub use vulnerability::{Vulnerability, vulnerabilities};

#[cfg(test)]
mod tests;

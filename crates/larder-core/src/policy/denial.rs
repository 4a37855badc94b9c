//! Denied findings as an error that points at the policy's rule and at each package in the lock.

use std::collections::BTreeSet;

use miette::{Diagnostic, NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure, counted};
use crate::model::PackageKey;

use super::report::{LocatedFinding, path_text};
use super::{Finding, NamedText, RuleLine, check_named};

/// The findings that a policy denies.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum PolicyError {
    /// One rule has denied findings.
    #[error(transparent)]
    #[diagnostic(transparent)]
    One(Denial),
    /// Several rules have denied findings.
    #[error("the policy refuses what is locked")]
    #[diagnostic(code(larder::policy::refused))]
    Several(#[related] Vec<Denial>),
}

/// The findings that one rule denies.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Denial {
    message: String,
    code: &'static str,
    help: String,
    rule: Option<(NamedSource<String>, SourceSpan)>,
    packages: Vec<DeniedPackage>,
}

/// A locked package with a denied finding.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
struct DeniedPackage {
    message: String,
    #[help]
    help: Option<String>,
    #[source_code]
    lock: NamedSource<String>,
    #[label("locked here")]
    span: Option<SourceSpan>,
}

impl PolicyError {
    /// Returns the denied findings as an error. Returns `None` if no finding is denied.
    pub fn new(findings: &[LocatedFinding], lock: NamedText<'_>) -> Option<Self> {
        let denied: Vec<&LocatedFinding> = findings.iter().filter(|located| located.finding.is_denied()).collect();
        let same_rule = |a: &&LocatedFinding, b: &&LocatedFinding| {
            let kind = |one: &LocatedFinding| (one.finding.check, one.finding.code, one.finding.package.is_some());
            (kind(a), &a.finding.rule) == (kind(b), &b.finding.rule)
        };
        let mut denials: Vec<Denial> =
            denied.chunk_by(same_rule).filter_map(|of_one| Denial::new(of_one, lock)).collect();
        match denials.len() {
            0 | 1 => denials.pop().map(Self::One),
            _ => Some(Self::Several(denials)),
        }
    }
}

impl Denial {
    fn new(findings: &[&LocatedFinding], lock: NamedText<'_>) -> Option<Self> {
        let first = &findings.first()?.finding;
        let check = check_named(first.check)?;
        let verb = check.verb();
        let subjects: BTreeSet<&PackageKey> =
            findings.iter().filter_map(|located| located.finding.package.as_ref()).collect();
        let (subject, verb) = match (subjects.first(), subjects.len()) {
            (Some(one), 1) => (one.to_string(), verb.singular),
            (_, count) => (counted(count, "package"), verb.plural),
        };
        let source = |rule: &RuleLine| (NamedSource::new(&*rule.file, rule.text.to_string()), rule.span);
        // What helps with all of them is said once.
        let own_help = |finding: &Finding| finding.help.clone().filter(|help| help != check.help());
        // A single finding about the project is the whole message.
        let is_said = subjects.is_empty() && findings.len() == 1;
        let listed = findings.iter().filter(|_| !is_said);
        let packages = listed.map(|located| DeniedPackage {
            message: located.finding.message.clone(),
            help: match (path_text(&located.path), own_help(&located.finding)) {
                (Some(path), Some(help)) => Some(format!("it is there by {path}; {help}")),
                (Some(path), None) => Some(format!("it is there by {path}")),
                (None, help) => help,
            },
            lock: lock.source(),
            span: located.locked,
        });
        Some(Self {
            message: match first.rule {
                _ if is_said => first.message.clone(),
                _ if subjects.is_empty() => format!("the project is refused, for {} reasons", findings.len()),
                Some(_) => format!("the policy denies {}, and {subject} {verb}", check.object()),
                None => check.unruled_head(&subject, verb),
            },
            code: first.code,
            help: own_help(first).filter(|_| is_said).unwrap_or_else(|| check.help().to_owned()),
            rule: first.rule.as_ref().map(source),
            packages: packages.collect(),
        })
    }
}

impl Diagnostic for Denial {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(&self.help))
    }

    fn source_code(&self) -> Option<&dyn miette::SourceCode> {
        self.rule.as_ref().map(|(source, _)| source as &dyn miette::SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = miette::LabeledSpan> + '_>> {
        let label =
            |(_, span): &(_, SourceSpan)| miette::LabeledSpan::new_with_span(Some("the policy".to_owned()), *span);
        Some(Box::new(self.rule.iter().map(label)))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        Some(Box::new(self.packages.iter().map(|package| package as &dyn Diagnostic)))
    }
}

impl Failure for PolicyError {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

//! Findings that are refused, as an error: the rule and each cause, both in their files.

use std::collections::BTreeSet;

use miette::{Diagnostic, NamedSource, SourceSpan};

use crate::diagnostic::{Exit, Failure};

use super::report::{Described, path_text};
use super::{Finding, RuleLine};

/// A policy that refuses what is locked.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum PolicyError {
    /// One check found something.
    #[error(transparent)]
    #[diagnostic(transparent)]
    One(Refusal),
    /// Several did.
    #[error("the policy refuses what is locked")]
    #[diagnostic(code(larder::policy::refused))]
    Several(#[related] Vec<Refusal>),
}

/// What one rule refuses.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    message: String,
    code: &'static str,
    help: &'static str,
    rule: Option<(NamedSource<String>, SourceSpan)>,
    offences: Vec<Offence>,
}

/// A package in the lockfile that breaks a rule.
#[derive(Debug, thiserror::Error, Diagnostic)]
#[error("{message}")]
struct Offence {
    message: String,
    #[help]
    help: Option<String>,
    #[source_code]
    lock: NamedSource<String>,
    #[label("locked here")]
    span: Option<SourceSpan>,
}

/// A text with the name of its file.
#[derive(Clone, Copy, Debug)]
pub struct Document<'a> {
    /// The file's path.
    pub file: &'a str,
    /// Its text.
    pub text: &'a str,
}

impl Document<'_> {
    fn source(&self) -> NamedSource<String> {
        NamedSource::new(self.file, self.text.to_owned())
    }
}

impl PolicyError {
    /// Returns the denied ones of the findings as an error. `None` if nothing is denied.
    pub fn new(described: &[Described], lock: Document<'_>) -> Option<Self> {
        let denied: Vec<&Described> = described.iter().filter(|one| one.finding.is_denied()).collect();
        let same_rule = |a: &&Described, b: &&Described| {
            (a.finding.check, a.finding.code, &a.finding.rule) == (b.finding.check, b.finding.code, &b.finding.rule)
        };
        let mut refusals = denied.chunk_by(same_rule).filter_map(|of_one| Refusal::new(of_one, lock));
        let first = refusals.next()?;
        let mut all: Vec<Refusal> = vec![first];
        all.extend(refusals);
        match <[Refusal; 1]>::try_from(all) {
            Ok([one]) => Some(Self::One(one)),
            Err(several) => Some(Self::Several(several)),
        }
    }
}

impl Refusal {
    fn new(described: &[&Described], lock: Document<'_>) -> Option<Self> {
        let first = &described.first()?.finding;
        let check = super::check(first.check)?;
        let verb = check.verb();
        let subjects: BTreeSet<String> = described.iter().map(|one| subject(&one.finding)).collect();
        let (subject, verb) = match subjects.first() {
            Some(one) if subjects.len() == 1 => (one.clone(), verb.singular),
            _ => (format!("{} packages", subjects.len()), verb.plural),
        };
        let source = |rule: &RuleLine| (NamedSource::new(&*rule.file, rule.text.to_string()), rule.span);
        let offences = described.iter().map(|one| Offence {
            message: one.finding.message.clone(),
            help: path_text(&one.path).map(|path| format!("it is there by {path}")),
            lock: lock.source(),
            span: one.locked,
        });
        Some(Self {
            message: match first.rule {
                Some(_) => format!("the policy denies {}, and {subject} {verb}", check.object()),
                None => format!("{subject} {verb} {}", check.object()),
            },
            code: first.code,
            help: check.help(),
            rule: first.rule.as_ref().map(source),
            offences: offences.collect(),
        })
    }
}

fn subject(finding: &Finding) -> String {
    finding.package.as_ref().map_or_else(|| "the project".to_owned(), ToString::to_string)
}

impl Diagnostic for Refusal {
    fn code<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn help<'a>(&'a self) -> Option<Box<dyn std::fmt::Display + 'a>> {
        Some(Box::new(self.help))
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
        Some(Box::new(self.offences.iter().map(|offence| offence as &dyn Diagnostic)))
    }
}

impl Failure for PolicyError {
    fn exit(&self) -> Exit {
        Exit::Refused
    }
}

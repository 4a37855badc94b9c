//! What checks find in a lock, and what is told of it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::diagnostic::{Exit, Failure, counted, nearest};
use crate::lock::{Closure, Lockfile};
use crate::manifest::Environment;
use crate::model::{AdvisorySeverity, CheckName, PackageKey, Severity, UnknownAdvisorySeverity};
use crate::policy::{self, CheckStage, Finding, FindingFiles, FindingReport, LocatedFinding, NamedText};
use crate::provenance::SignatureVerdict;

use super::advisories::{self, SourceReport};
use super::facts::registry_notices::{AskedPackages, Notices};
use super::facts::registry_signatures::{self, SignatureScope};
use super::policies::{self, Subject};
use super::project::{lockfile, repository, selection};
use super::session::{LOCKFILE, MANIFEST};
use super::{
    Error, Project, Result, Session, analyze, facts::attestations, facts::license_facts, facts::publication_times, lock,
};

/// What is looked for.
#[derive(Clone, Debug, Default)]
pub struct InspectionOptions {
    /// The checks, by their names. Empty for those that are about the supply chain.
    pub checks: Vec<String>,
    /// The least severity of advisories that are reported, unless the policy denies them.
    pub level: Option<AdvisorySeverity>,
}

/// What was found.
#[derive(Debug)]
pub struct Inspected {
    /// The environments that were looked at.
    pub environments: Vec<String>,
    /// How many packages the lock has.
    pub packages: usize,
    /// The findings, in the order of the checks.
    pub findings: Vec<LocatedFinding>,
    /// Where advisories come from, and how old they are. Empty if advisories were not looked at.
    pub sources: Vec<SourceReport>,
    /// How many packages their registries signed, if that was looked at.
    pub signed: Option<SignedPackages>,
    manifest: String,
    lock: String,
    /// The project's folder relative to its repository's.
    prefix: String,
}

/// How many packages of registries that sign are signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct SignedPackages {
    /// Those with a valid signature.
    pub valid: usize,
    /// All of them.
    pub all: usize,
}

impl SignedPackages {
    fn count(verdicts: &BTreeMap<PackageKey, SignatureVerdict>) -> Self {
        let valid = verdicts.values().filter(|verdict| **verdict == SignatureVerdict::Signed).count();
        Self { valid, all: verdicts.len() }
    }
}

/// How many vulnerabilities there are of each severity. Those of unknown severity are moderate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SeverityCounts {
    /// Critical ones.
    pub critical: usize,
    /// High ones.
    pub high: usize,
    /// Moderate ones.
    pub moderate: usize,
    /// Low ones.
    pub low: usize,
}

impl Inspected {
    /// Returns the findings as `--json` prints them.
    pub fn reports(&self) -> Vec<FindingReport> {
        self.findings.iter().map(|one| one.report(self.lock_document())).collect()
    }

    /// Returns what `--sarif` prints.
    pub fn sarif(&self) -> impl Serialize {
        policy::sarif(&self.findings, self.files(), &[])
    }

    /// Returns what `--github` prints.
    pub fn github(&self) -> String {
        policy::github_annotations(&self.findings, self.files())
    }

    /// Returns the findings that are denied as an error.
    pub fn refusal(&self) -> Option<Error> {
        policies::refuse(&self.findings, &self.lock).err()
    }

    /// Returns the messages of findings that are not denied.
    pub fn warnings(&self) -> impl Iterator<Item = &str> {
        let found = self.findings.iter().map(|located| &located.finding);
        found.filter(|finding| !finding.is_denied()).map(|finding| &*finding.message)
    }

    /// Returns what people are told at the end.
    pub fn told(&self) -> Vec<String> {
        let SeverityCounts { critical, high, moderate, low } = self.counts();
        let mut lines = Vec::new();
        if !self.sources.is_empty() {
            let parts = [(critical, "critical"), (high, "high"), (moderate, "moderate"), (low, "low")];
            let parts: Vec<String> =
                parts.iter().filter(|(count, _)| *count > 0).map(|(count, name)| format!("{count} {name}")).collect();
            let packages = counted(self.packages, "package");
            let vulnerabilities = critical + high + moderate + low;
            lines.push(match vulnerabilities {
                0 if self.unknown().is_some() => format!("Not known to be safe: {packages}"),
                0 => format!("No known vulnerability in {packages}"),
                1 => format!("1 vulnerability in {packages}: {}", parts.join(", ")),
                all => format!("{all} vulnerabilities in {packages}: {}", parts.join(", ")),
            });
        }
        lines.extend(self.sources.iter().map(SourceReport::line));
        if let Some(SignedPackages { valid, all }) = self.signed {
            lines.push(format!("{valid} of {} of npm registries have a valid signature", counted(all, "package")));
        }
        lines
    }

    /// Returns why vulnerabilities are not known, if they are not.
    pub fn unknown(&self) -> Option<&str> {
        let mut found = self.findings.iter().map(|located| &located.finding);
        let is_about_no_vulnerability =
            |finding: &&Finding| finding.check == CheckName::Advisories && finding.vulnerability.is_none();
        found.find(is_about_no_vulnerability).map(|finding| &*finding.message)
    }

    /// Counts the vulnerabilities.
    pub fn counts(&self) -> SeverityCounts {
        let mut counts = SeverityCounts::default();
        for vulnerability in self.findings.iter().filter_map(|located| located.finding.vulnerability.as_deref()) {
            match vulnerability.severity() {
                AdvisorySeverity::Critical => counts.critical += 1,
                AdvisorySeverity::High => counts.high += 1,
                AdvisorySeverity::Moderate => counts.moderate += 1,
                AdvisorySeverity::Low => counts.low += 1,
            }
        }
        counts
    }

    fn lock_document(&self) -> NamedText<'_> {
        NamedText { file: LOCKFILE, text: &self.lock }
    }

    fn files(&self) -> FindingFiles<'_> {
        let manifest = NamedText { file: MANIFEST, text: &self.manifest };
        FindingFiles { lock: self.lock_document(), manifest, prefix: &self.prefix }
    }
}

/// Returns the environment that was asked for by `--env`, or all.
pub(super) fn environments<'p>(session: &Session<'_>, project: &'p Project) -> Result<Vec<&'p Environment>> {
    let context = session.context;
    Ok(if context.is_environment_flagged {
        vec![project.environment(context)?]
    } else {
        project.manifest.environments.iter().collect()
    })
}

/// Looks, and does not say what could be cured. The score of the dependencies' health is not judged: it is made of what is found.
pub(super) fn inspect(session: &Session<'_>, project: &Project, options: &InspectionOptions) -> Result<Inspected> {
    inspect_with(session, project, options, None)
}

/// Looks, and judges the score of the dependencies' health, if it is known.
pub(super) fn inspect_with(
    session: &Session<'_>,
    project: &Project,
    options: &InspectionOptions,
    health: Option<u8>,
) -> Result<Inspected> {
    let context = session.context;
    let chosen = chosen(&options.checks)?;
    let text = lockfile::text(&project.root)?.unwrap_or_default();
    let locked = lock::existing(project)?;
    let environments = environments(session, project)?;
    let asked = if options.checks.is_empty() { AskedPackages::Private } else { AskedPackages::All };
    let is_asked = chosen.iter().any(|check| matches!(check, CheckName::Yanked | CheckName::Deprecated));
    let notices = is_asked.then(|| Notices::ask(session, project, &locked, asked)).transpose()?;
    let today = notices.as_ref().map_or(&locked, |notices| &notices.lockfile);
    let mut subject = Subject::new(context, project, today).with_health(health);
    if let Some(notices) = &notices {
        subject = subject.with_yank_reasons(&notices.yank_reasons);
    }
    let (mut sources, mut signed) = (Vec::new(), None);
    if chosen.contains(&CheckName::Advisories) {
        sources = advisories::refresh(session, project, &locked)?;
        subject = subject.with_advisories(advisories::look_up_refreshed(context, project, &locked)?);
    }
    let mut findings = Vec::new();
    if chosen.contains(&CheckName::Licenses)
        && let Some(known) = license_facts::asked_for(session, project, &locked, &environments)?
    {
        subject = subject.with_licenses(known);
    }
    if chosen.contains(&CheckName::Age) {
        let packages = locked.graph.packages.iter();
        subject =
            subject.with_publication_times(publication_times::asked_for(session, project, packages, &environments)?);
    }
    if chosen.contains(&CheckName::Signatures) {
        let asked = if options.checks.is_empty() { SignatureScope::ByPolicy } else { SignatureScope::ByName };
        let packages = locked.graph.packages.iter();
        let known = registry_signatures::asked_for(session, project, packages, &environments, asked)?;
        signed = known.as_ref().map(SignedPackages::count);
        subject = subject.with_signatures(known);
    }
    if chosen.contains(&CheckName::Provenance) {
        let packages = locked.graph.packages.iter();
        subject = subject.with_provenance(attestations::asked_for(session, project, packages, &environments)?);
    }
    if chosen.contains(&CheckName::Unused) {
        subject = subject.with_unused(analyze::asked_for(session, project, &locked, &environments)?);
    }
    for (environment, found) in subject.judge_each(&environments)? {
        findings.extend(found.into_iter().map(|finding| denied_by_default(finding, environment)));
    }
    if !context.is_environment_flagged {
        findings.extend(of_no_environment(&subject, &locked, project)?);
    }
    let mut findings = policies::joined(findings);
    findings.retain(|finding| chosen.contains(&finding.check) && is_severe(finding, options.level));
    Ok(Inspected {
        environments: environments.iter().map(|environment| environment.name.to_string()).collect(),
        packages: locked.graph.packages.len(),
        findings: policies::describe(findings, &locked, &text),
        sources,
        signed,
        manifest: project.manifest.text.to_string(),
        lock: text,
        prefix: repository::prefix(&project.root)?,
    })
}

/// Returns what is found of packages that no environment has: each environment's policy has the last word on what it has.
fn of_no_environment(subject: &Subject<'_>, locked: &Lockfile, project: &Project) -> Result<Vec<Finding>> {
    let environments = project.manifest.environments.iter();
    let reached: BTreeSet<PackageKey> = environments
        .flat_map(|environment| {
            let closure = Closure::of(&locked.graph, &selection(environment, None));
            closure.packages().map(|(key, _)| key.clone()).collect::<Vec<_>>()
        })
        .collect();
    let is_ignored = |finding: &Finding| {
        let rules = project.manifest.environments.iter().map(|environment| &environment.policy.advisories);
        let mut ignored = rules.flat_map(|rules| &rules.ignored);
        finding.vulnerability.as_ref().is_some_and(|one| ignored.any(|ignored| one.is_named(&ignored.id)))
    };
    let whole = subject.whole()?.into_iter();
    let is_left = |finding: &Finding| finding.package.as_ref().is_some_and(|package| !reached.contains(package));
    Ok(whole.filter(|finding| is_left(finding) && !is_ignored(finding)).collect())
}

/// Who asks for an audit wants it to fail, unless a policy says what is to be denied.
fn denied_by_default(finding: Finding, environment: &Environment) -> Finding {
    let is_unruled = environment.policy.advisories.span.is_none() && finding.check == CheckName::Advisories;
    Finding { severity: if is_unruled { Severity::Deny } else { finding.severity }, ..finding }
}

/// Returns whether an advisory is severe enough to be reported.
fn is_severe(finding: &Finding, level: Option<AdvisorySeverity>) -> bool {
    let severity = finding.vulnerability.as_ref().map(|vulnerability| vulnerability.severity());
    let is_ruled = finding.is_denied() && finding.rule.is_some();
    is_ruled || severity.zip(level).is_none_or(|(severity, level)| severity >= level)
}

/// Returns the checks that are named, or those that are about the supply chain.
pub(super) fn chosen(names: &[String]) -> Result<Vec<CheckName>> {
    let stage = if names.is_empty() { CheckStage::Audit } else { CheckStage::OnRequest };
    let possible: Vec<CheckName> =
        policy::CHECKS.iter().filter(|check| check.stages().contains(&stage)).map(|check| check.name()).collect();
    if names.is_empty() {
        return Ok(possible);
    }
    let find = |name: &String| {
        let found = possible.iter().find(|check| check.as_str() == name).copied();
        found.ok_or_else(|| {
            let meant = nearest(name, possible.iter().map(|check| check.as_str())).map(str::to_owned);
            let known = possible.iter().map(|check| check.as_str()).collect::<Vec<_>>().join(", ");
            AuditError::Check { name: name.clone(), meant, known }.into()
        })
    };
    names.iter().map(find).collect()
}

/// An argument of `audit` that means nothing.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum AuditError {
    /// There is no such check.
    #[error("there is no check `{name}`")]
    #[diagnostic(
        code(larder::audit::unknown_check),
        help("{}", meant.as_ref().map_or_else(|| format!("there are {known}"), |meant| format!("did you mean `{meant}`?")))
    )]
    Check {
        /// The name that was given.
        name: String,
        /// The nearest that is one.
        meant: Option<String>,
        /// All that there are.
        known: String,
    },
    /// There is no such severity.
    #[error(transparent)]
    #[diagnostic(code(larder::audit::unknown_level))]
    Level(UnknownAdvisorySeverity),
}

impl Failure for AuditError {
    fn exit(&self) -> Exit {
        Exit::Manifest
    }
}

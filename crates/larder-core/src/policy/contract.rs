//! The contract of a check.

use crate::lock::Anchor;
use miette::SourceSpan;

use crate::manifest::Policy;
use crate::model::{CheckName, PackageKey, Severity};

use super::{CheckInput, Finding};

/// When a check runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CheckStage {
    /// A command uses the lock as it is.
    ExistingLock,
    /// The lock was solved again.
    AfterSolve,
    /// An environment is about to be built from the lock.
    BeforeBuild,
    /// The files of the environment's packages are there, and nothing is built yet: for checks of what only files tell.
    Gathered,
    /// `larder check` was run, or `larder audit` with the names of checks.
    OnRequest,
    /// `larder audit` was run, without the names of checks.
    Audit,
}

impl CheckStage {
    /// All stages at which the lock itself is judged, for checks of what concerns security.
    pub const ALL: [Self; 5] = [Self::ExistingLock, Self::AfterSolve, Self::BeforeBuild, Self::OnRequest, Self::Audit];
}

/// A check over a lock.
///
/// A check is pure: its findings depend only on its input, so they are the same on every machine.
pub trait Check: Sync {
    /// Returns the name by which a manifest's `policy` sets the severity.
    fn name(&self) -> CheckName;

    /// Returns the code of its findings. Codes are stable: scripts and CI annotations rely on them.
    fn code(&self) -> &'static str;

    /// Returns the severity if no policy sets one.
    fn default_severity(&self) -> Severity {
        Severity::Warn
    }

    /// Returns the stages at which the check runs.
    fn stages(&self) -> &'static [CheckStage];

    /// Returns a phrase for its findings that completes "the policy denies …".
    fn object(&self) -> &'static str;

    /// Returns the predicate of a sentence about a package with a finding: "declares one".
    fn verb(&self) -> Verb;

    /// Returns the head of the error of denied findings that no line of a policy denies; `subject` is a package or a number of them.
    fn unruled_head(&self, subject: &str, _verb: &str) -> String {
        format!("{}: {subject}", self.object())
    }

    /// Returns advice on how to resolve a finding.
    fn help(&self) -> &'static str;

    /// Returns the findings, sorted by package and without repetitions. The caller sets their severity and rule.
    fn run(&self, input: &CheckInput<'_>) -> Vec<Finding>;

    /// Returns what a policy says of one finding, if it can say more of the check's findings than one severity for all. `None`: the
    /// rule of the check holds.
    fn judge(&self, _finding: &Finding, _policy: &Policy, _input: &CheckInput<'_>) -> Option<Judgement> {
        None
    }

    /// Creates a finding about a package.
    fn package_finding(&self, package: &PackageKey, message: String) -> Finding {
        let locked = Some(Anchor::package(package.clone()));
        Finding { package: Some(package.clone()), locked, ..self.project_finding(message) }
    }

    /// Creates a finding about the project.
    fn project_finding(&self, message: String) -> Finding {
        Finding {
            check: self.name(),
            code: self.code(),
            severity: self.default_severity(),
            package: None,
            message,
            rule: None,
            locked: None,
            vulnerability: None,
            cured_by_update: None,
            help: Some(self.help().to_owned()),
        }
    }
}

/// What a policy says of one finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judgement {
    /// The severity.
    pub severity: Severity,
    /// The line that sets it. `None` if the severity is the default.
    pub rule: Option<SourceSpan>,
    /// What is to be told beside the finding.
    pub note: Option<String>,
}

/// A predicate in the singular and in the plural.
#[derive(Clone, Copy, Debug)]
pub struct Verb {
    pub(super) singular: &'static str,
    pub(super) plural: &'static str,
}

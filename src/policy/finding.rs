//! What a check finds: data, which renderers make readable.

use std::sync::Arc;

use miette::SourceSpan;

use crate::lock::Anchor;
use crate::manifest::{Manifest, PolicyRule};
use crate::model::{CheckName, PackageKey, Severity};

use super::Check;

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check.
    pub check: CheckName,
    /// The stable code: `larder::policy::scripts`.
    pub code: &'static str,
    /// What becomes of it.
    pub severity: Severity,
    /// The package that it is about. `None` if it is about the project.
    pub package: Option<PackageKey>,
    /// A lowercase sentence that names the package.
    pub message: String,
    /// The line of the manifest that sets the severity. `None` if it is the default.
    pub rule: Option<RuleLine>,
    /// The part of the lock that it is about.
    pub locked: Option<Anchor>,
    /// What somebody can do about it.
    pub help: Option<String>,
}

/// A line of a `policy` block, with the manifest that it stands in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleLine {
    /// The manifest's path.
    pub file: Arc<str>,
    /// The manifest's text.
    pub text: Arc<str>,
    /// The line.
    pub span: SourceSpan,
}

impl Finding {
    /// Returns a finding of a check about a package.
    pub(super) fn of(check: &dyn Check, package: &PackageKey, message: String) -> Self {
        let locked = Some(Anchor::package(package.clone()));
        Self { package: Some(package.clone()), locked, ..Self::of_project(check, message) }
    }

    /// Returns a finding of a check about the project.
    pub(super) fn of_project(check: &dyn Check, message: String) -> Self {
        Self {
            check: check.name(),
            code: check.code(),
            severity: check.default_severity(),
            package: None,
            message,
            rule: None,
            locked: None,
            help: Some(check.help().to_owned()),
        }
    }

    /// Tells whether it ends a command with exit code 1.
    pub fn is_denied(&self) -> bool {
        self.severity == Severity::Deny
    }
}

impl RuleLine {
    pub(super) fn new(manifest: &Manifest, rule: PolicyRule) -> Self {
        Self { file: Arc::clone(&manifest.file), text: Arc::clone(&manifest.text), span: rule.span }
    }
}

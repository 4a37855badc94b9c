//! Findings, as data: renderers make them readable.

use std::sync::Arc;

use miette::SourceSpan;

use crate::advisory::Vulnerability;
use crate::lock::Anchor;
use crate::manifest::Manifest;
use crate::model::{CheckName, PackageKey, Severity};

/// Something that a check found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The check that produced it.
    pub check: CheckName,
    /// The stable code: `larder::policy::scripts`.
    pub code: &'static str,
    /// The severity.
    pub severity: Severity,
    /// The package concerned. `None` if the finding is about the project.
    pub package: Option<PackageKey>,
    /// A sentence in lower case that names the package.
    pub message: String,
    /// The manifest line that sets the severity. `None` if the severity is the default.
    pub rule: Option<RuleLine>,
    /// The part of the lock concerned.
    pub locked: Option<Anchor>,
    /// The vulnerability, if the finding is about one.
    pub vulnerability: Option<Box<Vulnerability>>,
    /// Whether a version within the manifest's ranges is without the vulnerability. `None` if nobody looked.
    pub cured_by_update: Option<bool>,
    /// Advice on how to resolve the finding.
    pub help: Option<String>,
}

/// A line of a `policy` block, with its manifest.
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
    /// Returns whether the finding makes a command fail with exit code 1.
    pub fn is_denied(&self) -> bool {
        self.severity == Severity::Deny
    }
}

impl RuleLine {
    pub(super) fn new(manifest: &Manifest, span: SourceSpan) -> Self {
        Self { file: Arc::clone(&manifest.file), text: Arc::clone(&manifest.text), span }
    }
}

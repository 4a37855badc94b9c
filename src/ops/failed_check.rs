//! A check that failed, with all that it found besides.

use std::error::Error as StdError;
use std::fmt;

use miette::{Diagnostic, LabeledSpan, Severity, SourceCode};

use crate::diagnostic::{Exit, Failure};
use crate::policy::LocatedFinding;

use super::Error;
use super::asset_findings::AssetDiagnostic;

/// A check that failed, with all that it found besides: errors, warnings and notes.
#[derive(Debug)]
pub(super) struct FailedCheck {
    /// Why it failed.
    cause: Error,
    others: Vec<Other>,
}

/// Something else that was found.
#[derive(Debug)]
pub(super) enum Other {
    /// Another reason to fail.
    Error(Error),
    /// In an asset.
    Asset(AssetDiagnostic),
    /// In what is locked.
    Warning(Warning),
}

/// A finding of a policy that does not refuse.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(super) struct Warning {
    message: String,
    code: &'static str,
    help: Option<String>,
}

impl FailedCheck {
    /// Joins why a check failed and what it found besides.
    pub(super) fn join(cause: Error, others: Vec<Other>) -> Error {
        if others.is_empty() { cause } else { Self { cause, others }.into() }
    }
}

impl Other {
    /// Makes one of a policy's finding.
    pub(super) fn warning(located: &LocatedFinding) -> Self {
        let finding = &located.finding;
        Self::Warning(Warning { message: finding.message.clone(), code: finding.code, help: finding.help.clone() })
    }

    fn diagnostic(&self) -> &dyn Diagnostic {
        match self {
            Self::Error(error) => error.failure(),
            Self::Asset(found) => found,
            Self::Warning(found) => found,
        }
    }
}

impl fmt::Display for FailedCheck {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self.cause.failure(), f)
    }
}

impl StdError for FailedCheck {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.failure().source()
    }
}

impl Diagnostic for FailedCheck {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.cause.failure().code()
    }

    fn severity(&self) -> Option<Severity> {
        self.cause.failure().severity()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let help = self.cause.failure().help();
        help.or_else(|| Some(Box::new("all that was found is told at once")))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.cause.failure().source_code()
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.cause.failure().labels()
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn Diagnostic> + 'a>> {
        let of_cause = self.cause.failure().related().into_iter().flatten();
        Some(Box::new(of_cause.chain(self.others.iter().map(Other::diagnostic))))
    }
}

impl Failure for FailedCheck {
    fn exit(&self) -> Exit {
        self.cause.failure().exit()
    }
}

impl Diagnostic for Warning {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(self.code))
    }

    fn severity(&self) -> Option<Severity> {
        Some(Severity::Warning)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }
}

//! The contract of a check.

use crate::model::{CheckName, Severity};

use super::{Finding, Subject};

/// When findings are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// A command goes on with the lock that is there.
    Standing,
    /// The lock was solved anew.
    Solved,
    /// An environment is about to be built from the lock.
    Building,
    /// Somebody asks.
    Asked,
}

/// Something that can be wrong with a lock.
///
/// A check is pure: it sees the subject and nothing else, so it says the same on every machine.
pub trait Check: Sync {
    /// Returns the name, by which a manifest's `policy` sets the severity.
    fn name(&self) -> CheckName;

    /// Returns the code of what it finds. Codes are stable: scripts and CI annotations rely on them.
    fn code(&self) -> &'static str;

    /// Returns the severity where no policy says otherwise.
    fn default_severity(&self) -> Severity {
        Severity::Warn
    }

    /// Returns the occasions on which the check is made.
    fn occasions(&self) -> &'static [Occasion];

    /// Returns what is found, as the object of a sentence: "the policy denies …".
    fn object(&self) -> &'static str;

    /// Returns the verb of a sentence about one package that the check finds: "declares one". It reads in the plural too:
    /// "declare one".
    fn verb(&self) -> Verb;

    /// Returns what somebody can do about it.
    fn help(&self) -> &'static str;

    /// Returns what is wrong, sorted by package, each once. Severity and rule are filled in by the caller.
    fn judge(&self, subject: &Subject<'_>) -> Vec<Finding>;
}

/// A verb in the singular and in the plural.
#[derive(Clone, Copy, Debug)]
pub struct Verb {
    pub(super) singular: &'static str,
    pub(super) plural: &'static str,
}

//! Exit codes, which scripts rely on.

/// The exit code of a run. The numbers are part of the command line's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Refused by a policy or a check; a stale lock under `--locked`; `verify` found a difference.
    Refused = 1,
    /// Usage, or a manifest error.
    Manifest = 2,
    /// The manifest cannot be satisfied.
    NoSolution = 3,
    /// A file does not have its digest.
    Integrity = 4,
    /// A registry did not answer or refused; or larder is offline and the answer is not cached.
    Network = 5,
    /// An I/O error: disk full, permission denied.
    Machine = 6,
    /// The program of `larder run` cannot be started. Shells use the same number.
    NotExecutable = 126,
    /// The program of `larder run` does not exist. Shells use the same number.
    NotFound = 127,
}

impl Exit {
    /// Returns the status for the operating system.
    pub fn status(self) -> u8 {
        self as u8
    }
}

/// An error that can end a run.
pub trait Failure: miette::Diagnostic + Send + Sync + 'static {
    /// Returns the exit code that the run ends with.
    fn exit(&self) -> Exit;

    /// Returns the package, by the word of its ecosystem and its name, that was asked for when this went wrong: lines that ask for it
    /// are underlined. Returns `None` if it is about no one package, or underlines something itself.
    fn asked_for(&self) -> Option<(&str, &str)> {
        None
    }
}

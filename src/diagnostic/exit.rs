//! Exit codes: what a script may rely on.

/// Why a run of larder ended as it did. The numbers are part of the command line's contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Refused by a policy or a check; a stale lock under `--locked`; `verify` found a difference.
    Refused = 1,
    /// Usage, or a manifest error.
    Manifest = 2,
    /// The manifest cannot be satisfied.
    NoSolution = 3,
    /// Bytes do not have the digest that was promised.
    Integrity = 4,
    /// A registry did not answer, or refused; or offline and not cached.
    Network = 5,
    /// The machine: disk full, permission, I/O.
    Machine = 6,
    /// The program that was to run cannot be started; the number is the one that shells use.
    NotExecutable = 126,
    /// There is no such program; the number is the one that shells use.
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
}

//! What a use case tells while it works. The command line turns it into a progress bar, or into nothing.

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Versions are being chosen; so many packages are known.
    Resolving(usize),
    /// So many of so many artifacts are in the store.
    Fetching {
        /// Artifacts that are there.
        done: usize,
        /// Artifacts that were missing.
        total: usize,
        /// Bytes that came.
        bytes: u64,
    },
    /// A package's back end is being asked how it is built.
    Inspecting(String),
    /// A package is being built.
    BuildingPackage(String),
    /// Python's byte-code is being made for so many packages.
    Compiling(usize),
    /// The project's tests are run with newer versions of these packages.
    Testing(String),
    /// A generation is being built from so many packages.
    Building(usize),
    /// Another larder holds something.
    Waiting {
        /// The other process, where it is known.
        process: Option<u32>,
        /// What it does, as in "that works on this project".
        does: String,
    },
    /// What the command turned out to be about, for the log of operations: `money@1.2.0`.
    Concerns(String),
    /// Nothing of what was asked for had to be done, for the log of operations.
    Unchanged,
    /// A line that a hook wrote.
    HookLine(String),
    /// Something a user should know: a lowercase sentence.
    Warning(String),
}

/// Hears events, from any thread.
pub type Reporter<'a> = dyn Fn(Event) + Sync + 'a;

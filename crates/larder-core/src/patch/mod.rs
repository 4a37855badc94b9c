//! Patches of packages: unified diffs in git's form, parsed into changes of files that cannot leave the package, applied to its
//! files, and made from two states of them.
//!
//! Values only: nothing here touches the disk. A patch comes with a checkout, so it is hostile until it is parsed: paths that
//! are absolute or have `..`, links, submodules and binary changes are refused, and so is a patch whose lines are not found.

mod apply;
mod create;
mod parse;

pub use apply::{Change, PatchedFile};
pub use create::{FileState, create};
pub use parse::PackagePatch;

/// No patch has more bytes.
pub const MAX_PATCH_SIZE: u64 = 4 << 20;

/// No file that is patched has more bytes.
pub const MAX_FILE_SIZE: u64 = 32 << 20;

/// Why a patch cannot be read, applied or made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatchError {
    /// It is not a unified diff.
    #[error("it is no diff in git's form: {0}")]
    Syntax(String),
    /// It changes nothing.
    #[error("it changes no file")]
    Empty,
    /// A path leads out of the package, or could.
    #[error("`{path}` {reason}")]
    Path {
        /// The path as written.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It makes a symbolic link or a submodule.
    #[error("it makes `{path}` a link, which packages do not have")]
    Link {
        /// The path.
        path: String,
    },
    /// It changes a file that is no text.
    #[error("it changes `{path}`, which is no text")]
    Binary {
        /// The path.
        path: String,
    },
    /// It changes a file twice.
    #[error("it changes `{path}` twice")]
    Twice {
        /// The path.
        path: String,
    },
    /// A file that it changes is not there.
    #[error("the package has no file `{path}`")]
    Missing {
        /// The path.
        path: String,
    },
    /// A file that it makes is there.
    #[error("the package has a file `{path}` already")]
    Occupied {
        /// The path.
        path: String,
    },
    /// The lines that it changes are not there.
    #[error("its changes of `{path}` do not fit: {reason}")]
    Mismatch {
        /// The path.
        path: String,
        /// What the diff library said.
        reason: String,
    },
    /// A file is too large.
    #[error("`{path}` is too large to be patched")]
    TooLarge {
        /// The path.
        path: String,
    },
}

#[cfg(test)]
mod tests;
